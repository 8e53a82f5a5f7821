//! Secondary indexes on this node: entries of rows, which indexes are built, building and sweeping.
//!
//! An entry is written in one batch with its value, so that no value is ever on disk without it. Rows from before the index are read once
//! to add their entries; a fact on disk says that this is done.

use crate::combiner::Rows;
use crate::limits::{INDEX_STEP_BYTES_MAX, INDEX_STEP_ENTRIES_MAX};
use crate::read::{IndexedTable, Source, check_entries};
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ReadError, ScanRange, SyncMode, Tier};
use arc_swap::ArcSwap;
use henge_base::Bytes;
use henge_model::{IndexEntry, IndexId, Key, RowView, StorageId, Table, Terms, Token};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The prefix of the facts' names; storage id and index id follow.
const NAME: &[u8] = b"index/";
/// The fact's value for an index that is not built yet; empty for one that is.
const BEGUN: &[u8] = b"begun";
/// The value of an entry: not empty, which would remove it.
const ENTRY: &[u8] = &[1];

/// An index of a table's incarnation.
pub type BuiltIndex = (StorageId, IndexId);

/// A table as storage knows it.
#[derive(Clone, Debug)]
pub struct StoredTable {
    /// The family of its rows.
    pub family: Family,
    /// The table, if it has indexes.
    pub indexed: Option<Arc<Table>>,
}

impl From<Family> for StoredTable {
    /// A table without indexes.
    fn from(family: Family) -> Self {
        StoredTable { family, indexed: None }
    }
}

/// The indexes that are built, or begun.
#[derive(Debug, Default)]
pub(crate) struct Indexes {
    built: ArcSwap<BTreeSet<BuiltIndex>>,
    /// The indexes of which entries may be on disk.
    begun: ArcSwap<BTreeSet<BuiltIndex>>,
}

impl Indexes {
    /// Reads the facts that are on disk.
    pub(crate) fn open(engine: &dyn Engine) -> Result<Indexes, EngineError> {
        let (mut built, mut begun) = (BTreeSet::new(), BTreeSet::new());
        let range = ScanRange { family: Family::Local, start: NAME, end: &Key::prefix_end(NAME), reversed: false };
        engine.scan(&range, Tier::Disk, &mut |key, value| {
            let (table, index) = key[NAME.len()..].split_at(key.len().saturating_sub(NAME.len()).min(4));
            let index = index.try_into().map(|id| IndexId(u32::from_be_bytes(id)));
            let index = Key::storage_id(table).zip(index.ok());
            begun.extend(index);
            built.extend(index.filter(|_| value != BEGUN));
            Flow::Continue
        })?;
        Ok(Indexes { built: ArcSwap::from_pointee(built), begun: ArcSwap::from_pointee(begun) })
    }

    pub(crate) fn is_built(&self, index: BuiltIndex) -> bool {
        self.built.load().contains(&index)
    }

    pub(crate) fn built_indexes(&self) -> BTreeSet<BuiltIndex> {
        self.built.load().as_ref().clone()
    }

    /// The indexes of which entries may be on disk.
    pub(crate) fn begun(&self) -> BTreeSet<BuiltIndex> {
        self.begun.load().as_ref().clone()
    }

    /// Notes, synced, that entries of an index may be on disk: they have to be removed if it is dropped before it is built.
    pub(crate) fn begin(&self, engine: &dyn Engine, index: BuiltIndex) -> Result<(), EngineError> {
        let op = Op::Put { family: Family::Local, key: fact(index), value: Bytes::from_static(BEGUN) };
        engine.write(&Batch { ops: vec![op] }, SyncMode::Synced)?;
        self.begun.rcu(|begun| begun.iter().copied().chain([index]).collect::<BTreeSet<_>>());
        Ok(())
    }

    /// Notes, synced, that all rows have their entries.
    pub(crate) fn finish(&self, engine: &dyn Engine, index: BuiltIndex) -> Result<(), EngineError> {
        let op = Op::Put { family: Family::Local, key: fact(index), value: Bytes::new() };
        engine.write(&Batch { ops: vec![op] }, SyncMode::Synced)?;
        for known in [&self.built, &self.begun] {
            known.rcu(|known| known.iter().copied().chain([index]).collect::<BTreeSet<_>>());
        }
        Ok(())
    }

    /// Removes the entries of a dropped index. No write that still adds entries may be under way.
    pub(crate) fn remove(&self, engine: &dyn Engine, index: BuiltIndex) -> Result<(), EngineError> {
        self.built.rcu(|built| built.iter().copied().filter(|other| *other != index).collect::<BTreeSet<_>>());
        let prefix = IndexEntry::prefix(index.0, index.1);
        engine.remove(Family::Index, &prefix, &Key::prefix_end(&prefix))?;
        let op = Op::Delete { family: Family::Local, key: fact(index) };
        engine.write(&Batch { ops: vec![op] }, SyncMode::Synced)?;
        self.begun.rcu(|begun| begun.iter().copied().filter(|other| *other != index).collect::<BTreeSet<_>>());
        Ok(())
    }
}

fn fact((table, index): BuiltIndex) -> Bytes {
    [NAME, &IndexEntry::prefix(table, index)].concat().into()
}

/// Adds the entries of a row that is written. A row that cannot be parsed was damaged before it arrived, and has none.
pub(crate) fn place(table: &Table, key: &Bytes, row: &Bytes, rows: &mut Rows) {
    let Ok(view) = RowView::parse_trusted(row) else { return };
    for index in &table.indexes {
        index.each_term(table, key, &view, &mut |term| {
            let entry = IndexEntry::key(table.storage_id, index.id, &term, key);
            rows.push((Family::Index, entry, Bytes::from_static(ENTRY)));
        });
    }
}

/// The building of an index, step by step. A copy continues from where it was taken.
#[derive(Clone, Debug)]
pub struct IndexBuild {
    index: BuiltIndex,
    next: Vec<u8>,
    end: Vec<u8>,
}

/// Entries of rows from before the index, for the combiner.
#[derive(Debug)]
pub struct Entries(pub(crate) Rows);

impl IndexBuild {
    /// Starts at the first row.
    pub fn new(index: BuiltIndex) -> IndexBuild {
        let (next, end) = Key::table_range(index.0, Token::MIN, Token::MIN);
        IndexBuild { index, next, end }
    }

    /// The index.
    pub fn index(&self) -> BuiltIndex {
        self.index
    }

    /// The entries of the next rows; `None` at the end.
    pub(crate) fn step(&mut self, source: &Source<'_>, table: &Table) -> Result<Option<Entries>, ReadError> {
        if self.next.is_empty() {
            return Ok(None);
        }
        let index = table.indexes.iter().find(|index| index.id == self.index.1).ok_or(ReadError::NoIndex)?;
        let (mut rows, mut bytes, mut next) = (Rows::new(), 0, Vec::new());
        let range = ScanRange { family: source.family, start: &self.next, end: &self.end, reversed: false };
        source.engine.scan(&range, Tier::Disk, &mut |key, row| {
            if bytes >= INDEX_STEP_BYTES_MAX || rows.len() >= INDEX_STEP_ENTRIES_MAX {
                next = key.to_vec();
                return Flow::Stop;
            }
            bytes += key.len() + row.len();
            if let Ok(view) = RowView::parse(key, row) {
                index.each_term(table, key, &view, &mut |term| {
                    let entry = IndexEntry::key(table.storage_id, index.id, &term, key);
                    rows.push((Family::Index, entry, Bytes::from_static(ENTRY)));
                });
            }
            Flow::Continue
        })?;
        self.next = next;
        Ok(Some(Entries(rows)))
    }
}

/// A walk through the entries of an index that removes the stale ones.
#[derive(Debug)]
pub struct IndexSweep {
    index: BuiltIndex,
    next: Bytes,
}

impl IndexSweep {
    /// Starts at the first entry.
    pub fn new(index: BuiltIndex) -> IndexSweep {
        IndexSweep { index, next: Bytes::copy_from_slice(&IndexEntry::prefix(index.0, index.1)) }
    }

    /// The index.
    pub fn index(&self) -> BuiltIndex {
        self.index
    }

    /// Checks the next entries and queues the stale ones for removal. Returns true if more entries follow.
    pub(crate) fn step(&mut self, source: &Source<'_>, table: &Table) -> Result<bool, ReadError> {
        let Some(index) = table.indexes.iter().find(|index| index.id == self.index.1) else { return Ok(false) };
        let end = Key::prefix_end(&IndexEntry::prefix(self.index.0, self.index.1));
        let (mut found, mut next) = (Vec::new(), None);
        let range = ScanRange { family: Family::Index, start: &self.next, end: &end, reversed: false };
        source.engine.scan(&range, Tier::Disk, &mut |entry, _| {
            if found.len() == INDEX_STEP_ENTRIES_MAX {
                next = Some(Bytes::copy_from_slice(entry));
                return Flow::Stop;
            }
            found.extend(IndexEntry::parse(entry).map(|(term, key)| (Bytes::copy_from_slice(term), key)));
            Flow::Continue
        })?;
        for (term, key) in found {
            check_entries(source, IndexedTable { table, index }, &key, &Terms::One(term.clone()), &[term])?;
        }
        let more = next.is_some();
        self.next = next.unwrap_or_default();
        Ok(more)
    }
}
