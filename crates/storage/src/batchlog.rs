//! The batch log: logged batches on disk, oldest first, until all of their mutations are applied. If a coordinator dies before that,
//! its batches are replayed from here.
//!
//! Key: created, sign flipped (8 B) | id (16 B). Value: `crc32 of key and rest (LE) | count vint | (mutation vint-bytes)* |
//! lineage vint | index vint`. The last two are absent in old entries, whose place is zero.

use crate::limits::BATCHES_READ_BYTES_MAX;
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use henge_base::{Bytes, Micros, Reader, TruncatedInput, put_vint};

const KEY_BYTES: usize = 24;
const CRC_BYTES: usize = 4;
/// Flipping the sign makes times sort as unsigned bytes.
const SIGN_BIT: u64 = 1 << 63;

/// The identity of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId {
    /// The time at which its coordinator accepted it.
    pub created: Micros,
    /// Random.
    pub id: uuid::Uuid,
}

/// A batch all of whose mutations will be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBatch {
    /// Its identity.
    pub id: BatchId,
    /// The place of its coordinator in the metadata log: only a node that is as far knows all of its tables.
    pub place: LogPlace,
    /// Encoded mutations.
    pub mutations: Vec<Bytes>,
}

/// A place in the metadata log; later lineages are newer than all of earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPlace {
    /// The branch of the log.
    pub lineage: u32,
    /// Entries of it so far.
    pub index: u64,
}

/// A batch whose bytes are not what was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DamagedBatch {
    /// Its key.
    pub key: Bytes,
    /// The time at which its coordinator accepted it, if the key is intact.
    pub created: Option<Micros>,
}

/// A page of the batch log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchPage {
    /// The batches, oldest first.
    pub batches: Vec<LoggedBatch>,
    /// Damaged batches between them.
    pub damaged: Vec<DamagedBatch>,
    /// The last key of the page, if more batches may follow it; `None` at the end of the log.
    pub next: Option<Bytes>,
}

/// A batch as the combiner writes it.
pub(crate) fn row(batch: &LoggedBatch) -> (Family, Bytes, Bytes) {
    let key = key(batch.id);
    let mut rest = Vec::new();
    put_vint(&mut rest, batch.mutations.len() as u64);
    for mutation in &batch.mutations {
        put_vint(&mut rest, mutation.len() as u64);
        rest.extend_from_slice(mutation);
    }
    put_vint(&mut rest, u64::from(batch.place.lineage));
    put_vint(&mut rest, batch.place.index);
    let value = [&checksum(&key, &rest).to_le_bytes()[..], &rest].concat().into();
    (Family::Batchlog, Bytes::copy_from_slice(&key), value)
}

/// The end of a batch as the combiner writes it.
pub(crate) fn removal(batch: BatchId) -> (Family, Bytes, Bytes) {
    (Family::Batchlog, Bytes::copy_from_slice(&key(batch)), Bytes::new())
}

pub(crate) fn remove_key(engine: &dyn Engine, key: Bytes) -> Result<(), EngineError> {
    let ops = vec![Op::Delete { family: Family::Batchlog, key }];
    engine.write(&Batch { ops }, SyncMode::Unsynced).map(|_| ())
}

/// The batches behind the key `after` that were accepted before the time `before`: at most `max`, and no more than
/// [`BATCHES_READ_BYTES_MAX`] in all.
pub(crate) fn page(
    engine: &dyn Engine,
    after: Option<&Bytes>,
    before: Micros,
    max: usize,
) -> Result<BatchPage, EngineError> {
    let (mut page, mut bytes) = (BatchPage::default(), 0);
    // The first key behind another is that key with a zero.
    let start = after.map_or_else(Vec::new, |after| [&after[..], &[0]].concat());
    let end = sortable_time(before);
    if start.as_slice() >= &end[..] {
        return Ok(page);
    }
    let range = ScanRange { family: Family::Batchlog, start: &start, end: &end, reversed: false };
    engine.scan(&range, Tier::Disk, &mut |key, value| {
        match decode(key, value) {
            Some(batch) => page.batches.push(batch),
            None => page.damaged.push(DamagedBatch { key: Bytes::copy_from_slice(key), created: created_at(key) }),
        }
        bytes += value.len();
        if page.batches.len() + page.damaged.len() < max && bytes < BATCHES_READ_BYTES_MAX {
            return Flow::Continue;
        }
        page.next = Some(Bytes::copy_from_slice(key));
        Flow::Stop
    })?;
    Ok(page)
}

/// When the oldest batch was admitted.
pub(crate) fn oldest(engine: &dyn Engine) -> Result<Option<Micros>, EngineError> {
    let mut oldest = None;
    let range = ScanRange { family: Family::Batchlog, start: &[], end: &[], reversed: false };
    engine.scan(&range, Tier::Disk, &mut |key, _| {
        // A key that cannot be read counts as older than all.
        oldest = Some(created_at(key).unwrap_or(Micros::MIN));
        Flow::Stop
    })?;
    Ok(oldest)
}

fn created_at(key: &[u8]) -> Option<Micros> {
    let (created, _) = key.split_first_chunk::<8>().filter(|_| key.len() == KEY_BYTES)?;
    Some((u64::from_be_bytes(*created) ^ SIGN_BIT) as Micros)
}

fn sortable_time(time: Micros) -> [u8; 8] {
    (time as u64 ^ SIGN_BIT).to_be_bytes()
}

fn key(batch: BatchId) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key[..8].copy_from_slice(&sortable_time(batch.created));
    key[8..].copy_from_slice(batch.id.as_bytes());
    key
}

fn checksum(key: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize()
}

fn decode(key: &[u8], value: &[u8]) -> Option<LoggedBatch> {
    let (crc, rest) = value.split_first_chunk::<CRC_BYTES>()?;
    if u32::from_le_bytes(*crc) != checksum(key, rest) {
        return None;
    }
    let created = created_at(key)?;
    let id = BatchId { created, id: uuid::Uuid::from_slice(key.get(8..)?).ok()? };
    let (mutations, place) = decode_value(rest).ok()?;
    Some(LoggedBatch { id, place, mutations })
}

fn decode_value(rest: &[u8]) -> Result<(Vec<Bytes>, LogPlace), TruncatedInput> {
    let mut reader = Reader::new(rest);
    let count = reader.vint()?;
    let mut mutations = Vec::new();
    for _ in 0..count {
        mutations.push(Bytes::copy_from_slice(reader.vint_bytes()?));
    }
    if reader.is_empty() {
        return Ok((mutations, LogPlace::default()));
    }
    let lineage = u32::try_from(reader.vint()?).map_err(|_| TruncatedInput)?;
    Ok((mutations, LogPlace { lineage, index: reader.vint()? }))
}
