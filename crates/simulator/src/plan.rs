//! The plan of a run: the shape of its cluster, the work of its clients, and each fault with its time and its targets. It is drawn whole
//! from the seed before the run begins, and is plain data: it can be printed, read again, and made smaller.
//!
//! Any part of a plan is a plan. A fault that finds nothing to do, such as a power cut of a machine that is off, does nothing.

mod draw;
mod fault;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub(crate) use fault::{ClockFault, Fault, MemberMove, PlannedFault, PowerCutAfterWrite, ReaderChange};

use crate::shape::Shape;
use std::collections::BTreeSet;

/// The most of each that a plan may ask for.
const LENGTH_MAX: u64 = 3_600_000_000;
const CLIENTS_MAX: usize = 64;
const FAULTS_MAX: usize = 10_000;
const COPIES_MAX: usize = 8;
/// Quarters of all tokens, in which ranges end whose readers change.
pub(crate) const QUARTERS: usize = 4;
/// The longest time in microseconds for which a machine may be off: a mishap of a disk counts on all being on again after the calm before it.
pub(crate) const OFF_MAX: u64 = 5_000_000;

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The seed of everything that the plan leaves to chance.
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    /// The microseconds of the storm.
    pub(crate) length: u64,
    /// The number of clients of each sort.
    pub(crate) clients: usize,
    /// The most operations that clients begin in the storm.
    pub(crate) operations: u64,
    /// The work of clients.
    pub(crate) workloads: BTreeSet<Workload>,
    /// The kinds that its faults were drawn from. They tell a reader; nothing hangs on them.
    pub(crate) armed: BTreeSet<FaultKind>,
    /// The faults, in the order of time.
    pub(crate) faults: Vec<PlannedFault>,
}

/// Names of variants in plans.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            pub(crate) const ALL: &[$type] = &[$($type::$variant),*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }
        }
    };
}

named! {
    /// The work of clients in a storm.
    Workload {
        /// Registers that are written, deleted and read, and found by their value.
        Registers = "registers",
        /// Registers that are written under conditions.
        Swaps = "swaps",
        /// Logged batches of two rows.
        Pairs = "pairs",
        Counters = "counters",
        /// Writes that coordinators stamp.
        Lasting = "lasting",
        /// Pages through all registers.
        Scans = "scans",
        /// Tables and columns that come and go.
        Schema = "schema",
        /// Wide rows.
        Wide = "wide",
    }
}

named! {
    /// A kind of fault that a seed may arm.
    FaultKind {
        PowerCuts = "power-cuts",
        /// All machines lose power at once.
        Blackouts = "blackouts",
        /// A machine loses power again and again.
        CrashLoops = "crash-loops",
        ShutDowns = "shut-downs",
        Pauses = "pauses",
        FullDisks = "full-disks",
        SlowDisks = "slow-disks",
        FailedSyncs = "failed-syncs",
        Clocks = "clocks",
        Partitions = "partitions",
        /// Links of one machine, in one direction.
        BrokenLinks = "broken-links",
        LostMessages = "lost-messages",
        LateMessages = "late-messages",
        /// Disks that are set back, copied, lost or swapped.
        Disks = "disks",
    }
}

impl Workload {
    /// The frequency of its operations among those of the clients that do all kinds. Wide rows have clients of their own.
    pub(crate) fn weight(self) -> u64 {
        match self {
            Workload::Registers => 10,
            Workload::Swaps | Workload::Pairs => 4,
            Workload::Counters | Workload::Lasting => 2,
            Workload::Scans | Workload::Schema => 1,
            Workload::Wide => 0,
        }
    }
}

impl FaultKind {
    /// The frequency of its faults where all kinds are armed.
    fn weight(self) -> u64 {
        match self {
            FaultKind::Partitions => 5,
            FaultKind::PowerCuts => 3,
            FaultKind::CrashLoops | FaultKind::ShutDowns | FaultKind::SlowDisks | FaultKind::BrokenLinks => 1,
            FaultKind::Blackouts
            | FaultKind::Pauses
            | FaultKind::FullDisks
            | FaultKind::FailedSyncs
            | FaultKind::Clocks
            | FaultKind::LostMessages
            | FaultKind::LateMessages
            | FaultKind::Disks => 2,
        }
    }

    /// True if its faults take unsynced writes from machines.
    fn takes_memory(self) -> bool {
        match self {
            FaultKind::PowerCuts
            | FaultKind::Blackouts
            | FaultKind::CrashLoops
            | FaultKind::ShutDowns
            | FaultKind::FailedSyncs
            | FaultKind::Disks => true,
            FaultKind::Pauses
            | FaultKind::FullDisks
            | FaultKind::SlowDisks
            | FaultKind::Clocks
            | FaultKind::Partitions
            | FaultKind::BrokenLinks
            | FaultKind::LostMessages
            | FaultKind::LateMessages => false,
        }
    }
}

impl Plan {
    /// A plan without faults or operations, for scenarios that bring their own.
    pub(crate) fn calm(shape: Shape) -> Plan {
        let (workloads, armed) = (BTreeSet::new(), BTreeSet::new());
        Plan { seed: 0, shape, length: 0, clients: 0, operations: 0, workloads, armed, faults: Vec::new() }
    }
}
