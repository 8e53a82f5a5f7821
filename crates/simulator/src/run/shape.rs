//! The shape of a run.

use crate::registers::SharedTable;
use crate::storm::StormKind;
use henge_base::Random;

/// The copies of the rows of most tables.
pub(super) const COPIES: usize = 3;

/// The faults of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunKind {
    /// Machines crash, links break, clocks jump.
    Faults,
    /// The same, and members come and go in clusters that are large enough.
    Moves,
    /// Disks are set back, copied, lost and swapped, one after the other.
    Disks,
}

/// The shape of a cluster, and the kind of its run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) machines: usize,
    /// Of these the last ones, which are not started; in the storm machines come and go then.
    pub(super) spares: usize,
    pub(super) storm: StormKind,
    /// True in periodic mode: a power cut may lose acknowledged writes, but no decisions.
    pub(super) is_periodic: bool,
    pub(super) table: SharedTable,
    /// True if a node may have at most [`super::SHORT_TAIL`] calls in flight.
    pub(super) has_short_tail: bool,
    /// True if all machines take all writes, and those that are read change every second.
    pub(super) rotates: bool,
    /// True if replicas compare what they hold all the time, and forget deletions by that.
    pub(super) compares: bool,
    /// True if machines stand in two datacentres by turns: writes to several replicas of the other one are forwarded there.
    pub(super) spans: bool,
    /// True if mishaps of disks are all that happens.
    pub(super) disks: bool,
}

impl Shape {
    /// The shape of a storm; where members move with a spare machine, if there are enough.
    pub(super) fn draw(random: &mut Random, kind: RunKind) -> Shape {
        let machines = random.between(3, 5) as usize;
        let disks = kind == RunKind::Disks;
        let storm = if random.chance(1, 3) && !disks { StormKind::Links } else { StormKind::Crashes };
        let is_periodic = storm == StormKind::Crashes && random.chance(1, 4);
        let table = match storm {
            StormKind::Crashes if !is_periodic && random.chance(1, 2) => SharedTable::Grace,
            StormKind::Links if random.chance(1, 3) => SharedTable::Unrepaired,
            StormKind::Crashes | StormKind::Links => SharedTable::Default,
        };
        let has_short_tail = random.chance(1, 3);
        let rotates = machines > COPIES && random.fork("rotation").chance(1, 4);
        // Where no machine forgets, hints have to do by themselves.
        let compares = storm == StormKind::Crashes && random.fork("repair").chance(1, 3);
        let spans = random.fork("datacenters").chance(1, 3);
        let spares = usize::from(kind == RunKind::Moves && machines > COPIES && !rotates);
        Shape { machines, spares, storm, is_periodic, table, has_short_tail, rotates, compares, spans, disks }
    }

    /// True if there are registers of two datacentres, where members and disks stay: of one copy nothing is left without its disk.
    pub(super) fn has_far_swaps(&self) -> bool {
        self.spans && self.spares == 0 && !self.disks
    }

    /// True if registers are written once, by coordinators some of which lose power: where acceptors are forgotten, and where they alone are
    /// synced. Machines that come and go would lose it in the moment in which they have gone, or are on another disk.
    pub(super) fn has_cold_writes(&self) -> bool {
        (self.compares || self.is_periodic) && self.spares == 0 && !self.disks
    }

    /// The datacentre of a machine.
    pub(super) fn datacenter(&self, machine: usize) -> String {
        let number = if self.spans { machine % 2 } else { 0 };
        format!("datacenter{}", number + 1)
    }

    /// Machines all of which run, with synced writes and the default table, and nothing else going on.
    #[cfg(test)]
    pub(super) fn plain(machines: usize, storm: StormKind) -> Shape {
        let (is_periodic, has_short_tail, rotates, compares, spans) = (false, false, false, false, false);
        let (spares, table, disks) = (0, SharedTable::Default, false);
        Shape { machines, spares, storm, is_periodic, table, has_short_tail, rotates, compares, spans, disks }
    }
}
