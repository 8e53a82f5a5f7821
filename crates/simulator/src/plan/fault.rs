//! The faults of plans.

use crate::disk_mishap::Mishap;
use crate::network::LinkFault;

/// A fault at a time, in microseconds from the beginning of the storm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedFault {
    pub(crate) at: u64,
    pub(crate) fault: Fault,
}

/// A fault. Durations are microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A machine loses power.
    PowerCut { machine: usize, off: u64 },
    /// A node is shut down as by SIGTERM, and started again so long after its end.
    ShutDown { machine: usize, off: u64 },
    /// A process stands still. It goes on as if nothing had been.
    Pause { machine: usize, time: u64 },
    /// A disk has no space.
    FillDisk { machine: usize, time: u64 },
    /// Each job of a disk takes so much longer.
    SlowDisk { machine: usize, by: u64, time: u64 },
    /// A disk fails every sync until its machine starts again.
    FailSyncs { machine: usize },
    /// A clock is wrong, beyond the bound; all others are set right.
    Clock { machine: usize, fault: ClockFault, time: u64 },
    /// Links are broken, slow, or lose messages.
    Links { fault: LinkFault, time: u64 },
    /// Something befalls a disk, while all else is well.
    Disk(Mishap),
    /// A register is written once through a machine, which loses its links and then its power.
    PowerCutAfterWrite(PowerCutAfterWrite),
    /// Other machines are read. They are drawn from the seed and the time.
    ChangeReaders,
    /// A member comes or goes, drawn from the seed and the time.
    MoveMembers,
}

/// A fault of a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockFault {
    /// It goes on from another time, so many microseconds later; earlier if negative.
    Jump(i64),
    /// It gains so many microseconds in a second; a million less is a standstill.
    Drift(i64),
}

/// The end of a coordinator of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PowerCutAfterWrite {
    pub(crate) machine: usize,
    /// The microseconds from the write until its messages are lost.
    pub(crate) links_after: u64,
    /// The microseconds from the write until it loses power, at the latest: it does as soon as it has answered.
    pub(crate) power_after: u64,
    /// True if all machines lose power with it.
    pub(crate) is_everywhere: bool,
    pub(crate) off: u64,
}
