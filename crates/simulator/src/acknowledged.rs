//! I30, checked at the moment of the acknowledgement: as many replicas as the write's level asks for hold the write or
//! something newer, each in its own copy.

use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::machine::{Life, Machine};
use crate::registers;
use henge_base::Micros;
use henge_coordinator::Replicas;
use henge_model::{Consistency, Key, KeyRange, RowView};
use henge_storage::{Engine, Family, Flow, ScanRange, Tier};

/// Checks a write of a register that was acknowledged just now.
pub(crate) fn check(cluster: &Cluster, life: &Life, key: i64, stamp: Micros, consistency: Consistency) {
    let Some(command) = registers::read_command(life, key) else { return };
    let KeyRange::One(row) = &command.keys else { return };
    let placed = life.core.coordinator().keyspace_placement(registers::texts(key).keyspace);
    let Some(range) = placed.as_ref().and_then(|p| p.placement.replicas(command.token)) else { return };
    let mut sites = [Site::default(); 2];
    for (machine, disk) in cluster.machines.iter().map(Machine::newest_disk).enumerate() {
        let site = &mut sites[cluster.datacenter_number(machine)];
        if range.write.contains(disk.host) {
            let is_reader = range.read.contains(disk.host);
            site.readers += usize::from(is_reader);
            site.pending += usize::from(!is_reader);
            site.holders += usize::from(newest(&disk, row).is_some_and(|newest| newest >= stamp));
        }
    }
    if !has_enough(sites, cluster.datacenter_number(life.owner.machine), consistency) {
        let what = format!("register {key}: {stamp} was acknowledged at {consistency} and {sites:?} have it");
        cluster.record_violation("I30", what);
    }
}

/// The replicas of a row in a datacentre.
#[derive(Clone, Copy, Debug, Default)]
struct Site {
    readers: usize,
    pending: usize,
    /// Those of both that hold what was written.
    holders: usize,
}

impl Site {
    fn and(self, other: Site) -> Site {
        let Site { readers, pending, holders } = other;
        Site { readers: self.readers + readers, pending: self.pending + pending, holders: self.holders + holders }
    }

    /// True if so many hold it, and one more for each that is pending.
    fn has(self, replicas: usize) -> bool {
        self.holders >= replicas + self.pending
    }

    fn has_quorum(self) -> bool {
        self.readers == 0 || self.has(self.readers / 2 + 1)
    }
}

/// True if as many replicas hold a write as its level promises to a client of a datacentre.
fn has_enough(sites: [Site; 2], local: usize, consistency: Consistency) -> bool {
    let all = sites[0].and(sites[1]);
    match consistency {
        Consistency::Any => true,
        Consistency::One => all.has(1),
        Consistency::Two => all.has(2),
        Consistency::Three => all.has(3),
        Consistency::All => all.has(all.readers),
        Consistency::LocalOne => sites[local].has(1),
        Consistency::LocalQuorum => sites[local].has_quorum(),
        Consistency::EachQuorum => sites.iter().all(|site| site.has_quorum()),
        Consistency::Quorum | Consistency::Serial | Consistency::LocalSerial => all.has_quorum(),
    }
}

/// The newest timestamp that a disk holds for a row, from the row itself or from a tombstone of its partition. Its
/// machine need not run.
fn newest(disk: &Disk, row: &Key) -> Option<Micros> {
    let mut newest = None;
    let read = disk.engine.get(Family::Rows, row.bytes(), &mut |value| {
        let view = value.and_then(|value| RowView::parse(row.bytes(), value).ok());
        newest = view.map(|view| view.newest());
    });
    let length = Key::partition(row.bytes())?;
    let start = &row.bytes()[..length];
    let range = ScanRange { family: Family::Tombstones, start, end: &Key::prefix_end(start), reversed: false };
    let scanned = disk.engine.scan(&range, Tier::Disk, &mut |key, value| {
        newest = newest.max(RowView::parse(key, value).ok().and_then(|view| view.deletion()).map(|d| d.timestamp));
        Flow::Continue
    });
    (read.is_ok() && scanned.is_ok()).then_some(newest).flatten()
}
