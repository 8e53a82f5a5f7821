//! The shape of a run: its cluster, and to what it is held.

use crate::levels::Copies;
use crate::registers::SharedTable;
use henge_base::Random;

/// The copies of the rows of most tables.
pub(crate) const COPIES: usize = 3;
/// The most machines of a run that is not asked to have more.
pub(crate) const USUAL_MACHINES_MAX: usize = 9;
/// The most machines of a run that a plan may ask for.
pub(crate) const MACHINES_MAX: usize = 128;
/// The most ranges of a node that a plan may ask for.
pub(crate) const TOKENS_MAX: u32 = 256;
/// The ranges of a node in most runs.
pub(crate) const TOKENS: u32 = 4;

/// The faults of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StormKind {
    /// Links only. Every hint survives on its node, so hints alone must bring replicas up to date.
    Links,
    /// Machines crash too. Their unsynced writes are lost, and reads have to repair.
    Crashes,
}

/// The faults of a run, as the options of `henge simulate` ask for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunKind {
    /// Machines crash, links break, clocks jump.
    Faults,
    /// The same, and members come and go in clusters that are large enough.
    Moves,
    /// Disks are set back, copied, lost and swapped, one after the other.
    Disks,
}

/// The runs that the options of `henge simulate` ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunChoice {
    pub(crate) kind: RunKind,
    /// The least and the most machines; `None` for those of most runs.
    pub(crate) machines: Option<(usize, usize)>,
}

impl From<RunKind> for RunChoice {
    fn from(kind: RunKind) -> RunChoice {
        RunChoice { kind, machines: None }
    }
}

/// The shape of a cluster, and the kind of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) machines: usize,
    /// Of these the last ones, which are not started; in the storm machines come and go then.
    pub(crate) spares: usize,
    /// The ranges of each node.
    pub(crate) tokens: u32,
    pub(crate) storm: StormKind,
    /// True in periodic mode: a power cut may lose acknowledged writes, but no decisions.
    pub(crate) is_periodic: bool,
    pub(crate) table: SharedTable,
    /// True if a node may have only a few calls in flight.
    pub(crate) has_short_tail: bool,
    /// True if pages, windows and batches of nodes are small.
    pub(crate) has_small_limits: bool,
    /// True if clients go away in the middle of requests, at any of their waits.
    pub(crate) has_leavers: bool,
    /// True if all machines take all writes, and those that are read change every second.
    pub(crate) rotates: bool,
    /// True if replicas compare what they hold all the time, and forget deletions by that.
    pub(crate) compares: bool,
    /// True if machines stand in two datacentres by turns: writes to several replicas of the other one are forwarded there.
    pub(crate) spans: bool,
    /// True if mishaps of disks are all that happens.
    pub(crate) disks: bool,
}

impl Shape {
    /// The shape of a storm; where members move with spare machines, if there are enough.
    pub(crate) fn draw(random: &mut Random, choice: RunChoice) -> Shape {
        let RunChoice { kind, machines: wanted } = choice;
        let disks = kind == RunKind::Disks;
        let is_large = random.fork("large").chance(1, 10) && !disks;
        let drawn = if is_large { random.between(6, USUAL_MACHINES_MAX as u64) } else { random.between(3, 5) } as usize;
        let wanted = wanted.map(|(least, most)| random.fork("machines").between(least as u64, most as u64) as usize);
        let machines = wanted.unwrap_or(drawn);
        let storm = if random.chance(1, 3) && !disks { StormKind::Links } else { StormKind::Crashes };
        let is_periodic = storm == StormKind::Crashes && random.chance(1, 4);
        let table = match storm {
            StormKind::Crashes if !is_periodic && random.chance(1, 2) => SharedTable::Grace,
            StormKind::Links if random.chance(1, 3) => SharedTable::Unrepaired,
            StormKind::Crashes | StormKind::Links => SharedTable::Default,
        };
        let has_short_tail = random.chance(1, 3);
        let has_small_limits = random.fork("limits").chance(1, 3);
        let has_leavers = random.fork("leavers").chance(1, 2);
        // All machines of a large cluster hardly ever take a write.
        let may_rotate = (COPIES + 1..=USUAL_MACHINES_MAX).contains(&machines);
        let rotates = may_rotate && random.fork("rotation").chance(1, 4);
        // Where no machine forgets, hints have to do by themselves.
        let compares = storm == StormKind::Crashes && random.fork("repair").chance(1, 3);
        let spans = random.fork("datacenters").chance(1, 3);
        let moves = kind == RunKind::Moves && machines > COPIES && !rotates;
        let (machines, spares) =
            if moves { with_spares(machines, wanted.is_some(), random.fork("spares")) } else { (machines, 0) };
        let mut ranges = random.fork("tokens");
        let tokens = if ranges.chance(1, 4) { ranges.between(1, 16) as u32 } else { TOKENS };
        Shape {
            machines,
            spares,
            tokens,
            storm,
            is_periodic,
            table,
            has_short_tail,
            has_small_limits,
            has_leavers,
            rotates,
            compares,
            spans,
            disks,
        }
    }

    /// The number of usual clusters that make one of this size: as many times the faults and the clients it has.
    pub(crate) fn scale(&self) -> u64 {
        self.machines.div_ceil(USUAL_MACHINES_MAX) as u64
    }

    /// True if machines lose power, and what was not synced with it.
    pub(crate) fn crashes(&self) -> bool {
        self.storm == StormKind::Crashes
    }

    /// True if there are registers of two datacentres, where members and disks stay: of one copy nothing is left without its disk.
    pub(crate) fn has_far_swaps(&self) -> bool {
        self.spans && self.spares == 0 && !self.disks
    }

    /// True if registers are written once, by coordinators some of which lose power: where acceptors are forgotten, and where they alone are
    /// synced. Machines that come and go would lose it in the moment in which they have gone, or are on another disk.
    pub(crate) fn has_cold_writes(&self) -> bool {
        (self.compares || self.is_periodic) && self.spares == 0 && !self.disks
    }

    /// The copies of registers of every level: as many as may be, up to five in one datacentre or three in each of two. Where members come
    /// and go it is few enough that some may go.
    pub(crate) fn copies_at_levels(&self) -> Copies {
        let members = self.machines - self.spares;
        let moves = self.spares > 0;
        if self.spans {
            let of = |members: usize| (members - usize::from(moves && members > 1)).min(COPIES);
            return Copies([of(members.div_ceil(2)), of(members / 2)]);
        }
        Copies([if members > 5 && !moves { 5 } else { 2 }, 0])
    }

    /// The number of a machine's datacentre.
    pub(crate) fn datacenter_number(&self, machine: usize) -> usize {
        if self.spans { machine % 2 } else { 0 }
    }

    /// The datacentre of a machine.
    pub(crate) fn datacenter(&self, machine: usize) -> String {
        format!("datacenter{}", self.datacenter_number(machine) + 1)
    }

    /// The reason why no run can be of this shape; `None` if one can.
    pub(crate) fn flaw(&self) -> Option<String> {
        let links = !self.crashes();
        let flaws = [
            (!(COPIES..=MACHINES_MAX).contains(&self.machines), format!("machines are {COPIES} to {MACHINES_MAX}")),
            (self.spares > self.machines.saturating_sub(COPIES), format!("{COPIES} machines are no spares")),
            (!(1..=TOKENS_MAX).contains(&self.tokens), format!("tokens are 1 to {TOKENS_MAX}")),
            (self.rotates && self.machines == COPIES, format!("readers rotate among more than {COPIES} machines")),
            (self.rotates && self.spares > 0, "readers do not rotate where there are spares".to_owned()),
            (links && self.is_periodic, "periodic sync needs faults of machines".to_owned()),
            (links && self.compares, "replicas compare only where machines fail".to_owned()),
            (links && self.table == SharedTable::Grace, "a table with a grace needs faults of machines".to_owned()),
            (!links && self.table == SharedTable::Unrepaired, "an unrepaired table needs faults of links".to_owned()),
        ];
        flaws.into_iter().find_map(|(is_broken, flaw)| is_broken.then_some(flaw))
    }

    /// Machines all of which run, with synced writes and the default table, and nothing else going on.
    #[cfg(test)]
    pub(crate) fn plain(machines: usize, storm: StormKind) -> Shape {
        Shape {
            machines,
            spares: 0,
            tokens: TOKENS,
            storm,
            is_periodic: false,
            table: SharedTable::Default,
            has_short_tail: false,
            has_small_limits: false,
            has_leavers: false,
            rotates: false,
            compares: false,
            spans: false,
            disks: false,
        }
    }
}

/// The machines of a run whose members come and go, and those of them that are spares at first. Spares beyond the first one are machines more,
/// unless the number of machines is given.
fn with_spares(machines: usize, is_given: bool, mut random: Random) -> (usize, usize) {
    let scale = machines.div_ceil(USUAL_MACHINES_MAX);
    let spares_max = if is_given { (machines / scale).saturating_sub(COPIES).clamp(1, 3) } else { 3 };
    let spares = random.between(1, spares_max as u64) as usize;
    let all = if is_given { machines } else { (machines + spares - 1).min(USUAL_MACHINES_MAX) };
    (all, spares * scale)
}
