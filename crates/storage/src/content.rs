//! The content of a table in a part of the ring, row by row, as replicas compare it: in key order, tombstones of partitions and ranges
//! among the rows, and of each row only what no tombstone of its partition covers. A write that comes while it is read may be in it or not.

use crate::limits::{CONTENT_TOMBSTONES_MAX, CONTEXT_TOMBSTONES_MAX};
use crate::read::Source;
use crate::{EngineError, Family, Flow, ReadError, ScanRange, Tier};
use henge_base::Bytes;
use henge_model::{Columns, Covers, Key, RowError, RowView, StorageId, Strip, TokenRange, strip_row};

/// Takes a row: its key, and the row parsed and encoded.
pub type ContentRow<'a> = dyn FnMut(&[u8], &RowView<'_>, &[u8]) -> Flow + 'a;

/// A place in the content of a table, to go on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentScan {
    table: StorageId,
    next: Bytes,
    end: Bytes,
}

impl ContentScan {
    /// All content in a range of tokens that does not wrap.
    pub fn of(table: StorageId, tokens: TokenRange) -> ContentScan {
        let (next, end) = Key::table_range(table, tokens.start, tokens.end);
        ContentScan { table, next: next.into(), end: end.into() }
    }

    /// The same from a key on.
    #[must_use]
    pub fn from(self, key: &Bytes) -> ContentScan {
        ContentScan { next: key.clone().max(self.next), ..self }
    }

    /// The first key that was not read.
    pub fn next_key(&self) -> &Bytes {
        &self.next
    }

    /// The table.
    pub fn table(&self) -> StorageId {
        self.table
    }

    /// True once all of it was read.
    pub fn has_ended(&self) -> bool {
        self.next >= self.end
    }

    /// Reads rows of about `bytes_max` at most. Rows are told whole but for what is covered; a row of which nothing is left is not told.
    pub(crate) fn step(
        &mut self,
        source: &Source<'_>,
        bytes_max: usize,
        row: &mut ContentRow<'_>,
    ) -> Result<(), ReadError> {
        if self.has_ended() {
            return Ok(());
        }
        let tombstones = if source.tombstones { self.tombstones(source)? } else { Tombstones::none(self.end.clone()) };
        let (told, stop) = (tombstones.rows.partition_point(|(key, _)| *key < self.next), tombstones.end.clone());
        let mut page =
            Page { tombstones, told, scratch: Vec::new(), bytes: 0, bytes_max, row, next: None, outcome: Ok(()) };
        let range = ScanRange { family: source.family, start: &self.next, end: &stop, reversed: false };
        source.engine.scan(&range, Tier::Disk, &mut |key, value| {
            page.add_tombstones_below(Some(key));
            if page.next.is_none() {
                page.add(key, value);
            }
            if page.next.is_some() { Flow::Stop } else { Flow::Continue }
        })?;
        if page.next.is_none() {
            page.add_tombstones_below(None);
        }
        page.outcome?;
        self.next = page.next.unwrap_or(stop);
        Ok(())
    }

    /// Tombstones that cover rows from `next` on, of whole partitions.
    fn tombstones(&self, source: &Source<'_>) -> Result<Tombstones, ReadError> {
        let start = Key::partition(&self.next).map_or(&self.next[..], |length| &self.next[..length]);
        let (mut rows, mut partition, mut end) = (Vec::<(Bytes, Bytes)>::new(), Vec::new(), self.end.clone());
        let (mut outcome, mut of_partition) = (Ok(()), 0);
        let range = ScanRange { family: Family::Tombstones, start, end: &self.end, reversed: false };
        source.engine.scan(&range, Tier::Disk, &mut |key, row| {
            let length = Key::partition(key).unwrap_or(key.len());
            if partition != key[..length] {
                if rows.len() >= CONTENT_TOMBSTONES_MAX {
                    end = Bytes::copy_from_slice(&key[..length]);
                    return Flow::Stop;
                }
                (partition, of_partition) = (key[..length].to_vec(), 0);
            }
            of_partition += 1;
            outcome = match RowView::parse(key, row) {
                Err(error) => Err(error.into()),
                Ok(_) if of_partition > CONTEXT_TOMBSTONES_MAX => Err(ReadError::Tombstones(CONTEXT_TOMBSTONES_MAX)),
                Ok(_) => Ok(()),
            };
            rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
            if outcome.is_err() { Flow::Stop } else { Flow::Continue }
        })?;
        outcome?;
        let covers = Covers::from_tombstones(rows.iter().map(|(key, row)| (&key[..], &row[..])));
        Ok(Tombstones { rows, covers, end })
    }
}

/// Tombstones in key order, all those of the partitions up to `end`.
struct Tombstones {
    rows: Vec<(Bytes, Bytes)>,
    covers: Covers,
    end: Bytes,
}

impl Tombstones {
    fn none(end: Bytes) -> Tombstones {
        Tombstones { rows: Vec::new(), covers: Covers::default(), end }
    }
}

/// A step under way.
struct Page<'a, 'r> {
    tombstones: Tombstones,
    /// Number of tombstones that were told, or lie before the step.
    told: usize,
    scratch: Vec<u8>,
    bytes: usize,
    bytes_max: usize,
    row: &'a mut ContentRow<'r>,
    /// The key to go on from, once the step ends early.
    next: Option<Bytes>,
    outcome: Result<(), ReadError>,
}

impl Page<'_, '_> {
    /// Tells the tombstones below a key, or all.
    fn add_tombstones_below(&mut self, key: Option<&[u8]>) {
        while let Some((at, row)) = self.tombstones.rows.get(self.told)
            && self.next.is_none()
            && key.is_none_or(|key| at[..] < *key)
        {
            let (at, row) = (at.clone(), row.clone());
            self.told += 1;
            let view = RowView::parse_trusted(&row).ok().filter(|view| !view.is_empty());
            let flow = view.map_or(Flow::Continue, |view| (self.row)(&at, &view, &row));
            self.count(&at, row.len(), flow);
        }
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        match tell_uncovered(key, value, &self.tombstones.covers, &mut self.scratch, self.row) {
            Ok(flow) => self.count(key, value.len(), flow),
            Err(error) => {
                self.outcome = Err(error.into());
                self.next = Some(Bytes::copy_from_slice(key));
            }
        }
    }

    /// Notes that a row was read; the step goes on behind it, or ends there.
    fn count(&mut self, key: &[u8], row_bytes: usize, flow: Flow) {
        self.bytes += key.len() + row_bytes;
        if flow == Flow::Stop || self.bytes >= self.bytes_max {
            self.next = Some([key, &[0]].concat().into());
        }
    }
}

/// Tells what is left of a row under tombstones, if anything is.
fn tell_uncovered(
    key: &[u8],
    value: &[u8],
    covers: &Covers,
    scratch: &mut Vec<u8>,
    row: &mut ContentRow<'_>,
) -> Result<Flow, RowError> {
    let view = RowView::parse(key, value)?;
    let covered_by = if covers.is_empty() { None } else { covers.deletion(key) };
    if covered_by.is_none() {
        return Ok(if view.is_empty() { Flow::Continue } else { row(key, &view, value) });
    }
    scratch.clear();
    let strip = Strip { columns: &Columns::All, purge_before: i64::MIN, covered_by };
    match strip_row(key, &view, &strip, scratch) {
        true => Ok(row(key, &RowView::parse_trusted(scratch)?, scratch)),
        false => Ok(Flow::Continue),
    }
}

/// The row at a key without what is covered, or was deleted or expired before `purge_before`; `None` if nothing is left.
pub(crate) fn row(source: &Source<'_>, key: &Bytes, purge_before: i64) -> Result<Option<Bytes>, ReadError> {
    let is_tombstone = Key::kind(key).is_some_and(|kind| kind.is_tombstone());
    let family = if is_tombstone { Family::Tombstones } else { source.family };
    let mut value = None;
    source.engine.get(family, key, &mut |found| value = found.map(Bytes::copy_from_slice))?;
    let Some(value) = value else { return Ok(None) };
    let view = RowView::parse(key, &value)?;
    let covers = if is_tombstone || !source.tombstones { Covers::default() } else { covers_of(source, key)? };
    let strip = Strip { columns: &Columns::All, purge_before, covered_by: covers.deletion(key) };
    let mut left = Vec::new();
    Ok(strip_row(key, &view, &strip, &mut left).then(|| left.into()))
}

fn covers_of(source: &Source<'_>, key: &[u8]) -> Result<Covers, ReadError> {
    let length = Key::partition(key).ok_or_else(|| EngineError::Corrupt("a key without a partition".to_owned()))?;
    let (prefix, mut rows) = (&key[..length], Vec::new());
    let range = ScanRange { family: Family::Tombstones, start: prefix, end: &Key::prefix_end(prefix), reversed: false };
    source.engine.scan(&range, Tier::Disk, &mut |key, row| {
        rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
        if rows.len() > CONTEXT_TOMBSTONES_MAX { Flow::Stop } else { Flow::Continue }
    })?;
    match rows.len() > CONTEXT_TOMBSTONES_MAX {
        true => Err(ReadError::Tombstones(CONTEXT_TOMBSTONES_MAX)),
        false => Ok(Covers::from_tombstones(rows.iter().map(|(key, row)| (&key[..], &row[..])))),
    }
}
