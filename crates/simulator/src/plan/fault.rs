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
    /// Other machines are read.
    ChangeReaders(ReaderChange),
    /// Members come or go, or what moves is taken back, through a machine, or the next one that can: one that is a member and runs.
    MoveMembers { through: usize, change: MemberMove },
}

/// Other readers of the ranges of most tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReaderChange {
    /// The machine that changes them, or the next one that runs.
    pub(crate) through: usize,
    /// True if it passes the barrier then.
    pub(crate) passes_barrier: bool,
    /// The machines that are read, the primary first, by the number of the quarter of all tokens that a range ends in.
    pub(crate) ranges: Vec<(usize, Vec<usize>)>,
}

/// A change of members. None begins while another one is under way, but that machines join together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberMove {
    /// The first spare machine joins, or all of them do, with empty disks.
    Join,
    /// The machine leaves, unless too few would be left.
    Leave,
    /// The keyspace of most tables gets so many copies, or as many as there are members.
    SetCopies(u64),
    /// The plan under way is taken back.
    TakeBack,
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
