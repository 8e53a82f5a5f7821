//! The line of a fault: `at TIME KIND` and the parameters of its kind.

use super::error::PlanError;
use super::words::Words;
use crate::disk_mishap::Mishap;
use crate::network::{CLASSES, LinkFault, Links};
use crate::plan::{
    COPIES_MAX, ClockFault, Fault, LENGTH_MAX, MemberMove, OFF_MAX, PlannedFault, PowerCutAfterWrite, QUARTERS,
    ReaderChange,
};
use crate::shape::{COPIES, Shape};

/// The longest time by which a job of a disk or a message may be late, in microseconds.
const LATE_MAX: u64 = 60_000_000;
/// The farthest jump of a clock in microseconds, and the most that it may gain or lose in a second.
const JUMP_MAX: u64 = 100_000_000_000;
const DRIFT_PPM_MAX: u64 = 1_000_000;

const KINDS: [&str; 21] = [
    "power-cut",
    "shut-down",
    "pause",
    "fill-disk",
    "slow-disk",
    "fail-syncs",
    "jump-clock",
    "drift-clock",
    "cut-links",
    "lose-messages",
    "delay-messages",
    "set-back",
    "wipe",
    "clone",
    "swap",
    "power-cut-after-write",
    "change-readers",
    "join",
    "leave",
    "set-copies",
    "take-back",
];

/// Reads a line, and holds its fault to the shape of the run.
pub(super) fn parse(words: Words<'_>, shape: &Shape) -> Result<PlannedFault, PlanError> {
    let mut line = Line { words, machines: shape.machines };
    line.words.word("at")?;
    let at = line.words.time(LENGTH_MAX)?;
    let kind = line.words.choice(&KINDS.map(|kind| (kind, kind)))?;
    let fault = line.fault(kind)?;
    line.words.end()?;
    match flaw(&fault, shape) {
        Some(flaw) => Err(line.words.error(format!("{kind}: {flaw}"))),
        None => Ok(PlannedFault { at, fault }),
    }
}

/// The reason why a run of this shape cannot have the fault; `None` if it can.
fn flaw(fault: &Fault, shape: &Shape) -> Option<&'static str> {
    let is_near = |one, other| one != other && shape.datacenter_number(one) == shape.datacenter_number(other);
    match fault {
        Fault::PowerCut { .. } | Fault::ShutDown { .. } | Fault::FailSyncs { .. } if !shape.crashes() => {
            Some("a run with \"faults links\" has none of machines")
        }
        Fault::Disk(_) if !shape.crashes() || shape.spares > 0 => {
            Some("disks stay where members come and go, and in a run with \"faults links\"")
        }
        Fault::Disk(Mishap::Cloned(one, other) | Mishap::Swapped(one, other)) if !is_near(*one, *other) => {
            Some("it takes two machines of one datacentre")
        }
        Fault::PowerCutAfterWrite(_) if !shape.has_cold_writes() => {
            Some("it needs \"compare yes\" or \"sync periodic\", no spares, and no \"faults disks\"")
        }
        Fault::ChangeReaders(_) if !shape.rotates => Some("it needs \"rotate-readers yes\""),
        Fault::MoveMembers { .. } if shape.spares == 0 => Some("it needs spares"),
        Fault::MoveMembers { change: MemberMove::SetCopies(_), .. } if !shape.crashes() => {
            Some("copies stay as many in a run with \"faults links\"")
        }
        _ => None,
    }
}

struct Line<'a> {
    words: Words<'a>,
    /// The number of all machines.
    machines: usize,
}

impl Line<'_> {
    fn fault(&mut self, kind: &str) -> Result<Fault, PlanError> {
        Ok(match kind {
            "power-cut" => Fault::PowerCut { machine: self.machine()?, off: self.duration(OFF_MAX)? },
            "shut-down" => Fault::ShutDown { machine: self.machine()?, off: self.duration(OFF_MAX)? },
            "pause" => Fault::Pause { machine: self.machine()?, time: self.duration(LENGTH_MAX)? },
            "fill-disk" => Fault::FillDisk { machine: self.machine()?, time: self.duration(LENGTH_MAX)? },
            "slow-disk" => {
                let machine = self.machine()?;
                self.words.word("by")?;
                Fault::SlowDisk { machine, by: self.words.time(LATE_MAX)?, time: self.duration(LENGTH_MAX)? }
            }
            "fail-syncs" => Fault::FailSyncs { machine: self.machine()? },
            "jump-clock" | "drift-clock" => self.clock_fault(kind == "jump-clock")?,
            "cut-links" | "lose-messages" | "delay-messages" => {
                Fault::Links { fault: self.link_fault(kind)?, time: self.duration(LENGTH_MAX)? }
            }
            "power-cut-after-write" => Fault::PowerCutAfterWrite(self.power_cut_after_write()?),
            "change-readers" => Fault::ChangeReaders(self.reader_change()?),
            "join" => Fault::MoveMembers { through: self.through()?, change: MemberMove::Join },
            "leave" => Fault::MoveMembers { through: self.machine()?, change: MemberMove::Leave },
            "set-copies" => {
                let copies = self.words.number_between(1, COPIES_MAX, "a number of copies")?;
                let change = MemberMove::SetCopies(copies as u64);
                Fault::MoveMembers { through: self.through()?, change }
            }
            "take-back" => Fault::MoveMembers { through: self.through()?, change: MemberMove::TakeBack },
            _ => Fault::Disk(self.mishap(kind)?),
        })
    }

    fn machine(&mut self) -> Result<usize, PlanError> {
        self.words.word("machine")?;
        self.words.machine(self.machines)
    }

    fn through(&mut self) -> Result<usize, PlanError> {
        self.words.word("through")?;
        self.machine()
    }

    fn reader_change(&mut self) -> Result<ReaderChange, PlanError> {
        let through = self.through()?;
        let passes_barrier = self.words.choice(&[("barrier", true), ("no-barrier", false)])?;
        let mut ranges: Vec<(usize, Vec<usize>)> = Vec::new();
        while ranges.is_empty() || self.words.peek().is_some() {
            self.words.word("range")?;
            let next = ranges.last().map_or(0, |(quarter, _)| quarter + 1);
            let quarter = self.words.number_between(next, QUARTERS - 1, "the number of a quarter")?;
            self.words.word("of")?;
            ranges.push((quarter, self.words.ordered_machines(self.machines, COPIES)?));
        }
        Ok(ReaderChange { through, passes_barrier, ranges })
    }

    fn duration(&mut self, max: u64) -> Result<u64, PlanError> {
        self.words.word("for")?;
        self.words.time(max)
    }

    fn clock_fault(&mut self, jumps: bool) -> Result<Fault, PlanError> {
        let machine = self.machine()?;
        let fault = if jumps {
            let way = self.words.choice(&[("ahead", 1), ("back", -1)])?;
            ClockFault::Jump(way * self.words.time(JUMP_MAX)? as i64)
        } else {
            self.words.word("ppm")?;
            ClockFault::Drift(self.words.signed_number(DRIFT_PPM_MAX, "millionths")?)
        };
        Ok(Fault::Clock { machine, fault, time: self.duration(LENGTH_MAX)? })
    }

    fn link_fault(&mut self, kind: &str) -> Result<LinkFault, PlanError> {
        self.words.word("from")?;
        let from = self.words.machines(self.machines)?;
        self.words.word("to")?;
        let to = self.words.machines(self.machines)?;
        let both = self.words.choice(&[("both-ways", true), ("one-way", false)])?;
        let class = match self.words.peek() {
            Some("of") => {
                self.words.word("of")?;
                Some(self.words.choice(&CLASSES)?)
            }
            _ => None,
        };
        let links = Links { from, to, both, class };
        Ok(match kind {
            "lose-messages" => {
                self.words.word("permille")?;
                LinkFault::Lose(links, self.words.number(1_000, "a number of a thousand")?)
            }
            "delay-messages" => {
                self.words.word("up-to")?;
                LinkFault::Delay(links, self.words.time(LATE_MAX)?)
            }
            _ => LinkFault::Cut(links),
        })
    }

    fn mishap(&mut self, kind: &str) -> Result<Mishap, PlanError> {
        let machine = self.machine()?;
        Ok(match kind {
            "clone" => {
                self.words.word("onto")?;
                Mishap::Cloned(machine, self.words.machine(self.machines)?)
            }
            "swap" => {
                self.words.word("with")?;
                Mishap::Swapped(machine, self.words.machine(self.machines)?)
            }
            "wipe" => Mishap::Wiped(machine),
            _ => Mishap::SetBack(machine),
        })
    }

    fn power_cut_after_write(&mut self) -> Result<PowerCutAfterWrite, PlanError> {
        let machine = self.machine()?;
        self.words.word("links")?;
        let links_after = self.words.time(LATE_MAX)?;
        self.words.word("power")?;
        let power_after = self.words.time(LATE_MAX)?;
        let is_everywhere = self.words.choice(&[("everywhere", true), ("alone", false)])?;
        Ok(PowerCutAfterWrite { machine, links_after, power_after, is_everywhere, off: self.duration(OFF_MAX)? })
    }
}
