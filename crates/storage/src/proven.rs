//! The parts of tables that a session of anti-entropy has proven equal on all replicas, and the deletions that may be purged for that
//! reason (docs/protocols/anti-entropy.md).
//!
//! Local fact `proven/`, storage id (4): format (1, `02`), then for each part, ascending: start and end (8 each, big-endian, as tokens are),
//! epoch (lineage 4, index 8), proven until (8), and the floor: its seconds, the moment it counts from, the seconds before that, and its
//! epoch (8, 8, 8, 4, 8); then the time before which ballots are settled, and its epoch (8, 4, 8). Format `01` ends before that.

use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use arc_swap::ArcSwap;
use henge_base::{Bytes, Micros};
use henge_model::{Key, StorageId, StorageMap, Token, TokenRange};
use parking_lot::Mutex;
use std::sync::Arc;

const FACT_PREFIX: &[u8] = b"proven/";
const FORMAT: u8 = 2;
const PART_BYTES: usize = FIRST_PART_BYTES + 8 + 12;
/// The format before ballots were settled, and its bytes of a part.
const FIRST_FORMAT: u8 = 1;
const FIRST_PART_BYTES: usize = 16 + 12 + 8 + 24 + 12;
/// Parts of one table. Ranges are cut where they were proven apart, and grow together where they are proven together.
const PARTS_MAX: usize = 16_384;
/// `until` is written to disk when it enters another step of this length: what was proven since is proven again after a crash.
const UNTIL_STEP_US: Micros = 600_000_000;

/// A place in the metadata log: lineage and index.
pub type LogEpoch = (u32, u64);

/// The time before which deletions may be purged: all replicas have them, and refuse writes that they cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Deletions executed, and values expired, before this time (seconds) may be purged.
    pub before: i64,
    /// Reads made at this time (seconds) or later leave them out, whether they were purged or not.
    pub counts_from: i64,
    /// The floor of reads made before `counts_from` (seconds).
    pub previous: i64,
    /// The epoch of the session that proved it.
    pub epoch: LogEpoch,
}

impl Floor {
    /// No deletion may be purged.
    pub const NONE: Floor = Floor { before: i64::MIN, counts_from: i64::MIN, previous: i64::MIN, epoch: (0, 0) };

    /// The floor of a read that is made at `now_seconds`.
    pub fn at(&self, now_seconds: i64) -> i64 {
        if now_seconds >= self.counts_from { self.before } else { self.previous }
    }
}

/// The proof that holds for a part of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Every write that was issued before this time is on all replicas; 0 if nothing is proven.
    pub until: Micros,
    /// The epoch of the session that proved `until`.
    pub epoch: LogEpoch,
    /// The deletions that may be purged.
    pub floor: Floor,
    /// The conditional writes that need no acceptor any more.
    pub settled: SettledBallots,
}

impl Proven {
    /// Nothing is proven.
    pub const NOTHING: Proven = Proven { until: 0, epoch: (0, 0), floor: Floor::NONE, settled: SettledBallots::NONE };
}

/// The time before which rounds of Paxos have ended: what they decided is in the rows of all replicas, which refuse their ballots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledBallots {
    /// Ballots from before it are settled; 0 if none are known to be.
    pub before: Micros,
    /// The epoch of the session that showed it.
    pub epoch: LogEpoch,
}

impl SettledBallots {
    /// No ballot is known to be settled.
    pub const NONE: SettledBallots = SettledBallots { before: 0, epoch: (0, 0) };
}

/// The parts of one table, ascending and disjoint, none wraps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProvenParts(Vec<(TokenRange, Proven)>);

impl ProvenParts {
    /// The proof for a token; `None` if nothing was ever proven for it.
    pub(crate) fn of(&self, token: Token) -> Option<&Proven> {
        let at = self.0.partition_point(|(range, _)| range.end < token);
        self.0.get(at).filter(|(range, _)| range.start < token).map(|(_, proven)| proven)
    }

    /// Cuts a range, which does not wrap, into pieces for each of which one proof holds.
    pub(crate) fn pieces(&self, range: TokenRange) -> Vec<(TokenRange, Proven)> {
        let (mut pieces, mut start) = (Vec::new(), range.start);
        let first = self.0.partition_point(|(part, _)| part.end <= range.start);
        for (part, proven) in self.0[first..].iter().take_while(|(part, _)| part.start < range.end) {
            if part.start > start {
                pieces.push((TokenRange { start, end: part.start }, Proven::NOTHING));
                start = part.start;
            }
            let end = part.end.min(range.end);
            pieces.push((TokenRange { start, end }, *proven));
            start = end;
        }
        if start < range.end {
            pieces.push((TokenRange { start, end: range.end }, Proven::NOTHING));
        }
        pieces
    }

    /// Changes the proofs for ranges, which do not wrap. Neighbours with equal proofs become one part.
    fn change(&mut self, ranges: &[TokenRange], change: impl Fn(Proven) -> Proven) {
        let mut parts: Vec<(TokenRange, Proven)> = Vec::with_capacity(self.0.len() + ranges.len());
        let mut sorted = ranges.to_vec();
        sorted.sort_by_key(|range| range.start);
        let mut next = Token::MIN;
        for range in sorted {
            let range = TokenRange { start: range.start.max(next), end: range.end };
            if range.start >= range.end {
                continue;
            }
            parts.extend(self.known_pieces(TokenRange { start: next, end: range.start }));
            parts.extend(self.pieces(range).into_iter().map(|(piece, proven)| (piece, change(proven))));
            next = range.end;
        }
        parts.extend(self.known_pieces(TokenRange { start: next, end: Token::MAX }));
        self.0.clear();
        for (part, proven) in parts {
            match self.0.last_mut() {
                Some((last, same)) if last.end == part.start && *same == proven => last.end = part.end,
                _ => self.0.push((part, proven)),
            }
        }
        self.0.truncate(PARTS_MAX);
    }

    fn known_pieces(&self, range: TokenRange) -> impl Iterator<Item = (TokenRange, Proven)> {
        let pieces = if range.start < range.end { self.pieces(range) } else { Vec::new() };
        pieces.into_iter().filter(|(_, proven)| *proven != Proven::NOTHING)
    }

    fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(1 + self.0.len() * PART_BYTES);
        out.push(FORMAT);
        for (range, proven) in &self.0 {
            let mut put = |number: i64| out.extend_from_slice(&number.to_be_bytes());
            [range.start.0, range.end.0, proven.until].into_iter().for_each(&mut put);
            let floor = proven.floor;
            [floor.before, floor.counts_from, floor.previous].into_iter().for_each(&mut put);
            let put_epoch = |(lineage, index): LogEpoch, out: &mut Vec<u8>| {
                out.extend_from_slice(&lineage.to_be_bytes());
                out.extend_from_slice(&index.to_be_bytes());
            };
            put_epoch(proven.epoch, &mut out);
            put_epoch(floor.epoch, &mut out);
            out.extend_from_slice(&proven.settled.before.to_be_bytes());
            put_epoch(proven.settled.epoch, &mut out);
        }
        out.into()
    }

    fn decode(value: &[u8]) -> Option<ProvenParts> {
        let (format, rest) = value.split_first()?;
        let part_bytes = match *format {
            FORMAT => PART_BYTES,
            FIRST_FORMAT => FIRST_PART_BYTES,
            _ => return None,
        };
        let parts = rest.chunks_exact(part_bytes);
        let rest = parts.remainder();
        let part = |part: &[u8]| {
            let number = |at: usize| i64::from_be_bytes(std::array::from_fn(|i| part[at + i]));
            let epoch = |at: usize| (u32::from_be_bytes(std::array::from_fn(|i| part[at + i])), number(at + 4) as u64);
            let range = TokenRange { start: Token(number(0)), end: Token(number(8)) };
            let floor = Floor { before: number(24), counts_from: number(32), previous: number(40), epoch: epoch(60) };
            let settled = match part.len() {
                PART_BYTES => SettledBallots { before: number(72), epoch: epoch(80) },
                _ => SettledBallots::NONE,
            };
            (range, Proven { until: number(16), epoch: epoch(48), floor, settled })
        };
        let parts: Vec<_> = parts.map(part).collect();
        let is_ordered = parts.iter().all(|(range, _)| range.start < range.end)
            && parts.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start);
        (rest.is_empty() && is_ordered && parts.len() <= PARTS_MAX).then_some(ProvenParts(parts))
    }
}

/// The parts of all tables.
#[derive(Debug, Default)]
pub(crate) struct ProvenTables {
    tables: ArcSwap<StorageMap<Arc<ProvenParts>>>,
    /// Held during a change, so that memory and disk change in the same order.
    changing: Mutex<()>,
}

impl ProvenTables {
    /// Reads what is on disk.
    pub(crate) fn open(engine: &dyn Engine) -> Result<ProvenTables, EngineError> {
        let (mut tables, mut broken) = (StorageMap::default(), false);
        let range = ScanRange {
            family: Family::Local,
            start: FACT_PREFIX,
            end: &Key::prefix_end(FACT_PREFIX),
            reversed: false,
        };
        engine.scan(&range, Tier::Disk, &mut |key, value| {
            match Key::storage_id(&key[FACT_PREFIX.len()..]).zip(ProvenParts::decode(value)) {
                Some((table, parts)) => _ = tables.insert(table, Arc::new(parts)),
                None => broken = true,
            }
            Flow::Continue
        })?;
        match broken {
            true => Err(EngineError::Corrupt("what was proven of a table cannot be read".to_owned())),
            false => Ok(ProvenTables { tables: ArcSwap::from_pointee(tables), changing: Mutex::default() }),
        }
    }

    /// The parts of a table.
    pub(crate) fn parts(&self, table: StorageId) -> Option<Arc<ProvenParts>> {
        self.tables.load().get(table).cloned()
    }

    /// Changes the proofs for ranges of a table. A changed floor, and settled ballots, are on disk, synced, before reads and acceptors go by
    /// them.
    pub(crate) fn change(
        &self,
        engine: &dyn Engine,
        table: StorageId,
        ranges: &[TokenRange],
        change: impl Fn(Proven) -> Proven,
    ) -> Result<(), EngineError> {
        let _changing = self.changing.lock();
        let before = self.parts(table).unwrap_or_default();
        let mut after = ProvenParts::clone(&before);
        after.change(ranges, change);
        if after == *before {
            return Ok(());
        }
        let is_promised = |known: &Proven, now: &Proven| known.floor != now.floor || known.settled != now.settled;
        let floor_changes = after
            .0
            .iter()
            .any(|(range, proven)| before.pieces(*range).iter().any(|(_, known)| is_promised(known, proven)));
        let step = |proven: &Proven| proven.until.div_euclid(UNTIL_STEP_US);
        let step_changes = after
            .0
            .iter()
            .any(|(range, proven)| before.pieces(*range).iter().any(|(_, known)| step(known) != step(proven)));
        if floor_changes || step_changes {
            let sync = if floor_changes { SyncMode::Synced } else { SyncMode::Unsynced };
            let (key, value) = (fact_name(table), after.encode());
            engine.write(&Batch { ops: vec![Op::Put { family: Family::Local, key, value }] }, sync)?;
        }
        self.tables.rcu(|tables| {
            let mut tables = StorageMap::clone(tables);
            tables.insert(table, Arc::new(after.clone()));
            tables
        });
        Ok(())
    }

    /// Removes the proofs for tables that are not `known`.
    pub(crate) fn forget_unknown(
        &self,
        engine: &dyn Engine,
        known: impl Fn(StorageId) -> bool,
    ) -> Result<(), EngineError> {
        let _changing = self.changing.lock();
        let gone: Vec<StorageId> = self.tables.load().iter().map(|(id, _)| id).filter(|id| !known(*id)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let ops = gone.iter().map(|id| Op::Delete { family: Family::Local, key: fact_name(*id) }).collect();
        engine.write(&Batch { ops }, SyncMode::Unsynced)?;
        self.tables.rcu(|tables| {
            let mut tables = StorageMap::clone(tables);
            gone.iter().for_each(|id| _ = tables.remove(*id));
            tables
        });
        Ok(())
    }
}

fn fact_name(table: StorageId) -> Bytes {
    [FACT_PREFIX, &table.0.to_be_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelEngine;

    const TABLE: StorageId = StorageId(7);

    const fn range(start: i64, end: i64) -> TokenRange {
        TokenRange { start: Token(start), end: Token(end) }
    }

    fn until(until: Micros) -> impl Fn(Proven) -> Proven {
        move |proven| Proven { until, ..proven }
    }

    fn pieces_of(parts: &ProvenParts, of: TokenRange) -> Vec<(i64, i64, Micros)> {
        parts.pieces(of).iter().map(|(range, proven)| (range.start.0, range.end.0, proven.until)).collect()
    }

    #[test]
    fn ranges_are_cut_where_they_were_proven_apart_and_grow_together_again() {
        let mut parts = ProvenParts::default();
        parts.change(&[range(0, 10), range(20, 30)], until(1));
        parts.change(&[range(5, 25)], until(2));
        assert_eq!(pieces_of(&parts, range(-5, 40)), [(-5, 0, 0), (0, 5, 1), (5, 25, 2), (25, 30, 1), (30, 40, 0)]);
        assert_eq!(
            [0, 1, 5, 6, 30, 31].map(|token| parts.of(Token(token)).map(|p| p.until)),
            [None, Some(1), Some(1), Some(2), Some(1), None]
        );
        assert_eq!(ProvenParts::decode(&parts.encode()).as_ref(), Some(&parts));
        parts.change(&[range(25, 40), range(0, 25)], until(3));
        assert_eq!(pieces_of(&parts, range(1, 39)), [(1, 39, 3)]);
        assert_eq!(ProvenParts::decode(&parts.encode()[1..]), None);
    }

    #[test]
    fn parts_without_settled_ballots_are_read() {
        let part = [[0; 7].as_slice(), &[2], &[0; 7], &[9], &[0; 56]].concat();
        let parts = ProvenParts::decode(&[&[FIRST_FORMAT][..], &part].concat()).unwrap();
        let pieces = parts.pieces(range(2, 9));
        assert_eq!((pieces.len(), pieces[0].0, pieces[0].1.settled), (1, range(2, 9), SettledBallots::NONE));
        assert_eq!(ProvenParts::decode(&[&[FORMAT][..], &part].concat()), None);
    }

    #[test]
    fn a_floor_is_on_disk_before_it_is_known_and_leaves_with_its_table() {
        let engine = ModelEngine::new();
        let tables = ProvenTables::open(&engine).unwrap();
        let floor = Floor { before: 50, counts_from: 60, previous: 10, epoch: (1, 9) };
        tables.change(&engine, TABLE, &[range(0, 10)], |proven| Proven { floor, until: 5, ..proven }).unwrap();
        tables.change(&engine, TABLE, &[range(0, 10)], until(7)).unwrap();
        assert_eq!(tables.parts(TABLE).unwrap().of(Token(3)).unwrap().until, 7);
        let again = ProvenTables::open(&engine).unwrap();
        let proven = *again.parts(TABLE).unwrap().of(Token(3)).unwrap();
        assert_eq!((proven.floor, proven.until), (floor, 5), "what is proven after that is proven anew");
        assert_eq!((floor.at(59), floor.at(60)), (10, 50));
        let settled = SettledBallots { before: 77, epoch: (1, 9) };
        again.change(&engine, TABLE, &[range(0, 10)], |proven| Proven { settled, ..proven }).unwrap();
        let again = ProvenTables::open(&engine).unwrap();
        let proven = *again.parts(TABLE).unwrap().of(Token(3)).unwrap();
        assert_eq!((proven.floor, proven.settled), (floor, settled));
        again.forget_unknown(&engine, |_| false).unwrap();
        assert_eq!(again.parts(TABLE), None);
        assert_eq!(ProvenTables::open(&engine).unwrap().parts(TABLE), None);
    }
}
