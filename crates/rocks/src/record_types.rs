//! A check of RocksDB's logs before RocksDB opens them. The log reader of RocksDB 11 loops for ever on a record whose
//! type byte is that of a recycled log, which a single flipped bit can cause. Henge never recycles logs, so such a type
//! is damage.

use crate::error::OpenError;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes of a block of the log. Records do not cross blocks.
const BLOCK_BYTES: usize = 32 << 10;
/// Bytes of a record's header: checksum (4), length (2), type (1).
const HEADER_BYTES: usize = 7;
/// The record types of recycled logs, from RocksDB's `log_format.h`.
const RECYCLED_TYPES: [u8; 6] = [5, 6, 7, 8, 11, 131];

/// Checks the manifests and logs in a directory, if it exists.
pub(crate) fn check_logs(directory: &Path) -> Result<(), OpenError> {
    let failed = |reason: String| OpenError { path: directory.to_owned(), reason };
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_log = name.ends_with(".log");
        if !is_log && !name.starts_with("MANIFEST-") {
            continue;
        }
        let damage = File::open(&path).and_then(find_damage).map_err(|e| failed(format!("{}: {e}", path.display())))?;
        if let Some(offset) = damage {
            let remedy = if is_log {
                "restore the data directory from a snapshot; to go on with what comes before, cut the file there"
            } else {
                "restore the data directory from a snapshot"
            };
            return Err(failed(format!("{} is damaged at byte {offset}; {remedy}", path.display())));
        }
    }
    Ok(())
}

/// The offset of the first record of a recycled type. RocksDB finds all other damage itself.
fn find_damage(file: impl Read) -> io::Result<Option<u64>> {
    let mut reader = BufReader::with_capacity(8 * BLOCK_BYTES, file);
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut start = 0;
    loop {
        block.clear();
        let length = reader.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if let Some(at) = find_damage_in_block(&block) {
            return Ok(Some(start + at as u64));
        }
        if length < BLOCK_BYTES {
            return Ok(None);
        }
        start += length as u64;
    }
}

fn find_damage_in_block(block: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(header) = block.get(at..at + HEADER_BYTES) {
        let (length, kind) = (usize::from(u16::from_le_bytes([header[4], header[5]])), header[6]);
        if RECYCLED_TYPES.contains(&kind) {
            return Some(at);
        }
        at += HEADER_BYTES + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, length: usize) -> Vec<u8> {
        let mut out = vec![9; HEADER_BYTES + length];
        out[4..6].copy_from_slice(&(length as u16).to_le_bytes());
        out[6] = kind;
        out
    }

    #[test]
    fn a_type_that_was_never_written_is_found_wherever_it_is() {
        let full = record(1, 1_000);
        let mut blocks = Vec::new();
        for _ in 0..3 {
            let mut block: Vec<u8> = full.repeat(32);
            block.resize(BLOCK_BYTES, 0);
            blocks.extend(block);
        }
        assert_eq!(find_damage(&blocks[..]).unwrap(), None);
        for number in [0, 1, 40, 95] {
            let mut damaged = blocks.clone();
            let at = number / 32 * BLOCK_BYTES + number % 32 * full.len();
            damaged[at + 6] ^= 4;
            assert_eq!(find_damage(&damaged[..]).unwrap(), Some(at as u64), "record {number}");
        }
        assert_eq!(find_damage(&blocks[..BLOCK_BYTES + 500]).unwrap(), None, "a torn tail is no damage");
    }
}
