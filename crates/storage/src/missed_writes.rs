//! Writes that a replica missed and is owed no more: by table, part of the ring and replica, how many, and from when to when. A repair
//! of these parts brings what they held.
//!
//! Local fact `missed/`, storage id (4), part (1), host id (16): format (1, `01`), number, first and last time in microseconds (8 each).

use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use henge_base::{Bytes, HostId, Micros};
use henge_model::{Key, StorageId, Token};
use parking_lot::Mutex;
use std::collections::BTreeMap;

const NAME: &[u8] = b"missed/";
const FORMAT: u8 = 1;
const VALUE_BYTES: usize = 25;
/// Bytes of a key behind its name.
const KEY_BYTES: usize = 21;

/// A table's rows in one of 256 equal parts of the ring, on one replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissedRange {
    /// The table.
    pub table: StorageId,
    /// The part, counted from the lowest token.
    pub part: u8,
    /// The replica.
    pub host: HostId,
}

impl MissedRange {
    /// The range that a row of this key belongs to; `None` if the key names none.
    pub fn of_row(key: &[u8], host: HostId) -> Option<MissedRange> {
        let (table, token) = Key::storage_id(key).zip(Key::token(key))?;
        Some(MissedRange { table, part: part_of(token), host })
    }

    /// The first and the last token.
    pub fn tokens(self) -> (Token, Token) {
        let first = (u64::from(self.part) << 56) ^ (1 << 63);
        (Token(first as i64), Token((first | (u64::MAX >> 8)) as i64))
    }

    fn key(self) -> Bytes {
        [NAME, &self.table.0.to_be_bytes(), &[self.part], self.host.0.as_bytes()].concat().into()
    }

    fn of_key(key: &[u8]) -> Option<MissedRange> {
        let rest = key.strip_prefix(NAME).filter(|rest| rest.len() == KEY_BYTES)?;
        let host = HostId(uuid::Uuid::from_bytes(rest[5..].try_into().ok()?));
        Some(MissedRange { table: Key::storage_id(rest)?, part: rest[4], host })
    }
}

fn part_of(token: Token) -> u8 {
    ((token.0 as u64 ^ (1 << 63)) >> 56) as u8
}

/// The writes that were missed in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissedWrites {
    /// Number of writes.
    pub count: u64,
    /// When the first was issued.
    pub first: Micros,
    /// When the last was issued.
    pub last: Micros,
}

impl MissedWrites {
    /// One write.
    pub fn one(issued: Micros) -> MissedWrites {
        MissedWrites { count: 1, first: issued, last: issued }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: MissedWrites) -> MissedWrites {
        MissedWrites {
            count: self.count.saturating_add(other.count),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    fn encode(self) -> Bytes {
        let mut value = Vec::with_capacity(VALUE_BYTES);
        value.push(FORMAT);
        value.extend_from_slice(&self.count.to_be_bytes());
        [self.first, self.last].iter().for_each(|time| value.extend_from_slice(&time.to_be_bytes()));
        value.into()
    }

    fn decode(value: &[u8]) -> Option<MissedWrites> {
        let (&FORMAT, rest) = value.split_first()? else { return None };
        let (numbers, rest) = rest.as_chunks::<8>();
        let [count, first, last] = numbers.try_into().ok().filter(|_| rest.is_empty())?;
        Some(MissedWrites {
            count: u64::from_be_bytes(count),
            first: Micros::from_be_bytes(first),
            last: Micros::from_be_bytes(last),
        })
    }
}

/// Keeps records from being changed by two at once.
#[derive(Debug, Default)]
pub(crate) struct MissedLog {
    alone: Mutex<()>,
}

impl MissedLog {
    /// Adds to what is recorded, synced.
    pub(crate) fn add(
        &self,
        engine: &dyn Engine,
        missed: &BTreeMap<MissedRange, MissedWrites>,
    ) -> Result<(), EngineError> {
        let _alone = self.alone.lock();
        let mut ops = Vec::with_capacity(missed.len());
        for (range, writes) in missed {
            let (key, mut before) = (range.key(), None);
            engine.get(Family::Local, &key, &mut |value| before = value.and_then(MissedWrites::decode))?;
            let value = before.map_or(*writes, |before| before.and(*writes)).encode();
            ops.push(Op::Put { family: Family::Local, key, value });
        }
        engine.write(&Batch { ops }, SyncMode::Synced).map(|_| ())
    }

    /// Removes records that are still as they were read.
    pub(crate) fn forget(
        &self,
        engine: &dyn Engine,
        missed: &[(MissedRange, MissedWrites)],
    ) -> Result<(), EngineError> {
        let _alone = self.alone.lock();
        let mut ops = Vec::new();
        for (range, writes) in missed {
            let (key, mut present) = (range.key(), None);
            engine.get(Family::Local, &key, &mut |value| present = value.and_then(MissedWrites::decode))?;
            if present == Some(*writes) {
                ops.push(Op::Delete { family: Family::Local, key });
            }
        }
        if ops.is_empty() { Ok(()) } else { engine.write(&Batch { ops }, SyncMode::Unsynced).map(|_| ()) }
    }

    /// Forgets the records of tables that are not `known`.
    pub(crate) fn forget_unknown(
        &self,
        engine: &dyn Engine,
        known: impl Fn(StorageId) -> bool,
    ) -> Result<(), EngineError> {
        let _alone = self.alone.lock();
        let gone = all(engine)?.into_iter().map(|(range, _)| range).filter(|range| !known(range.table));
        let ops: Vec<Op> = gone.map(|range| Op::Delete { family: Family::Local, key: range.key() }).collect();
        if ops.is_empty() { Ok(()) } else { engine.write(&Batch { ops }, SyncMode::Unsynced).map(|_| ()) }
    }
}

/// All records, by table and part.
pub(crate) fn all(engine: &dyn Engine) -> Result<Vec<(MissedRange, MissedWrites)>, EngineError> {
    let mut found = Vec::new();
    let range = ScanRange { family: Family::Local, start: NAME, end: &Key::prefix_end(NAME), reversed: false };
    engine.scan(&range, Tier::Disk, &mut |key, value| {
        found.extend(MissedRange::of_key(key).zip(MissedWrites::decode(value)));
        Flow::Continue
    })?;
    Ok(found)
}
