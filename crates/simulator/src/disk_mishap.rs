//! Mishaps of the disks of machines (I36): one is set back to an older image, as by a backup that is restored; a copy of one is started
//! on another machine beside the original; one is lost; two change places. All but the last are found out, and the newest disks are put
//! back.

use crate::clockwork::Owner;
use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::heal::heal;
use crate::power::{crash, start};
use henge_base::Random;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const SECOND: u64 = 1_000_000;
/// The simulated time from the calm to the image: all machines have met again.
const CALM: u64 = 6 * SECOND;
/// The time from the image to the start on it: peers hear of what the image lacks.
const LACKING: u64 = 3 * SECOND;
/// The time that the machine has to find out.
const VERDICT: u64 = 4 * SECOND;
/// The time from the beginning of a mishap until all machines are on disks that they may go on with.
pub(crate) const MISHAP_TIME: u64 = CALM + LACKING + VERDICT;

/// A mishap of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The machine starts on an older image of its disk.
    SetBack(usize),
    /// A copy of the first machine's disk is started on the second one.
    Cloned(usize, usize),
    /// The machine starts on an empty disk.
    Wiped(usize),
    /// Two machines start on each other's disks, and go on so.
    Swapped(usize, usize),
}

/// Has a mishap happen while all else is well, for as long as [`MISHAP_TIME`].
pub(crate) fn befall(cluster: &Arc<Cluster>, mishap: Mishap, random: &mut Random) {
    heal(cluster);
    let (again, mut random) = (Arc::clone(cluster), random.fork("mishap"));
    cluster.clockwork.at(cluster.clockwork.now() + CALM, move || match mishap {
        Mishap::SetBack(machine) => {
            let image = again.machines[machine].disk_image();
            later(&again, LACKING, move |cluster| try_wrong_disk(cluster, machine, image, mishap));
        }
        Mishap::Cloned(original, machine) => later(&again, LACKING, move |cluster| {
            let copy = cluster.machines[original].disk_image();
            try_wrong_disk(cluster, machine, copy, mishap);
        }),
        Mishap::Wiped(machine) => {
            let empty = Disk::empty(&mut random);
            later(&again, LACKING, move |cluster| try_wrong_disk(cluster, machine, empty, mishap));
        }
        Mishap::Swapped(one, other) => later(&again, LACKING, move |cluster| swap(cluster, one, other)),
    });
}

fn later(cluster: &Arc<Cluster>, delay: u64, act: impl FnOnce(&Arc<Cluster>) + Send + 'static) {
    let again = Arc::clone(cluster);
    cluster.clockwork.at(cluster.clockwork.now() + delay, move || act(&again));
}

/// Starts a machine on a disk on which it must not go on, and looks later whether it did.
fn try_wrong_disk(cluster: &Arc<Cluster>, machine: usize, disk: Disk, mishap: Mishap) {
    let original = match mishap {
        Mishap::Cloned(original, _) => cluster.machines[original].life().map(|life| life.owner),
        _ => None,
    };
    let newest = exchange(cluster, machine, disk, true);
    let (seeds, bootstrap) = seeds_of(cluster, machine);
    {
        // A machine without a disk is installed anew, to join those that there are.
        let others = cluster.machines.iter().map(|other| other.address);
        let others = others.filter(|address| *address != cluster.machines[machine].address).collect();
        let mut options = cluster.machines[machine].options.lock();
        (options.seeds, options.bootstrap) = (others, false);
    }
    start(cluster, machine);
    later(cluster, VERDICT, move |cluster| {
        {
            let mut options = cluster.machines[machine].options.lock();
            (options.seeds, options.bootstrap) = (seeds, bootstrap);
        }
        judge(cluster, machine, newest, mishap);
        check_original(cluster, original, mishap);
    });
}

fn seeds_of(cluster: &Cluster, machine: usize) -> (Vec<std::net::SocketAddr>, bool) {
    let options = cluster.machines[machine].options.lock();
    (options.seeds.clone(), options.bootstrap)
}

/// The machine's process has ended, and the newest disk is put back; otherwise the machine goes on as it is.
fn judge(cluster: &Arc<Cluster>, machine: usize, newest: Disk, mishap: Mishap) {
    if cluster.machines[machine].refusal.lock().is_none() {
        cluster.machines[machine].has_wrong_disk.store(false, Ordering::Relaxed);
        return cluster.record_violation("I36", format!("machine {machine} went on: {mishap:?}"));
    }
    exchange(cluster, machine, newest, false);
    start(cluster, machine);
}

/// The original of a clone has gone on all the while.
fn check_original(cluster: &Cluster, original: Option<Owner>, mishap: Mishap) {
    if let Some(original) = original
        && !cluster.is_alive(original)
    {
        cluster.record_violation("I36", format!("the original was displaced: {mishap:?}"));
    }
}

/// Two machines end and start on each other's disks. Both must go on, which [`crate::power::refuse`] and [`crate::admission`] see to.
fn swap(cluster: &Arc<Cluster>, one: usize, other: usize) {
    crash(cluster, one);
    crash(cluster, other);
    let ones = exchange(cluster, one, cluster.machines[other].disk_image(), false);
    exchange(cluster, other, ones, false);
    start(cluster, one);
    start(cluster, other);
}

/// Cuts a machine's power and puts another disk in; gives the one that was in it. `is_wrong` if a process on it should end.
pub(crate) fn exchange(cluster: &Arc<Cluster>, machine: usize, disk: Disk, is_wrong: bool) -> Disk {
    crash(cluster, machine);
    cluster.watch.lock().forget_clock(machine);
    cluster.machines[machine].refusal.lock().take();
    cluster.machines[machine].put_disk(disk, is_wrong)
}
