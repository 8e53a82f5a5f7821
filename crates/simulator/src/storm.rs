//! The storm: the faults of a plan are carried out on the machines and links that they name. One that finds nothing to do does nothing.

use crate::cluster::Cluster;
use crate::disk_mishap::{MISHAP_TIME, befall};
use crate::machine::ROOM;
use crate::network::LinkFault;
use crate::plan::{ClockFault, Fault};
use crate::power::{crash, revive, set_clock_right, shut_down};
use crate::wall_clock::{WallClock, true_time};
use henge_base::Random;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The numbers of faults so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultCounts {
    pub(crate) crashes: u32,
    pub(crate) partitions: u32,
    /// The simulated time at which all machines are on disks again that they may go on with.
    pub(crate) busy_until: u64,
}

/// Begins a fault of machines, links or disks. Those that concern clients and members are the run's.
pub(crate) fn begin_fault(cluster: &Arc<Cluster>, fault: &Fault, random: &mut Random, counts: &mut FaultCounts) {
    match fault {
        Fault::PowerCut { machine, off } => cut_power(cluster, *machine, *off, counts),
        Fault::ShutDown { machine, off } => shut_down(cluster, *machine, *off),
        Fault::Pause { machine, time } => pause(cluster, *machine, *time),
        Fault::FillDisk { machine, time } => fill_disk(cluster, *machine, *time),
        Fault::SlowDisk { machine, by, time } => slow_disk(cluster, *machine, *by, *time),
        Fault::FailSyncs { machine } => fail_syncs(cluster, *machine, counts),
        Fault::Clock { machine, fault, time } => set_clock_wrong(cluster, *machine, *fault, *time),
        Fault::Links { fault, time } => {
            counts.partitions += u32::from(matches!(fault, LinkFault::Cut(_)));
            let now = cluster.clockwork.now();
            cluster.network.lock().begin(now, now + time, fault.clone());
        }
        Fault::Disk(mishap) => {
            befall(cluster, *mishap, random);
            counts.busy_until = cluster.clockwork.now() + MISHAP_TIME;
        }
        Fault::PowerCutAfterWrite(_) | Fault::ChangeReaders(_) | Fault::MoveMembers { .. } => {}
    }
}

fn is_on(cluster: &Cluster, machine: usize) -> bool {
    cluster.machines[machine].life().is_some()
}

/// Does something later.
fn later(cluster: &Arc<Cluster>, time: u64, act: impl FnOnce(&Arc<Cluster>) + Send + 'static) {
    let again = Arc::clone(cluster);
    cluster.clockwork.at(cluster.clockwork.now() + time, move || act(&again));
}

/// Cuts a machine's power, and starts it again after a while.
fn cut_power(cluster: &Arc<Cluster>, machine: usize, off: u64, counts: &mut FaultCounts) {
    if is_on(cluster, machine) {
        counts.crashes += 1;
        crash(cluster, machine);
        later(cluster, off, move |cluster| revive(cluster, machine));
    }
}

/// Has a process stand still. It goes on as if nothing had been.
fn pause(cluster: &Arc<Cluster>, machine: usize, time: u64) {
    if is_on(cluster, machine) && !cluster.clockwork.is_paused(machine) {
        cluster.clockwork.pause(machine);
        later(cluster, time, move |cluster| cluster.clockwork.resume(machine));
    }
}

/// Fills a disk for a while. What a full machine's own copy misses is owed like any other's.
fn fill_disk(cluster: &Arc<Cluster>, machine: usize, time: u64) {
    if cluster.machines[machine].free_bytes.swap(0, Ordering::Relaxed) > 0 {
        later(cluster, time, move |cluster| cluster.machines[machine].free_bytes.store(ROOM, Ordering::Relaxed));
    }
}

/// Slows each job of a disk down for a while.
fn slow_disk(cluster: &Arc<Cluster>, machine: usize, by: u64, time: u64) {
    if cluster.machines[machine].stall_us.swap(by, Ordering::Relaxed) == 0 {
        later(cluster, time, move |cluster| cluster.machines[machine].stall_us.store(0, Ordering::Relaxed));
    }
}

/// Has a disk fail every sync until its machine starts again.
fn fail_syncs(cluster: &Cluster, machine: usize, counts: &mut FaultCounts) {
    if is_on(cluster, machine) {
        counts.crashes += 1;
        cluster.machines[machine].fail_syncs(true);
    }
}

/// Sets all clocks right and one of them wrong for a while, beyond the bound. One at a time: only where most are right can anybody tell.
fn set_clock_wrong(cluster: &Arc<Cluster>, machine: usize, fault: ClockFault, time: u64) {
    (0..cluster.machines.len()).for_each(|machine| set_clock_right(cluster, machine));
    let now = cluster.clockwork.now();
    let wrong = {
        let mut clock = cluster.machines[machine].clock.lock();
        let ahead_us = clock.read(now) - true_time(now);
        *clock = match fault {
            ClockFault::Jump(by) => WallClock { ahead_us: ahead_us + by, gain_us: 0, set_at: now },
            ClockFault::Drift(gain_us) => WallClock { ahead_us, gain_us, set_at: now },
        };
        *clock
    };
    later(cluster, time, move |cluster| {
        // It may have been set since.
        let is_still_wrong = *cluster.machines[machine].clock.lock() == wrong;
        if is_still_wrong {
            set_clock_right(cluster, machine);
        }
    });
}
