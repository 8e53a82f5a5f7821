//! Plans are drawn from a seed, each concern from a stream of its own.

use super::{
    CLIENTS_MAX, ClockFault, Fault, FaultKind, MemberMove, OFF_MAX, Plan, PlannedFault, PowerCutAfterWrite, QUARTERS,
    ReaderChange, Workload,
};
use crate::disk_mishap::{MISHAP_TIME, Mishap};
use crate::network::{CLASSES, LinkFault, Links};
use crate::shape::{COPIES, RunChoice, Shape};
use crate::wall_clock::WallClock;
use henge_base::Random;
use henge_node::Class;
use std::collections::BTreeSet;

const SECOND: u64 = 1_000_000;
const CLIENTS: usize = 4;
/// The fewest kinds of fault of a run whose number of machines was asked for, and the shortest storm of one, which is time for 500 operations.
const CHOSEN_KINDS_MIN: usize = 3;
const CHOSEN_SECONDS_MIN: u64 = 15;
/// The operations of a second at which a plan's number is set: somewhat more than clients come to, so that the storm's length ends them.
const OPERATIONS_PER_SECOND: u64 = 100;
/// Most times are of whole milliseconds, which are easier to read.
const MS: u64 = 1_000;
/// The shortest time for which a machine is off.
const OFF_MIN: u64 = 50 * MS;
/// The time from a conditional write within which links break, and within which its coordinator loses power, in microseconds.
const CUT_US_MAX: u64 = 15_000;
const POWER_CUT_US: (u64, u64) = (15_000, 40_000);

impl Plan {
    /// The plan of a seed.
    pub(crate) fn draw(seed: u64, choice: impl Into<RunChoice>) -> Plan {
        let root = Random::new(seed);
        let choice = choice.into();
        let shape = Shape::draw(&mut root.fork("shape"), choice);
        let mut random = root.fork("plan");
        let is_chosen = choice.machines.is_some();
        let seconds = if shape.disks { (60, 90) } else { (if is_chosen { CHOSEN_SECONDS_MIN } else { 10 }, 30) };
        let length = random.between(seconds.0, seconds.1) * SECOND;
        let kinds_min = if is_chosen { CHOSEN_KINDS_MIN } else { 1 };
        let armed = draw_armed(&shape, kinds_min, &mut random.fork("armed"));
        let mut drawing = Drawing { shape, at: 0, length, had_mishap: false, faults: Vec::new() };
        drawing.strikes(&armed, &mut random.fork("strikes"));
        drawing.power_cuts_after_writes(&mut random.fork("writes"));
        drawing.moves(&mut root.fork("moves"));
        let mut faults = drawing.faults;
        faults.sort_by_key(|fault| fault.at);
        let workloads = draw_workloads(&shape, &mut random.fork("workloads"));
        let operations = length / SECOND * OPERATIONS_PER_SECOND * shape.scale();
        let clients = (CLIENTS * shape.scale() as usize).min(CLIENTS_MAX);
        Plan { seed, shape, length, clients, operations, workloads, armed, faults }
    }
}

/// The kinds of a run: all of those that its shape allows, or a random part of them, so many at least. What one kind keeps another from doing
/// shows in runs that lack the first.
fn draw_armed(shape: &Shape, kinds_min: usize, random: &mut Random) -> BTreeSet<FaultKind> {
    if shape.disks {
        return BTreeSet::from([FaultKind::Disks]);
    }
    let allowed = |kind: FaultKind| match kind {
        FaultKind::Disks => shape.crashes() && shape.spares == 0,
        _ => shape.crashes() || !kind.takes_memory(),
    };
    let allowed: Vec<FaultKind> = FaultKind::ALL.iter().copied().filter(|kind| allowed(*kind)).collect();
    if random.chance(1, 3) {
        return allowed.into_iter().collect();
    }
    let mut some: BTreeSet<FaultKind> = allowed.iter().copied().filter(|_| random.chance(1, 2)).collect();
    if some.is_empty() {
        some.insert(FaultKind::Partitions);
    }
    while some.len() < kinds_min {
        some.extend(random.pick(&allowed));
    }
    some
}

/// The work of a run's clients: in periodic mode conditional writes and the schema, for others may be lost in a power cut.
fn draw_workloads(shape: &Shape, random: &mut Random) -> BTreeSet<Workload> {
    let all: Vec<Workload> = match shape.is_periodic {
        true => vec![Workload::Swaps, Workload::Schema, Workload::Wide],
        false => Workload::ALL.to_vec(),
    };
    if random.chance(1, 2) {
        return all.into_iter().collect();
    }
    // One of them gives every run something to do.
    let first = if shape.is_periodic { Workload::Swaps } else { Workload::Registers };
    all.into_iter().filter(|each| *each == first || random.chance(3, 4)).collect()
}

/// A plan's faults while they are drawn.
struct Drawing {
    shape: Shape,
    at: u64,
    length: u64,
    had_mishap: bool,
    faults: Vec<PlannedFault>,
}

impl Drawing {
    fn push(&mut self, at: u64, fault: Fault) {
        self.faults.push(PlannedFault { at, fault });
    }

    fn machine(&self, random: &mut Random) -> usize {
        random.below(self.shape.machines as u64) as usize
    }

    /// Draws faults of the armed kinds, one after the other.
    fn strikes(&mut self, armed: &BTreeSet<FaultKind>, random: &mut Random) {
        let total: u64 = armed.iter().map(|kind| kind.weight()).sum();
        while self.at < self.length {
            let mut left = random.below(total);
            let kind = armed.iter().find(|kind| {
                let is_it = left < kind.weight();
                left = left.saturating_sub(kind.weight());
                is_it
            });
            if let Some(kind) = kind {
                self.strike(*kind, random);
            }
            if !self.shape.disks {
                self.at += between_ms(100, 2_500, random) / self.shape.scale();
            }
        }
    }

    fn strike(&mut self, kind: FaultKind, random: &mut Random) {
        let (at, machine) = (self.at, self.machine(random));
        match kind {
            FaultKind::PowerCuts => self.push(at, Fault::PowerCut { machine, off: draw_off(random) }),
            FaultKind::Blackouts => {
                for machine in 0..self.shape.machines {
                    self.push(at, Fault::PowerCut { machine, off: draw_off(random) });
                }
            }
            FaultKind::CrashLoops => self.crash_loop(machine, random),
            FaultKind::ShutDowns => self.push(at, Fault::ShutDown { machine, off: draw_off(random) }),
            FaultKind::Pauses => {
                self.push(at, Fault::Pause { machine, time: between_ms(50, 8_000, random) });
            }
            FaultKind::FullDisks => {
                self.push(at, Fault::FillDisk { machine, time: between_ms(1_000, 20_000, random) });
            }
            FaultKind::SlowDisks => {
                let (by, time) = (between_ms(1, 30, random), between_ms(500, 5_000, random));
                self.push(at, Fault::SlowDisk { machine, by, time });
            }
            FaultKind::FailedSyncs => self.push(at, Fault::FailSyncs { machine }),
            FaultKind::Clocks => {
                let wrong = WallClock::default().beyond_the_bound(random, 0);
                let fault = match wrong.gain_us {
                    0 => ClockFault::Jump(wrong.ahead_us),
                    gain => ClockFault::Drift(gain),
                };
                self.push(at, Fault::Clock { machine, fault, time: between_ms(1_000, 25_000, random) });
            }
            FaultKind::Partitions | FaultKind::BrokenLinks | FaultKind::LostMessages | FaultKind::LateMessages => {
                self.link_fault(kind, random)
            }
            FaultKind::Disks => self.mishap(machine, random),
        }
    }

    fn crash_loop(&mut self, machine: usize, random: &mut Random) {
        let mut at = self.at;
        for _ in 0..random.between(3, 6) {
            let off = between_ms(50, 400, random);
            self.push(at, Fault::PowerCut { machine, off });
            at += off + between_ms(20, 900, random);
        }
    }

    fn link_fault(&mut self, kind: FaultKind, random: &mut Random) {
        let all: BTreeSet<usize> = (0..self.shape.machines).collect();
        let split = |random: &mut Random| {
            let from: BTreeSet<usize> = all.iter().copied().filter(|_| random.chance(1, 3)).collect();
            let to = all.difference(&from).copied().collect();
            (from, to)
        };
        let one = |random: &mut Random| BTreeSet::from([random.below(all.len() as u64) as usize]);
        let class = draw_class(random);
        // A fault of messages is of all links, or of those of a few machines.
        let some = |random: &mut Random| {
            if random.chance(1, 2) {
                return Links { from: all.clone(), to: all.clone(), both: false, class };
            }
            Links { from: one(random), to: all.clone(), both: random.chance(1, 2), class }
        };
        let fault = match kind {
            FaultKind::BrokenLinks => {
                let from = one(random);
                let to = all.difference(&from).copied().filter(|_| random.chance(1, 2)).collect();
                LinkFault::Cut(Links { from, to, both: false, class })
            }
            FaultKind::LostMessages => LinkFault::Lose(some(random), random.between(10, 200)),
            FaultKind::LateMessages => LinkFault::Delay(some(random), between_ms(10, 700, random)),
            _ => {
                let (from, to) = split(random);
                LinkFault::Cut(Links { from, to, both: random.chance(2, 3), class })
            }
        };
        let is_empty = matches!(&fault, LinkFault::Cut(links) if links.from.is_empty() || links.to.is_empty());
        // A class alone may be silent for longer: the others tell that the machine is there.
        let time = between_ms(200, if class.is_some() { 15_000 } else { 6_000 }, random);
        if !is_empty {
            self.push(self.at, Fault::Links { fault, time });
        }
    }

    /// Has something befall the disk of a machine, or its own and that of another one of its datacentre if there is any. It takes most of a
    /// storm, so it happens to one machine in some of them, unless nothing else happens.
    fn mishap(&mut self, machine: usize, random: &mut Random) {
        if !self.shape.disks && (self.had_mishap || !random.chance(1, 3)) {
            return;
        }
        let datacenter = |machine| self.shape.datacenter_number(machine);
        let near = (0..self.shape.machines).filter(|other| *other != machine);
        let near: Vec<usize> = near.filter(|other| datacenter(*other) == datacenter(machine)).collect();
        let mishap = match (random.below(4), random.pick(&near)) {
            (0, _) => Mishap::Wiped(machine),
            (1, Some(other)) => Mishap::Cloned(machine, *other),
            (2, Some(other)) => Mishap::Swapped(machine, *other),
            _ => Mishap::SetBack(machine),
        };
        self.push(self.at, Fault::Disk(mishap));
        self.had_mishap = true;
        self.at += MISHAP_TIME;
    }

    fn power_cuts_after_writes(&mut self, random: &mut Random) {
        if !self.shape.has_cold_writes() {
            return;
        }
        let mut at = between_ms(0, 1_000, random);
        while at < self.length {
            let power_cut = PowerCutAfterWrite {
                machine: self.machine(random),
                links_after: random.below(CUT_US_MAX),
                power_after: random.between(POWER_CUT_US.0, POWER_CUT_US.1),
                is_everywhere: random.chance(1, 4),
                off: draw_off(random),
            };
            self.push(at, Fault::PowerCutAfterWrite(power_cut));
            at += between_ms(100, 1_700, random);
        }
    }

    /// Has readers change every second, or members come and go: about every other of these changes finds nothing to do.
    fn moves(&mut self, random: &mut Random) {
        for at in (0..self.length).step_by(SECOND as usize).filter(|_| self.shape.rotates).collect::<Vec<_>>() {
            let change = ReaderChange::draw(self.shape.machines, random);
            self.push(at, Fault::ChangeReaders(change));
        }
        if self.shape.spares > 0 {
            for at in (0..self.length).step_by(SECOND as usize / 2) {
                let through = self.machine(random);
                self.push(at, Fault::MoveMembers { through, change: self.member_move(random) });
            }
        }
    }

    fn member_move(&self, random: &mut Random) -> MemberMove {
        if random.chance(1, 40) {
            return MemberMove::TakeBack;
        }
        if self.shape.crashes() && random.chance(1, 4) {
            return MemberMove::SetCopies(random.between(2, 4));
        }
        if random.chance(1, 2) { MemberMove::Join } else { MemberMove::Leave }
    }
}

impl ReaderChange {
    /// Readers among so many machines. The first range is always there, which wraps.
    pub(crate) fn draw(machines: usize, random: &mut Random) -> ReaderChange {
        let through = random.below(machines as u64) as usize;
        let mut ranges = Vec::new();
        for quarter in 0..QUARTERS {
            if quarter == 0 || random.chance(1, 2) {
                let mut readers: Vec<usize> = (0..machines).collect();
                random.shuffle(&mut readers);
                readers.truncate(COPIES);
                ranges.push((quarter, readers));
            }
        }
        ReaderChange { through, passes_barrier: random.chance(1, 2), ranges }
    }
}

/// The class of the connections that a fault is of; mostly all are.
pub(super) fn draw_class(random: &mut Random) -> Option<Class> {
    random.chance(1, 4).then(|| CLASSES[random.below(CLASSES.len() as u64) as usize].1)
}

fn draw_off(random: &mut Random) -> u64 {
    between_ms(OFF_MIN / MS, OFF_MAX / MS, random)
}

/// A time of so many milliseconds, in microseconds.
fn between_ms(low: u64, high: u64, random: &mut Random) -> u64 {
    random.between(low, high) * MS
}
