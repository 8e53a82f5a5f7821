//! Batches under way on disk, oldest first: what their coordinator may die over is replayed from here.
//!
//! Key: created, sign flipped (8 B) | id (16 B). Value: `crc32 of key and rest (LE) | count vint | (mutation vint-bytes)*`.

use crate::limits::BATCHES_READ_BYTES;
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use henge_base::{Bytes, Micros, Reader, Truncated, put_vint};

const KEY: usize = 24;
const CRC: usize = 4;
const SIGN: u64 = 1 << 63;

/// Names a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId {
    /// When its coordinator took it on.
    pub created: Micros,
    /// By chance.
    pub id: uuid::Uuid,
}

/// A batch all of whose mutations will be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBatch {
    /// Its name.
    pub id: BatchId,
    /// Encoded mutations.
    pub mutations: Vec<Bytes>,
}

pub(crate) fn add(engine: &dyn Engine, batch: &LoggedBatch) -> Result<(), EngineError> {
    let key = key(batch.id);
    let mut rest = Vec::new();
    put_vint(&mut rest, batch.mutations.len() as u64);
    for mutation in &batch.mutations {
        put_vint(&mut rest, mutation.len() as u64);
        rest.extend_from_slice(mutation);
    }
    let value = [&checksum(&key, &rest).to_le_bytes()[..], &rest].concat().into();
    let ops = vec![Op::Put { family: Family::Batchlog, key: Bytes::copy_from_slice(&key), value }];
    engine.write(&Batch { ops }, SyncMode::Synced).map(|_| ())
}

pub(crate) fn remove(engine: &dyn Engine, batch: BatchId) -> Result<(), EngineError> {
    let ops = vec![Op::Delete { family: Family::Batchlog, key: Bytes::copy_from_slice(&key(batch)) }];
    engine.write(&Batch { ops }, SyncMode::Unsynced).map(|_| ())
}

pub(crate) fn before(engine: &dyn Engine, moment: Micros, max: usize) -> Result<Vec<LoggedBatch>, EngineError> {
    let (mut found, mut bytes, mut broken) = (Vec::new(), 0, false);
    let end = sortable(moment);
    engine.scan(
        &ScanRange { family: Family::Batchlog, start: &[], end: &end, reversed: false },
        Tier::Disk,
        &mut |key, value| {
            match decode(key, value) {
                Some(batch) => found.push(batch),
                None => broken = true,
            }
            bytes += value.len();
            if found.len() >= max || bytes >= BATCHES_READ_BYTES { Flow::Stop } else { Flow::Continue }
        },
    )?;
    if broken {
        return Err(EngineError::Corrupt("a batch in the batch log is damaged".to_owned()));
    }
    Ok(found)
}

fn sortable(moment: Micros) -> [u8; 8] {
    (moment as u64 ^ SIGN).to_be_bytes()
}

fn key(batch: BatchId) -> [u8; KEY] {
    let mut key = [0; KEY];
    key[..8].copy_from_slice(&sortable(batch.created));
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
    let (crc, rest) = value.split_first_chunk::<CRC>()?;
    if u32::from_le_bytes(*crc) != checksum(key, rest) {
        return None;
    }
    let (created, id) = key.split_first_chunk::<8>()?;
    let id = BatchId { created: (u64::from_be_bytes(*created) ^ SIGN) as Micros, id: uuid::Uuid::from_slice(id).ok()? };
    Some(LoggedBatch { id, mutations: mutations(rest).ok()? })
}

fn mutations(rest: &[u8]) -> Result<Vec<Bytes>, Truncated> {
    let mut reader = Reader::new(rest);
    let count = reader.vint()?;
    let mut out = Vec::new();
    for _ in 0..count {
        out.push(Bytes::copy_from_slice(reader.vint_bytes()?));
    }
    Ok(out)
}
