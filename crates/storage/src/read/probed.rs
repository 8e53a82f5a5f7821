//! Reads of the rows that an index finds. An entry is only a hint: the row decides. Entries that it no longer bears out are queued for
//! removal.

use super::{Source, read_block};
use crate::limits::{INDEX_CANDIDATES_MAX, INDEX_CANDIDATES_MIN, INDEX_READ_ROWS_MAX, ROW_TERMS_MAX};
use crate::stripes::Stripe;
use crate::{EngineError, Family, Flow, ReadError, ScanRange, Tier};
use henge_base::Bytes;
use henge_model::{
    Columns, Index, IndexEntry, Key, KeyKind, KeyRange, Probe, ReadCommand, Row, RowBlock, RowView, Strip, Table,
    Terms, encode_row, strip_row,
};
use std::collections::BTreeMap;

/// A row's key with the terms of entries that name it.
type Candidate = (Bytes, Vec<Bytes>);

/// An index and its table.
#[derive(Clone, Copy)]
pub(crate) struct IndexedTable<'a> {
    pub(crate) table: &'a Table,
    pub(crate) index: &'a Index,
}

/// Reads the rows of a run that an index finds, on disk if need be.
pub(crate) fn read(
    source: &Source<'_>,
    indexed: IndexedTable<'_>,
    command: &ReadCommand,
    probe: &Probe,
    max_bytes: usize,
) -> Result<RowBlock, ReadError> {
    let KeyRange::Run { start, end, .. } = &command.keys else { return Ok(RowBlock::default()) };
    let of_partitions = probe.whole_partitions;
    let (block, with_statics) = (RowBlock::default(), Bytes::new());
    let (start, end) = (start.clone(), end.clone());
    let read = ProbeRead {
        source,
        indexed,
        command,
        terms: &probe.terms,
        start,
        end,
        of_partitions,
        max_bytes,
        block,
        live: 0,
        bytes: 0,
        with_statics,
    };
    read.run()
}

/// The row at `key`, without what deletions cover, if it has any of the terms `sought`. `entries` are the terms of entries that name it;
/// those that the row does not bear out are queued for removal.
pub(crate) fn check_entries(
    source: &Source<'_>,
    indexed: IndexedTable<'_>,
    key: &Bytes,
    sought: &Terms,
    entries: &[Bytes],
) -> Result<Option<Bytes>, ReadError> {
    let version = source.stripes.quiet(Stripe::of(key));
    let row = row_at(source, indexed.table, key)?;
    let mut found = Vec::new();
    if let Some(row) = &row {
        let view = RowView::parse_trusted(row)?;
        indexed.index.each_term(indexed.table, key, &view, &mut |term| found.push(term));
    }
    if let Some(version) = version {
        for term in entries.iter().filter(|term| !found.contains(term)) {
            let entry = IndexEntry::key(indexed.table.storage_id, indexed.index.id, term, key);
            source.stale.add(entry, Stripe::of(key), version);
        }
    }
    // By whatever term: its value may have changed within a range since its entry was met.
    Ok(row.filter(|_| found.iter().any(|term| sought.contains(term))))
}

/// A row without what deletions cover, expired values included.
fn row_at(source: &Source<'_>, table: &Table, key: &Bytes) -> Result<Option<Bytes>, ReadError> {
    // An entry that names no row finds none.
    let Some(token) = Key::token(key) else { return Ok(None) };
    let command = ReadCommand {
        storage_id: table.storage_id,
        token,
        keys: KeyRange::One(Key(key.clone())),
        statics: false,
        columns: Columns::All,
        limit: 1,
        now_seconds: 0,
        purge_before: i64::MIN,
        probe: None,
    };
    let block = read_block(source, &command, Tier::Disk, usize::MAX)?;
    Ok(block.and_then(|block| block.rows.into_iter().next()).map(|(_, row)| row))
}

/// A read by an index under way.
struct ProbeRead<'a> {
    source: &'a Source<'a>,
    indexed: IndexedTable<'a>,
    command: &'a ReadCommand,
    terms: &'a Terms,
    start: Bytes,
    end: Bytes,
    /// True if a match is a whole partition, because its static row matches.
    of_partitions: bool,
    max_bytes: usize,
    block: RowBlock,
    live: u32,
    bytes: usize,
    /// The partition whose static row is in the answer, or known not to be there.
    with_statics: Bytes,
}

impl ProbeRead<'_> {
    fn run(mut self) -> Result<RowBlock, ReadError> {
        let mut from = self.start.clone();
        if self.of_partitions {
            // The entry of a partition that an earlier page began lies before the rows that are left.
            from.truncate(Key::partition(&from).unwrap_or(from.len()));
        } else {
            self.push_first_statics()?;
        }
        let mut examined = 0;
        while self.live < self.command.limit {
            let (keys, more) = self.candidates(&from)?;
            for (key, terms) in &keys {
                if self.push_candidate(key, terms)? == Flow::Stop {
                    self.block.more = true;
                    return Ok(self.block);
                }
            }
            let Some((last, _)) = keys.last().filter(|_| more) else { return Ok(self.block) };
            examined += keys.len();
            if examined >= INDEX_READ_ROWS_MAX {
                // Other reads need the disk too. An empty row says where the next page starts.
                let mut nothing = Vec::new();
                encode_row(last, &Row::default(), &mut nothing);
                if self.block.rows.last().is_none_or(|(key, _)| key < last) {
                    self.block.rows.push((last.clone(), nothing.into()));
                }
                self.block.more = true;
                return Ok(self.block);
            }
            from = [&last[..], &[0]].concat().into();
        }
        Ok(self.block)
    }

    /// Adds the static row of a partition that an earlier page began: it lies before the keys of this read.
    fn push_first_statics(&mut self) -> Result<(), ReadError> {
        let Some(length) = Key::partition(&self.start).filter(|_| self.command.statics) else { return Ok(()) };
        let partition = self.start.slice(..length);
        let statics = Bytes::from([&partition[..], &[KeyKind::Static as u8]].concat());
        if statics < self.start {
            self.with_statics = partition;
            if let Some(row) = row_at(self.source, self.indexed.table, &statics)? {
                self.push_context(&statics, &row)?;
            }
        }
        Ok(())
    }

    /// The first keys from `from` on that have entries, each with the terms of its entries; the flag is true if more follow.
    fn candidates(&self, from: &[u8]) -> Result<(Vec<Candidate>, bool), EngineError> {
        let (table, index) = (self.indexed.table.storage_id, self.indexed.index.id);
        let (low, high) = IndexEntry::range(table, index, self.terms, from, &self.end);
        // Entries of several terms are not in the order of rows: all are scanned, and the first rows are kept.
        let in_order = matches!(self.terms, Terms::One(_));
        let most = if in_order { INDEX_CANDIDATES_MAX } else { INDEX_READ_ROWS_MAX as u32 };
        let wanted = (self.command.limit - self.live).clamp(INDEX_CANDIDATES_MIN, most) as usize;
        let (mut found, mut more) = (BTreeMap::<Bytes, Vec<Bytes>>::new(), false);
        let range = ScanRange { family: Family::Index, start: &low, end: &high, reversed: false };
        self.source.engine.scan(&range, Tier::Disk, &mut |entry, _| {
            let Some((term, key)) = IndexEntry::parse(entry) else { return Flow::Continue };
            if key[..] < *from || (!self.end.is_empty() && key >= self.end) {
                return Flow::Continue;
            }
            if in_order && found.len() == wanted {
                more = true;
                return Flow::Stop;
            }
            let terms = found.entry(key).or_default();
            if terms.len() < ROW_TERMS_MAX {
                terms.push(Bytes::copy_from_slice(term));
            }
            if found.len() > wanted {
                found.pop_last();
                more = true;
            }
            Flow::Continue
        })?;
        Ok((found.into_iter().collect(), more))
    }

    fn push_candidate(&mut self, key: &Bytes, entries: &[Bytes]) -> Result<Flow, ReadError> {
        let Some(row) = check_entries(self.source, self.indexed, key, self.terms, entries)? else {
            return Ok(Flow::Continue);
        };
        let partition = partition_of(key);
        if Key::kind(key) == Some(KeyKind::Static) {
            self.with_statics = partition.clone();
            if self.push_statics(key, &row)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            return if self.of_partitions { self.push_partition(&partition) } else { Ok(Flow::Continue) };
        }
        if self.command.statics && self.with_statics != partition {
            let statics = Bytes::from([&partition[..], &[KeyKind::Static as u8]].concat());
            self.with_statics = partition;
            if let Some(row) = row_at(self.source, self.indexed.table, &statics)? {
                self.push_context(&statics, &row)?;
            }
        }
        self.push(key, &row)
    }

    /// Adds all rows of a partition, within the keys of the read.
    fn push_partition(&mut self, partition: &Bytes) -> Result<Flow, ReadError> {
        let start = self.start.clone().max(partition.clone());
        let behind = Bytes::from(Key::prefix_end(partition));
        let end = if self.end.is_empty() { behind } else { behind.min(self.end.clone()) };
        let keys = KeyRange::Run { start, end, reversed: false };
        let limit = self.command.limit - self.live;
        let command = ReadCommand { keys, limit, statics: false, probe: None, ..self.command.clone() };
        let Some(rows) = read_block(self.source, &command, Tier::Disk, self.max_bytes)? else { return Ok(Flow::Stop) };
        for (key, row) in &rows.rows {
            if Key::kind(key) != Some(KeyKind::Static) && self.push(key, row)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(if rows.more { Flow::Stop } else { Flow::Continue })
    }

    /// Adds a static row that matches: before the rows of its partition, or to the context if an earlier page began the partition.
    fn push_statics(&mut self, key: &Bytes, row: &Bytes) -> Result<Flow, ReadError> {
        if *key >= self.start {
            return self.push(key, row);
        }
        self.push_context(key, row).map(|()| Flow::Continue)
    }

    fn push_context(&mut self, key: &Bytes, row: &Bytes) -> Result<(), ReadError> {
        if let Some(row) = self.strip_to_answer(key, row)? {
            self.bytes += key.len() + row.len();
            self.block.context.push((key.clone(), row));
        }
        Ok(())
    }

    fn push(&mut self, key: &Bytes, row: &Bytes) -> Result<Flow, ReadError> {
        let Some(row) = self.strip_to_answer(key, row)? else { return Ok(Flow::Continue) };
        let is_live = RowView::parse_trusted(&row)?.is_live(self.command.now_seconds);
        self.live += u32::from(is_live && Key::kind(key) != Some(KeyKind::Static));
        self.bytes += key.len() + row.len();
        self.block.rows.push((key.clone(), row));
        let is_full = self.live >= self.command.limit || self.bytes >= self.max_bytes;
        Ok(if is_full { Flow::Stop } else { Flow::Continue })
    }

    /// The part of a row that is answered.
    fn strip_to_answer(&self, key: &Bytes, row: &Bytes) -> Result<Option<Bytes>, ReadError> {
        let (columns, purge_before) = (&self.command.columns, self.source.purge_before(self.command, key));
        let (view, strip) = (RowView::parse_trusted(row)?, Strip { columns, purge_before, covered_by: None });
        if strip.keeps(&view) {
            return Ok((!view.is_empty()).then(|| row.clone()));
        }
        let mut out = Vec::new();
        Ok(strip_row(key, &view, &strip, &mut out).then(|| out.into()))
    }
}

fn partition_of(key: &Bytes) -> Bytes {
    key.slice(..Key::partition(key).unwrap_or(key.len()))
}
