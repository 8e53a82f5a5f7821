//! A machine is set back to an older image of its own disk, as by a backup that is restored (I36).

use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::heal::heal;
use crate::power::{crash, start};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const SECOND: u64 = 1_000_000;
/// The simulated time from the calm to the image: all machines have met again.
const CALM: u64 = 6 * SECOND;
/// The time from the image to the start on it: peers hear of what the image lacks.
const LACKING: u64 = 3 * SECOND;
/// The time that the machine has to find out.
const VERDICT: u64 = 4 * SECOND;

/// Sets a machine back while all else is well. Returns the microseconds until it is on its newest disk again.
pub(crate) fn rewind(cluster: &Arc<Cluster>, machine: usize) -> u64 {
    heal(cluster);
    let again = Arc::clone(cluster);
    cluster.clockwork.at(cluster.clockwork.now() + CALM, move || take_image(&again, machine));
    CALM + LACKING + VERDICT
}

fn take_image(cluster: &Arc<Cluster>, machine: usize) {
    let (again, image) = (Arc::clone(cluster), cluster.machines[machine].disk_image());
    cluster.clockwork.at(cluster.clockwork.now() + LACKING, move || {
        let newest = exchange(&again, machine, image, true);
        start(&again, machine);
        let last = Arc::clone(&again);
        again.clockwork.at(again.clockwork.now() + VERDICT, move || judge(&last, machine, newest));
    });
}

/// The machine's process has ended, and the newest disk is put back; otherwise the machine goes on as it is.
fn judge(cluster: &Arc<Cluster>, machine: usize, newest: Disk) {
    if cluster.machines[machine].refusal.lock().is_none() {
        cluster.machines[machine].has_wrong_disk.store(false, Ordering::Relaxed);
        return cluster.record_violation("I36", format!("machine {machine} went on from an older image of its disk"));
    }
    exchange(cluster, machine, newest, false);
    start(cluster, machine);
}

/// Cuts a machine's power and puts another disk in; gives the one that was in it. `is_wrong` if a process on it should end.
pub(crate) fn exchange(cluster: &Arc<Cluster>, machine: usize, disk: Disk, is_wrong: bool) -> Disk {
    crash(cluster, machine);
    cluster.watch.lock().forget_clock(machine);
    cluster.machines[machine].has_wrong_disk.store(is_wrong, Ordering::Relaxed);
    cluster.machines[machine].refusal.lock().take();
    cluster.machines[machine].put_disk(disk)
}
