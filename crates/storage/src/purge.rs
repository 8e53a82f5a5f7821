//! Purging: the removal of deletions and expired values from before a given time, and of whatever they cover. The caller has made sure
//! that every replica has what was written before that time.
//!
//! A sweep goes through a table partition by partition. What is left of a partition's rows replaces them only if nobody wrote to the
//! partition meanwhile, which its stripe tells; otherwise the partition is left to the next sweep. A tombstone goes last, once the
//! sweep has been through every row that it covers with no write between. A write that arrives late, from before that time, is refused
//! by the table's fence, which is on disk before anything is purged.

use crate::limits::{SWEEP_REPLACED_BYTES_MAX, SWEEP_STEP_BYTES_MAX};
use crate::read::Source;
use crate::stripes::Stripe;
use crate::{Engine, EngineError, Family, Flow, ReadError, ScanRange, Tier};
use henge_base::{Bytes, hex};
use henge_model::{Columns, Covers, Key, KeyKind, RowView, StorageId, Strip, Token, strip_row};

/// A sweep under way.
#[derive(Debug)]
pub struct Sweep {
    table: StorageId,
    /// Deletions and expiries from before this time (seconds) are purged.
    before: i64,
    /// The key at which it continues.
    next: Vec<u8>,
    end: Vec<u8>,
    /// The partition that the last step stopped within.
    partition: Option<Partition>,
}

#[derive(Debug)]
struct Partition {
    prefix: Vec<u8>,
    /// The expected version of its stripe: each replacement of this sweep adds one. Any other version means that somebody else wrote.
    version: u64,
}

/// The prefix of a partition, and the version of its stripe; `None` if a write is under way, or came between two steps.
type FoundPartition = (Vec<u8>, Option<u64>);

/// The rows that a purge changes: keys with their new content; empty content removes the key.
#[derive(Debug)]
pub struct Replacement {
    pub(crate) rows: Vec<(Family, Bytes, Bytes)>,
    pub(crate) version: u64,
}

impl Replacement {
    /// The number of rows and tombstones that it changes.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

/// The result of one step of a sweep.
#[derive(Debug)]
pub enum SweepStep {
    /// Rows to replace. The caller queues them, and calls [`Sweep::skip_partition`] if they are refused.
    Found(Replacement),
    /// Nothing to replace within the bytes that one step may read.
    Nothing,
    /// The sweep has gone through the whole table.
    End,
}

impl Sweep {
    /// A sweep of a table, from its start.
    pub fn new(table: StorageId, before: i64) -> Sweep {
        let (next, end) = Key::table_range(table, Token::MIN, Token::MIN);
        Sweep { table, before, next, end, partition: None }
    }

    /// The table.
    pub fn table(&self) -> StorageId {
        self.table
    }

    /// Leaves the rest of the partition to the next sweep: its last replacement was refused.
    pub fn skip_partition(&mut self) {
        if let Some(partition) = self.partition.take() {
            self.next = Key::prefix_end(&partition.prefix);
        }
    }

    /// Takes a step of at most [`SWEEP_STEP_BYTES_MAX`] read bytes; for a disk lane.
    pub(crate) fn step(&mut self, source: &Source<'_>) -> Result<SweepStep, ReadError> {
        let mut read_bytes = 0;
        while read_bytes < SWEEP_STEP_BYTES_MAX {
            let Some((prefix, version)) = self.next_partition(source)? else { return Ok(SweepStep::End) };
            let Some(version) = version else {
                // What can be purged now can be purged by the next sweep, when nobody writes.
                self.partition = None;
                self.next = Key::prefix_end(&prefix);
                continue;
            };
            let tombstones = read_tombstones(source.engine, &prefix)?;
            let mut page = Page::new(self.before, &tombstones);
            let ended = page.purge_rows(source, &self.next, &Key::prefix_end(&prefix))?;
            read_bytes += page.read_bytes + prefix.len();
            match ended {
                Some(next) => self.next = next,
                None => {
                    page.purge_tombstones(&tombstones);
                    self.next = Key::prefix_end(&prefix);
                }
            }
            let rows = page.rows;
            let changed = u64::from(!rows.is_empty());
            let within = self.next.starts_with(&prefix);
            self.partition = within.then_some(Partition { prefix, version: version + changed });
            if !rows.is_empty() {
                return Ok(SweepStep::Found(Replacement { rows, version }));
            }
        }
        Ok(SweepStep::Nothing)
    }

    /// True if keys are left that the sweep has not read.
    pub(crate) fn has_more(&self, source: &Source<'_>) -> Result<bool, ReadError> {
        let any = |family| first_key(source.engine, family, &self.next, &self.end).map(|key| key.is_some());
        Ok(any(source.family)? || any(Family::Tombstones)?)
    }

    /// The partition to go on with, and its version if nobody else writes to it.
    fn next_partition(&mut self, source: &Source<'_>) -> Result<Option<FoundPartition>, ReadError> {
        if let Some(Partition { prefix, version }) = self.partition.take() {
            let undisturbed = source.stripes.quiet(Stripe::of(&prefix)) == Some(version);
            return Ok(Some((prefix, undisturbed.then_some(version))));
        }
        let first = |family| first_key(source.engine, family, &self.next, &self.end);
        let (row, tombstone) = (first(source.family)?, first(Family::Tombstones)?);
        let Some(key) = row.into_iter().chain(tombstone).min() else { return Ok(None) };
        let Some(length) = Key::partition(&key) else {
            return Err(EngineError::Corrupt(format!("no partition in the key {}", hex(&key))).into());
        };
        let prefix = key[..length].to_vec();
        let version = source.stripes.quiet(Stripe::of(&prefix));
        self.next.clone_from(&prefix);
        Ok(Some((prefix, version)))
    }
}

fn first_key(engine: &dyn Engine, family: Family, start: &[u8], end: &[u8]) -> Result<Option<Bytes>, EngineError> {
    let mut found = None;
    engine.scan(&ScanRange { family, start, end, reversed: false }, Tier::Disk, &mut |key, _| {
        found = Some(Bytes::copy_from_slice(key));
        Flow::Stop
    })?;
    Ok(found)
}

/// Keys of tombstones with their encoded rows.
type Tombstones = Vec<(Bytes, Bytes)>;

/// The tombstones of a partition and of its ranges.
fn read_tombstones(engine: &dyn Engine, prefix: &[u8]) -> Result<Tombstones, ReadError> {
    let (mut found, mut outcome) = (Vec::new(), Ok(()));
    let range = ScanRange { family: Family::Tombstones, start: prefix, end: &Key::prefix_end(prefix), reversed: false };
    engine.scan(&range, Tier::Disk, &mut |key, row| match RowView::parse(key, row) {
        Ok(_) => {
            found.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
            Flow::Continue
        }
        Err(error) => {
            outcome = Err(error);
            Flow::Stop
        }
    })?;
    outcome?;
    Ok(found)
}

/// The changes to a part of a partition, gathered by one step.
struct Page {
    before: i64,
    covers: Covers,
    /// New content by key; empty content removes the key.
    rows: Vec<(Family, Bytes, Bytes)>,
    /// Bytes read.
    read_bytes: usize,
    /// Bytes of `rows`.
    bytes: usize,
}

impl Page {
    fn new(before: i64, tombstones: &Tombstones) -> Page {
        let covers = Covers::from_tombstones(tombstones.iter().map(|(key, row)| (&key[..], &row[..])));
        Page { before, covers, rows: Vec::new(), read_bytes: 0, bytes: 0 }
    }

    /// Purges the rows between two keys. Returns the key to continue at if it stopped early. A damaged row is left to repair.
    fn purge_rows(&mut self, source: &Source<'_>, start: &[u8], end: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let mut next = None;
        let range = ScanRange { family: source.family, start, end, reversed: false };
        source.engine.scan(&range, Tier::Disk, &mut |key, value| {
            if self.read_bytes >= SWEEP_STEP_BYTES_MAX || self.bytes >= SWEEP_REPLACED_BYTES_MAX {
                next = Some(key.to_vec());
                return Flow::Stop;
            }
            self.read_bytes += key.len() + value.len();
            self.purge_row(source.family, key, value);
            Flow::Continue
        })?;
        Ok(next)
    }

    fn purge_row(&mut self, family: Family, key: &[u8], value: &[u8]) {
        let Ok(view) = RowView::parse(key, value) else { return };
        let covered_by = self.covers.deletion(key);
        let strip = Strip { columns: &Columns::All, purge_before: self.before, covered_by };
        if strip.keeps(&view) && !view.is_empty() {
            return;
        }
        let mut left = Vec::new();
        // Nothing left is no bytes: the key goes.
        strip_row(key, &view, &strip, &mut left);
        self.bytes += key.len() + left.len();
        self.rows.push((family, Bytes::copy_from_slice(key), left.into()));
    }

    /// Purges the tombstones, once every row that they cover was purged. Under the key of the partition's own tombstone there is a row, empty if
    /// the partition as a whole was not deleted, wherever a range was: it tells reads to look for ranges, and stays as long as one does.
    fn purge_tombstones(&mut self, tombstones: &Tombstones) {
        let is_purged = |row: &[u8]| {
            let deletion = RowView::parse_trusted(row).ok().and_then(|row| row.deletion());
            deletion.is_none_or(|deletion| deletion.local_seconds < self.before)
        };
        let is_range = |key: &[u8]| Key::kind(key) == Some(KeyKind::RangeTombstone);
        let ranges_stay = tombstones.iter().any(|(key, row)| is_range(key) && !is_purged(row));
        for (key, row) in tombstones.iter().filter(|(_, row)| is_purged(row)) {
            let is_empty = RowView::parse_trusted(row).is_ok_and(|row| row.is_empty());
            let left = if is_range(key) || !ranges_stay {
                Bytes::new()
            } else if is_empty {
                continue;
            } else {
                empty_row(key)
            };
            self.rows.push((Family::Tombstones, key.clone(), left));
        }
    }
}

fn empty_row(key: &[u8]) -> Bytes {
    let mut out = Vec::new();
    henge_model::encode_row(key, &henge_model::Row::default(), &mut out);
    out.into()
}
