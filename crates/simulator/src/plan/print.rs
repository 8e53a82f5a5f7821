//! Plans as text: a head of one setting a line, then a line for each fault.

use super::{ClockFault, Fault, FaultKind, MemberMove, Plan, PlannedFault, PowerCutAfterWrite, ReaderChange, Workload};
use crate::disk_mishap::Mishap;
use crate::network::{CLASSES, LinkFault, Links};
use crate::registers::SharedTable;
use crate::seconds::Seconds;
use crate::shape::{Shape, StormKind};
use std::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes_or_no = |value| if value { "yes" } else { "no" };
        let Shape {
            machines,
            spares,
            tokens,
            has_short_tail,
            has_small_limits,
            has_leavers,
            rotates,
            compares,
            spans,
            ..
        } = self.shape;
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "machines {machines}\nspares {spares}\ntokens {tokens}")?;
        writeln!(f, "datacenters {}", if spans { 2 } else { 1 })?;
        writeln!(f, "faults {}", scope(&self.shape))?;
        writeln!(f, "sync {}", if self.shape.is_periodic { "periodic" } else { "always" })?;
        writeln!(f, "table {}", table(self.shape.table))?;
        writeln!(f, "few-calls {}", yes_or_no(has_short_tail))?;
        writeln!(f, "small-limits {}", yes_or_no(has_small_limits))?;
        writeln!(f, "leaving-clients {}", yes_or_no(has_leavers))?;
        writeln!(f, "rotate-readers {}", yes_or_no(rotates))?;
        writeln!(f, "compare {}", yes_or_no(compares))?;
        writeln!(f, "length {}", Seconds(self.length))?;
        writeln!(f, "clients {}\noperations {}", self.clients, self.operations)?;
        let workloads = self.workloads.iter().copied().map(Workload::name);
        writeln!(f, "workloads {}", names(workloads))?;
        writeln!(f, "armed {}", names(self.armed.iter().copied().map(FaultKind::name)))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

/// The words of a head for the faults of a shape.
pub(super) fn scope(shape: &Shape) -> &'static str {
    match (shape.storm, shape.disks) {
        (StormKind::Links, _) => "links",
        (StormKind::Crashes, false) => "machines",
        (StormKind::Crashes, true) => "disks",
    }
}

/// The word of a head for the table of registers.
pub(super) fn table(table: SharedTable) -> &'static str {
    match table {
        SharedTable::Default => "default",
        SharedTable::Grace => "grace",
        SharedTable::Unrepaired => "unrepaired",
    }
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}

impl fmt::Display for PlannedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} {}", Seconds(self.at), self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::PowerCut { machine, off } => write!(f, "power-cut machine {machine} for {}", Seconds(*off)),
            Fault::ShutDown { machine, off } => write!(f, "shut-down machine {machine} for {}", Seconds(*off)),
            Fault::Pause { machine, time } => write!(f, "pause machine {machine} for {}", Seconds(*time)),
            Fault::FillDisk { machine, time } => write!(f, "fill-disk machine {machine} for {}", Seconds(*time)),
            Fault::SlowDisk { machine, by, time } => {
                write!(f, "slow-disk machine {machine} by {} for {}", Seconds(*by), Seconds(*time))
            }
            Fault::FailSyncs { machine } => write!(f, "fail-syncs machine {machine}"),
            Fault::Clock { machine, fault: ClockFault::Jump(by), time } => {
                let (way, by) = (if *by < 0 { "back" } else { "ahead" }, Seconds(by.unsigned_abs()));
                write!(f, "jump-clock machine {machine} {way} {by} for {}", Seconds(*time))
            }
            Fault::Clock { machine, fault: ClockFault::Drift(ppm), time } => {
                write!(f, "drift-clock machine {machine} ppm {ppm} for {}", Seconds(*time))
            }
            Fault::Links { fault, time } => write!(f, "{fault} for {}", Seconds(*time)),
            Fault::Disk(mishap) => mishap.fmt(f),
            Fault::PowerCutAfterWrite(power_cut) => power_cut.fmt(f),
            Fault::ChangeReaders(change) => change.fmt(f),
            Fault::MoveMembers { through, change } => match change {
                MemberMove::Join => write!(f, "join through machine {through}"),
                MemberMove::Leave => write!(f, "leave machine {through}"),
                MemberMove::SetCopies(copies) => write!(f, "set-copies {copies} through machine {through}"),
                MemberMove::TakeBack => write!(f, "take-back through machine {through}"),
            },
        }
    }
}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkFault::Cut(links) => write!(f, "cut-links {links}"),
            LinkFault::Lose(links, permille) => write!(f, "lose-messages {links} permille {permille}"),
            LinkFault::Delay(links, up_to) => write!(f, "delay-messages {links} up-to {}", Seconds(*up_to)),
        }
    }
}

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.both { "both-ways" } else { "one-way" };
        write!(f, "from {} to {} {way}", numbers(&self.from), numbers(&self.to))?;
        let class = self.class.and_then(|class| CLASSES.iter().find(|(_, known)| *known == class));
        class.map_or(Ok(()), |(name, _)| write!(f, " of {name}"))
    }
}

fn numbers<'m>(machines: impl IntoIterator<Item = &'m usize>) -> String {
    let numbers: Vec<String> = machines.into_iter().map(usize::to_string).collect();
    numbers.join(",")
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mishap::SetBack(machine) => write!(f, "set-back machine {machine}"),
            Mishap::Wiped(machine) => write!(f, "wipe machine {machine}"),
            Mishap::Cloned(machine, onto) => write!(f, "clone machine {machine} onto {onto}"),
            Mishap::Swapped(machine, with) => write!(f, "swap machine {machine} with {with}"),
        }
    }
}

impl fmt::Display for ReaderChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let barrier = if self.passes_barrier { "barrier" } else { "no-barrier" };
        write!(f, "change-readers through machine {} {barrier}", self.through)?;
        self.ranges.iter().try_for_each(|(quarter, machines)| write!(f, " range {quarter} of {}", numbers(machines)))
    }
}

impl fmt::Display for PowerCutAfterWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (links, power) = (Seconds(self.links_after), Seconds(self.power_after));
        let scope = if self.is_everywhere { "everywhere" } else { "alone" };
        write!(f, "power-cut-after-write machine {} links {links} power {power} {scope}", self.machine)?;
        write!(f, " for {}", Seconds(self.off))
    }
}
