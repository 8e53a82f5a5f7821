//! The end of all faults.

use crate::cluster::Cluster;
use crate::machine::ROOM;
use crate::network::NetworkState;
use crate::power::{revive, set_clock_right};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Makes everything well: every machine runs and none stands still, every link carries messages, every disk works at its pace and has
/// space, every clock is right.
pub(crate) fn heal(cluster: &Arc<Cluster>) {
    *cluster.network.lock() = NetworkState::healthy();
    (0..cluster.machines.len()).for_each(|machine| cluster.clockwork.resume(machine));
    (0..cluster.machines.len()).for_each(|machine| set_clock_right(cluster, machine));
    for machine in &cluster.machines {
        machine.fail_syncs(false);
        machine.free_bytes.store(ROOM, Ordering::Relaxed);
        machine.stall_us.store(0, Ordering::Relaxed);
    }
    (0..cluster.machines.len()).for_each(|machine| revive(cluster, machine));
}
