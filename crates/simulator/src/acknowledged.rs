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
    let replicas = cluster.machines.iter().map(Machine::newest_disk).filter(|disk| range.write.contains(disk.host));
    let holders = replicas.filter(|disk| newest(disk, row).is_some_and(|newest| newest >= stamp)).count();
    // Each pending replica raises what is needed.
    let needed = range.write.len() - range.read.len()
        + match consistency {
            Consistency::One => 1,
            Consistency::All => range.read.len(),
            _ => range.read.len() / 2 + 1,
        };
    if holders < needed {
        let what = format!("register {key}: {stamp} was acknowledged at {consistency} and {holders} replicas have it");
        cluster.record_violation("I30", what);
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
