//! The process of each other host that this node admits, and the greatest clock that it has seen of the host. Kept on disk:
//! by it a process on an older copy of its host's disk is found out. docs/protocols/identity.md tells the rules.

use arc_swap::ArcSwap;
use henge_base::{Bytes, HostId, Micros};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

/// The beginning of the names of the local facts that hold sightings; the host's id follows.
const FACT_PREFIX: &str = "sighting/";
/// The only format of such a fact.
const FORMAT: u8 = 1;

/// The last that was seen of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// The generation of the admitted process; 0 if it was never told.
    pub(crate) generation: u64,
    /// The start of the admitted process; 0 for none.
    pub(crate) start: u32,
    /// The greatest clock in the messages of the host's processes.
    pub(crate) clock: Micros,
}

/// The claim of a process to go on where its host left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) generation: u64,
    pub(crate) start: u32,
    /// The lease of the clock that the process found on its disk: no message of an earlier process on this disk had a later clock.
    pub(crate) lease: Micros,
}

impl Sighting {
    /// True if the claim contradicts what was seen: the disk is an older copy.
    pub(crate) fn contradicts(&self, claim: &Claim) -> bool {
        let is_known = self.start != 0 && self.start != claim.start;
        // A process that was heard of, and has told no generation, was not asked for its claim: what it left on disk for this node is the
        // lease from before it was heard.
        let has_told = self.generation != 0;
        // A directory has a generation once, so two processes of one generation are on two copies.
        is_known && has_told && (claim.lease < self.clock || claim.generation <= self.generation)
    }

    /// The name of the local fact that holds a host's sighting.
    pub(crate) fn fact(host: HostId) -> String {
        format!("{FACT_PREFIX}{host}")
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = vec![FORMAT];
        out.extend_from_slice(&self.generation.to_be_bytes());
        out.extend_from_slice(&self.start.to_be_bytes());
        out.extend_from_slice(&self.clock.to_be_bytes());
        out.into()
    }

    /// Reads what [`Sighting::encode`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Sighting> {
        let (format, rest) = bytes.split_first()?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (start, clock) = rest.split_first_chunk()?;
        let (generation, start) = (u64::from_be_bytes(*generation), u32::from_be_bytes(*start));
        let sighting = Sighting { generation, start, clock: Micros::from_be_bytes(clock.try_into().ok()?) };
        (*format == FORMAT).then_some(sighting)
    }
}

/// The sighting of a host, for all cores.
#[derive(Debug, Default)]
struct SightingCell {
    generation: AtomicU64,
    start: AtomicU32,
    clock: AtomicI64,
    /// The start that has said that it ends; 0 for none.
    ended_start: AtomicU32,
    /// As it is on disk.
    stored: Mutex<Sighting>,
}

impl SightingCell {
    fn of(sighting: Sighting) -> SightingCell {
        let Sighting { generation, start, clock } = sighting;
        SightingCell {
            generation: generation.into(),
            start: start.into(),
            clock: clock.into(),
            ended_start: AtomicU32::default(),
            stored: Mutex::new(sighting),
        }
    }

    fn get(&self) -> Sighting {
        Sighting {
            generation: self.generation.load(Ordering::Acquire),
            start: self.start.load(Ordering::Acquire),
            clock: self.clock.load(Ordering::Acquire),
        }
    }

    /// True if `start` is the admitted one. The first that is ever heard of a host is.
    fn is_admitted(&self, start: u32) -> bool {
        match self.start.load(Ordering::Acquire) {
            0 => match self.start.compare_exchange(0, start, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => true,
                Err(admitted) => admitted == start,
            },
            admitted => admitted == start,
        }
    }

    fn raise_clock(&self, clock: Micros) {
        // Most messages carry a clock that another has carried already.
        if self.clock.load(Ordering::Relaxed) < clock {
            self.clock.fetch_max(clock, Ordering::AcqRel);
        }
    }
}

/// The sightings of all members.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    cells: ArcSwap<BTreeMap<HostId, Arc<SightingCell>>>,
    /// Hosts that are no members any more, and whose facts have yet to be removed.
    forgotten: Mutex<Vec<HostId>>,
}

impl Sightings {
    /// Sets who the members are. What is not a member is forgotten.
    pub(crate) fn set_members(&self, members: impl Iterator<Item = HostId>) {
        let before = self.cells.load_full();
        let cell = |host| (host, before.get(&host).cloned().unwrap_or_default());
        let after: BTreeMap<HostId, Arc<SightingCell>> = members.map(cell).collect();
        self.forgotten.lock().extend(before.keys().filter(|host| !after.contains_key(host)));
        self.cells.store(Arc::new(after));
    }

    /// Puts back what the disk holds of a member. Only before anything is heard of it.
    pub(crate) fn restore(&self, host: HostId, sighting: Sighting) {
        let mut cells = BTreeMap::clone(&self.cells.load());
        cells.insert(host, Arc::new(SightingCell::of(sighting)));
        self.cells.store(Arc::new(cells));
    }

    /// The members.
    pub(crate) fn hosts(&self) -> Vec<HostId> {
        self.cells.load().keys().copied().collect()
    }

    /// The last that was seen of a member; `None` of another host.
    pub(crate) fn get(&self, host: HostId) -> Option<Sighting> {
        self.cells.load().get(&host).map(|cell| cell.get())
    }

    /// Takes in the start and the clock of a message; false if the message is of a process that is not admitted.
    pub(crate) fn sight(&self, host: HostId, start: u32, clock: Micros) -> bool {
        // A host that is no member has no process to admit; what it may send is another question.
        let cells = self.cells.load();
        let Some(cell) = cells.get(&host) else { return true };
        let is_admitted = cell.is_admitted(start);
        if is_admitted {
            cell.raise_clock(clock);
        }
        is_admitted
    }

    /// Admits the process of a claim, in place of the one before. The caller has it on disk.
    pub(crate) fn admit(&self, host: HostId, sighting: Sighting) {
        let cells = self.cells.load();
        let Some(cell) = cells.get(&host) else { return };
        cell.generation.store(sighting.generation, Ordering::Release);
        cell.raise_clock(sighting.clock);
        cell.start.store(sighting.start, Ordering::Release);
        *cell.stored.lock() = sighting;
    }

    /// Records that the admitted process of a host ends, and the last lease of its clock: an older copy of its disk has an earlier one.
    pub(crate) fn record_end(&self, host: HostId, lease: Micros) {
        let cells = self.cells.load();
        let Some(cell) = cells.get(&host) else { return };
        cell.raise_clock(lease);
        cell.ended_start.store(cell.start.load(Ordering::Acquire), Ordering::Release);
    }

    /// True if the admitted process of a host has said that it ends.
    pub(crate) fn has_ended(&self, host: HostId) -> bool {
        let cells = self.cells.load();
        cells.get(&host).is_some_and(|cell| {
            let start = cell.start.load(Ordering::Acquire);
            start != 0 && cell.ended_start.load(Ordering::Acquire) == start
        })
    }

    /// The sightings that the disk does not hold as they are, and the hosts whose sightings it holds in vain.
    pub(crate) fn changes(&self) -> (Vec<(HostId, Sighting)>, Vec<HostId>) {
        let cells = self.cells.load();
        let current = cells.iter().map(|(host, cell)| (*host, cell.get(), *cell.stored.lock()));
        let changed = current.filter(|(_, now, stored)| now != stored).map(|(host, now, _)| (host, now));
        (changed.collect(), self.forgotten.lock().clone())
    }

    /// Records that the disk holds changes.
    pub(crate) fn record_stored(&self, changed: &[(HostId, Sighting)], forgotten: &[HostId]) {
        let cells = self.cells.load();
        for (host, sighting) in changed {
            if let Some(cell) = cells.get(host) {
                *cell.stored.lock() = *sighting;
            }
        }
        self.forgotten.lock().retain(|host| !forgotten.contains(host));
    }
}

#[cfg(test)]
mod tests;
