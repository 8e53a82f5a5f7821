//! The storm: machines crash and return, links break, clocks jump, all drawn from the seed.

use crate::cluster::Cluster;
use crate::disk_mishap::{Mishap, befall};
use crate::machine::ROOM;
use crate::network::NetworkState;
use crate::power::{crash, revive, set_clock_right, shut_down};
use henge_base::Random;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The faults of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StormKind {
    /// Links only. Every hint survives on its node, so hints alone must bring replicas up to date.
    Links,
    /// Machines crash too. Their unsynced writes are lost, and reads have to repair.
    Crashes,
}

/// The numbers of faults so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultCounts {
    pub(crate) crashes: u32,
    pub(crate) partitions: u32,
    /// Mishaps of disks.
    pub(crate) mishaps: u32,
    /// The simulated time at which all machines are on disks again that they may go on with.
    pub(crate) busy_until: u64,
}

/// Causes a random fault. Returns the microseconds until the next one is due.
pub(crate) fn inject_fault(
    cluster: &Arc<Cluster>,
    storm: StormKind,
    random: &mut Random,
    counts: &mut FaultCounts,
) -> u64 {
    let machines = cluster.machines.len();
    let any = |random: &mut Random| random.below(machines as u64) as usize;
    match random.below(14) {
        10 => fill_or_empty_disk(cluster, any(random)),
        11 if storm == StormKind::Crashes => {
            counts.crashes += 1;
            cluster.machines[any(random)].fail_syncs(true);
        }
        12 => {
            let machine = any(random);
            pause(cluster, machine, random.between(50_000, 8_000_000));
        }
        // It takes most of a storm, so it happens to one machine in some of them.
        13 if storm == StormKind::Crashes && counts.mishaps == 0 && random.chance(1, 3) => {
            return befall_disk(cluster, random, counts);
        }
        0..3 => {
            counts.partitions += 1;
            partition(cluster, random);
        }
        3 => set(cluster, NetworkState { loss: random.between(10, 200), ..NetworkState::healthy() }),
        4 => set(cluster, NetworkState { delay: (500, random.between(10_000, 700_000)), ..NetworkState::healthy() }),
        5 => set(cluster, NetworkState::healthy()),
        6 => set_one_clock_wrong(cluster, random),
        // All machines lose power at once: what is on no disk is lost everywhere.
        7 if storm == StormKind::Crashes => {
            (0..machines).for_each(|machine| power_cut(cluster, machine, random, counts))
        }
        _ if storm == StormKind::Crashes => {
            let machine = any(random);
            if random.chance(1, 4) {
                shut_down(cluster, machine, random.between(50_000, 5_000_000));
            } else {
                power_cut(cluster, machine, random, counts);
            }
        }
        _ => {}
    }
    random.between(100_000, 2_500_000)
}

/// Has something happen to the disk of a machine. Returns the microseconds until that is over.
pub(crate) fn befall_disk(cluster: &Arc<Cluster>, random: &mut Random, counts: &mut FaultCounts) -> u64 {
    counts.mishaps += 1;
    let machine = random.below(cluster.machines.len() as u64) as usize;
    let mishap = Mishap::draw(cluster, machine, random);
    let time = befall(cluster, mishap, random);
    counts.busy_until = cluster.clockwork.now() + time;
    time
}

/// Fills a disk, or gives it space again if it is full. What a full machine's own copy misses is owed like any other's.
fn fill_or_empty_disk(cluster: &Cluster, machine: usize) {
    let machine = &cluster.machines[machine];
    let was_full = machine.free_bytes.load(Ordering::Relaxed) == 0;
    machine.free_bytes.store(if was_full { ROOM } else { 0 }, Ordering::Relaxed);
}

/// Has a process stand still for so many microseconds. It goes on as if nothing had been.
fn pause(cluster: &Arc<Cluster>, machine: usize, time: u64) {
    cluster.clockwork.pause(machine);
    let again = Arc::clone(cluster);
    cluster.clockwork.at(cluster.clockwork.now() + time, move || again.clockwork.resume(machine));
}

/// Cuts a random group of machines off from the others.
fn partition(cluster: &Cluster, random: &mut Random) {
    let machines = cluster.machines.len();
    let group: BTreeSet<usize> = (0..machines).filter(|_| random.chance(1, 3)).collect();
    let mut network = NetworkState::healthy();
    network.isolate(&group, machines, random.chance(2, 3));
    set(cluster, network);
}

/// Sets all clocks right, and most often one of them wrong, beyond the bound. One at a time: only where most are right can anybody tell.
fn set_one_clock_wrong(cluster: &Cluster, random: &mut Random) {
    let machines = cluster.machines.len();
    (0..machines).for_each(|machine| set_clock_right(cluster, machine));
    let machine = &cluster.machines[random.below(machines as u64) as usize];
    if random.chance(2, 3) {
        let mut clock = machine.clock.lock();
        *clock = clock.beyond_the_bound(random, cluster.clockwork.now());
    }
}

/// Crashes a machine and restarts it within five seconds.
fn power_cut(cluster: &Arc<Cluster>, machine: usize, random: &mut Random, counts: &mut FaultCounts) {
    counts.crashes += 1;
    crash(cluster, machine);
    let back = cluster.clockwork.now() + random.between(50_000, 5_000_000);
    let again = Arc::clone(cluster);
    cluster.clockwork.at(back, move || revive(&again, machine));
}

fn set(cluster: &Cluster, network: NetworkState) {
    *cluster.network.lock() = network;
}
