//! A hash of the content of rows, not of their encoding: equal on replicas whose content is equal.
//!
//! Left out are deletions and expired values from before `purge_before`, rows without any content, columns that were
//! not
//! asked for, and the local time of a deletion. An expired value counts as a deletion of its timestamp.

use crate::row_codec::{CellKindView, CellView};
use crate::{Columns, Marker, RowBlock, RowError, RowView};
use henge_base::put_vint;
use std::fmt;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// A hash of 128 bits over the content of rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The hash of a row as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRowHash {
    /// The hash of key and content; 0 if all of it was left out.
    pub hash: u128,
    /// When the first deletion or expiry of those that count was, or will be; [`i64::MAX`] if there is none.
    pub oldest_kept: i64,
    /// When the last deletion or expiry of those that were left out was; [`i64::MIN`] if there is none.
    pub newest_left_out: i64,
}

/// Canonical forms of so many bytes are hashed at once: those of most answers, which need no state between rows then.
const AT_ONCE_BYTES: usize = 1_024;
/// Room for the canonical form of a row beside its key; larger ones grow.
const ROW_BYTES: usize = 256;

/// Digests rows one after another; the order of rows matters.
pub struct Digester {
    /// The hash of the rows before those in `rows`; `None` if these are all.
    hash: Option<Box<Xxh3>>,
    now_seconds: i64,
    purge_before: i64,
    /// The canonical forms of the latest rows, which are not hashed yet.
    rows: Vec<u8>,
}

/// The first byte of each entry in a row's canonical form.
mod tag {
    pub(super) const MARKER: u8 = 1;
    pub(super) const EXPIRING_MARKER: u8 = 2;
    pub(super) const EXPIRED_MARKER: u8 = 3;
    pub(super) const DELETION: u8 = 4;
    pub(super) const LIVE: u8 = 5;
    pub(super) const EXPIRING: u8 = 6;
    pub(super) const TOMBSTONE: u8 = 7;
    pub(super) const COMPLEX_DELETION: u8 = 8;
    pub(super) const END: u8 = 0;
}

impl Digester {
    /// Digests content as of `now_seconds`, without what was deleted or expired before `purge_before` (seconds).
    pub fn new(now_seconds: i64, purge_before: i64) -> Self {
        // A value that has not expired yet is never left out, however late `purge_before` is.
        let purge_before = purge_before.min(now_seconds);
        Digester { hash: None, now_seconds, purge_before, rows: Vec::new() }
    }

    /// For hashes of rows by [`Digester::stored_row`], without what was deleted or expired before `purge_before` (seconds).
    pub fn of_stored(purge_before: i64) -> Self {
        Digester { hash: None, now_seconds: i64::MIN, purge_before, rows: Vec::new() }
    }

    /// Adds the row at `key`.
    pub fn row(&mut self, key: &[u8], row: &RowView<'_>, columns: &Columns) {
        self.put_row(key, row, columns);
        if self.rows.len() > AT_ONCE_BYTES {
            self.hash.get_or_insert_default().update(&self.rows);
            self.rows.clear();
        }
    }

    /// Adds the canonical form of a row; nothing, if nothing is left of it.
    fn put_row(&mut self, key: &[u8], row: &RowView<'_>, columns: &Columns) {
        let (purge_before, start) = (self.purge_before, self.rows.len());
        self.rows.reserve(key.len() + ROW_BYTES);
        put_bytes(&mut self.rows, key);
        let head = self.rows.len();
        if let Some(marker) = row.marker().filter(|m| !m.is_purgeable(purge_before)) {
            self.put_marker(&marker);
        }
        if let Some(deletion) = row.deletion().filter(|d| d.local_seconds >= purge_before) {
            self.put_entry(tag::DELETION, deletion.timestamp);
        }
        for cell in row.cells().filter(|c| columns.contains(c.column, c.timestamp) && !c.is_purgeable(purge_before)) {
            self.put_cell(&cell);
        }
        if self.rows.len() > head {
            self.rows.push(tag::END);
        } else {
            self.rows.truncate(start);
        }
    }

    /// The hash of one row for comparing what replicas have stored; `None` if nothing is left of it. As in a digest of `purge_before`,
    /// but an expired value counts as it is stored, so that the hash does not change with time.
    pub fn stored_row(&mut self, key: &[u8], row: &RowView<'_>) -> Option<StoredRowHash> {
        debug_assert!(self.now_seconds == i64::MIN, "made by `of_stored`");
        let (mut oldest_kept, mut newest_left_out) = (i64::MAX, i64::MIN);
        let mut note = |ends: Option<i64>| match ends {
            Some(at) if at < self.purge_before => newest_left_out = newest_left_out.max(at),
            Some(at) => oldest_kept = oldest_kept.min(at),
            None => {}
        };
        note(row.marker().and_then(|marker| marker.expiry).map(|(_, expires)| expires));
        note(row.deletion().map(|deletion| deletion.local_seconds));
        row.cells().for_each(|cell| note(cell.purgeable_from()));
        self.rows.clear();
        self.put_row(key, row, &Columns::All);
        let hash = if self.rows.is_empty() { 0 } else { xxh3_128(&self.rows) };
        let is_left_out = self.rows.is_empty() && newest_left_out == i64::MIN;
        (!is_left_out).then_some(StoredRowHash { hash, oldest_kept, newest_left_out })
    }

    /// Adds the rows and the context of an answer.
    pub fn block(&mut self, block: &RowBlock, columns: &Columns) -> Result<(), RowError> {
        for (key, row) in block.rows.iter().chain(&block.context) {
            self.row(key, &RowView::parse_trusted(row)?, columns);
        }
        Ok(())
    }

    /// The digest of all rows added so far.
    pub fn finish(self) -> Digest {
        let hash = match self.hash {
            Some(mut hash) => {
                hash.update(&self.rows);
                hash.digest128()
            }
            None => xxh3_128(&self.rows),
        };
        Digest(hash.to_be_bytes())
    }

    fn put_marker(&mut self, marker: &Marker) {
        match marker.expiry {
            None => self.put_entry(tag::MARKER, marker.timestamp),
            Some(_) if !marker.is_live(self.now_seconds) => self.put_entry(tag::EXPIRED_MARKER, marker.timestamp),
            Some((ttl, expires)) => {
                self.put_entry(tag::EXPIRING_MARKER, marker.timestamp);
                self.put_expiry(ttl, expires);
            }
        }
    }

    fn put_cell(&mut self, cell: &CellView<'_>) {
        let tag = match cell.kind {
            CellKindView::ComplexDeletion { .. } => tag::COMPLEX_DELETION,
            CellKindView::Live { .. } => tag::LIVE,
            CellKindView::Expiring { .. } if cell.live_value(self.now_seconds).is_some() => tag::EXPIRING,
            CellKindView::Expiring { .. } | CellKindView::Tombstone { .. } => tag::TOMBSTONE,
        };
        self.put_entry(tag, cell.timestamp);
        self.rows.extend_from_slice(&cell.column.0.to_be_bytes());
        put_bytes(&mut self.rows, cell.path);
        if let Some(value) = cell.live_value(self.now_seconds) {
            if let CellKindView::Expiring { ttl, expires, .. } = cell.kind {
                self.put_expiry(ttl, expires);
            }
            put_bytes(&mut self.rows, value);
        }
    }

    fn put_entry(&mut self, tag: u8, timestamp: i64) {
        self.rows.push(tag);
        self.rows.extend_from_slice(&timestamp.to_be_bytes());
    }

    fn put_expiry(&mut self, ttl: u32, expires: i64) {
        self.rows.extend_from_slice(&ttl.to_be_bytes());
        self.rows.extend_from_slice(&expires.to_be_bytes());
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_vint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests;
