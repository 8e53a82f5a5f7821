//! The state of acceptors on disk, one row for each partition that was ever written under a condition. It is opaque here: bytes with a
//! checksum, so that a flipped bit is an error.
//!
//! Key: the prefix of the partition's keys. Value: `crc32 of key and state (LE) | format | state`.

use crate::export::{ExportCursor, ExportPage};
use crate::{Engine, EngineError, Family, Flow, MemoryOutcome, ScanRange, Tier};
use henge_base::Bytes;
use henge_model::{Key, StorageId, TokenRange};

/// The only format there is.
const FORMAT: u8 = 1;
/// Bytes of the checksum and the format.
const HEADER_BYTES: usize = 5;

pub(crate) fn row(prefix: &[u8], state: &[u8]) -> (Family, Bytes, Bytes) {
    let value = [&checksum(prefix, state).to_le_bytes()[..], &[FORMAT], state].concat();
    (Family::Paxos, Bytes::copy_from_slice(prefix), value.into())
}

/// The removal of a state as the combiner writes it.
pub(crate) fn removal(prefix: &[u8]) -> (Family, Bytes, Bytes) {
    (Family::Paxos, Bytes::copy_from_slice(prefix), Bytes::new())
}

/// The state of a partition's acceptor, if it has one. `None`: not in memory, which [`Tier::Disk`] never answers.
pub(crate) fn get(engine: &dyn Engine, prefix: &[u8], tier: Tier) -> Result<Option<Option<Bytes>>, EngineError> {
    let mut found = Ok(None);
    let mut hit = |value: Option<&[u8]>| found = value.map(|value| decode_state(prefix, value)).transpose();
    match tier {
        Tier::Disk => engine.get(Family::Paxos, prefix, &mut hit)?,
        Tier::Memory => {
            if engine.try_get(Family::Paxos, prefix, &mut hit)? == MemoryOutcome::WouldBlock {
                return Ok(None);
            }
        }
    }
    found.map(Some)
}

/// A page of states in a range of the ring, by the prefixes of their partitions: at most `bytes_max`, or one that is larger. A damaged
/// state is an error: what it promised is unknown.
pub(crate) fn page(
    engine: &dyn Engine,
    table: StorageId,
    tokens: TokenRange,
    after: Option<&ExportCursor>,
    bytes_max: usize,
) -> Result<ExportPage, EngineError> {
    let (mut page, mut bytes, mut damaged) = (ExportPage::default(), 0, None);
    for part in tokens.split_at_wrap() {
        let (start, end) = Key::table_range(table, part.start, part.end);
        let Some(start) = ExportCursor::start(after, start, &end) else { continue };
        let range = ScanRange { family: Family::Paxos, start: &start, end: &end, reversed: false };
        let mut more = false;
        engine.scan(&range, Tier::Disk, &mut |key, value| {
            bytes += key.len() + value.len();
            more = !page.rows.is_empty() && bytes > bytes_max;
            if more {
                return Flow::Stop;
            }
            match decode_state(key, value) {
                Ok(state) => page.rows.push((Bytes::copy_from_slice(key), state)),
                Err(error) => damaged = Some(error),
            }
            if damaged.is_none() { Flow::Continue } else { Flow::Stop }
        })?;
        if let Some(error) = damaged {
            return Err(error);
        }
        if more {
            page.next = page.rows.last().map(|(key, _)| ExportCursor::behind(key.clone()));
            break;
        }
    }
    Ok(page)
}

fn decode_state(prefix: &[u8], value: &[u8]) -> Result<Bytes, EngineError> {
    let damaged = || EngineError::Corrupt("the state of an acceptor is damaged".to_owned());
    let (header, state) = value.split_first_chunk::<HEADER_BYTES>().ok_or_else(damaged)?;
    let [a, b, c, d, FORMAT] = *header else { return Err(damaged()) };
    if u32::from_le_bytes([a, b, c, d]) != checksum(prefix, state) {
        return Err(damaged());
    }
    Ok(Bytes::copy_from_slice(state))
}

fn checksum(prefix: &[u8], state: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(prefix);
    hasher.update(state);
    hasher.finalize()
}
