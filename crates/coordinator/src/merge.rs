//! The rows of several replicas as one, key by key.
//!
//! A replica that stopped at a limit vouches only for keys up to its last: beyond it, a missing row says nothing. So a key is
//! merged only while every replica either has rows left or has none beyond.

use henge_base::Bytes;
use henge_model::{
    Columns, Covers, Key, KeyKind, KeyRange, ReadCommand, RowBlock, RowView, Strip, merge_encoded, strip_row,
};
use smallvec::SmallVec;
use std::collections::{BTreeMap, VecDeque};

/// The version of each replica at a key, by the replica's number.
type Versions = SmallVec<[Option<Bytes>; 3]>;

/// The part of one replica's answer that is not merged yet.
#[derive(Debug)]
struct Source {
    rows: VecDeque<(Bytes, Bytes)>,
    /// True if it may hold more beyond `last`.
    stopped: bool,
    /// The last key it answered.
    last: Bytes,
}

/// A row that all replicas vouch for.
#[derive(Debug)]
pub(crate) struct MergedRow {
    pub(crate) key: Bytes,
    pub(crate) row: Bytes,
    pub(crate) live: bool,
    /// The replicas, by number, whose own version differs.
    pub(crate) lacking: SmallVec<[usize; 3]>,
}

/// The next step of a merge.
#[derive(Debug)]
pub(crate) enum Step {
    Row(MergedRow),
    /// These replicas stopped too early to say.
    Starved(SmallVec<[usize; 3]>),
    End,
}

/// A merge under way. Replicas are numbered in the order of their blocks.
#[derive(Debug)]
pub(crate) struct Merge {
    run: bool,
    reversed: bool,
    now_seconds: i64,
    sources: SmallVec<[Source; 3]>,
    /// Tombstones and static rows beside the rows.
    context: BTreeMap<Bytes, Versions>,
    covers: Covers,
}

impl Merge {
    /// Merges the answers to `command`, which are sound.
    pub(crate) fn new(command: &ReadCommand, blocks: impl Iterator<Item = RowBlock>) -> Merge {
        let (run, reversed) = match &command.keys {
            KeyRange::One(_) => (false, false),
            KeyRange::Run { reversed, .. } => (true, *reversed),
            KeyRange::Many(_) => (true, false),
        };
        let (sources, context, covers) = (SmallVec::new(), BTreeMap::new(), Covers::default());
        let mut merge = Merge { run, reversed, now_seconds: command.now_seconds, sources, context, covers };
        for (number, block) in blocks.enumerate() {
            merge.sources.push(Source { rows: VecDeque::new(), stopped: true, last: Bytes::new() });
            merge.feed(number, block, command.limit);
        }
        merge
    }

    /// Adds what a replica answered to a read beyond its last key, of at most `limit` live rows.
    pub(crate) fn feed(&mut self, number: usize, block: RowBlock, limit: u32) {
        let live = block.live_rows(self.now_seconds);
        let source = &mut self.sources[number];
        source.stopped = self.run && (block.more || live >= limit as usize);
        if let Some((key, _)) = block.rows.last() {
            source.last = key.clone();
        }
        source.rows.extend(block.rows);
        if !block.context.is_empty() {
            self.add_context(number, block.context);
        }
    }

    fn add_context(&mut self, number: usize, context: Vec<(Bytes, Bytes)>) {
        for (key, row) in context {
            let versions = self.context.entry(key).or_default();
            versions.resize(versions.len().max(number + 1), None);
            versions[number] = Some(row);
        }
        let merged = self.context.iter().map(|(key, versions)| (key, merge_bytes(key, versions)));
        let merged: Vec<(&Bytes, Bytes)> = merged.collect();
        self.covers = Covers::from_tombstones(merged.iter().map(|(key, row)| (&key[..], &row[..])));
    }

    /// The merged context, with the replicas that lack some of it. If the answer ends at a key, context beyond the key is
    /// left out: not every replica has been asked for it.
    pub(crate) fn context(mut self, end: Option<&Bytes>) -> Vec<MergedRow> {
        let context = std::mem::take(&mut self.context);
        let within = |key: &[u8]| match (end, Key::extent(key)) {
            (Some(end), Some(extent)) if self.reversed => extent.end > *end,
            (Some(end), Some(extent)) => extent.start <= *end,
            _ => true,
        };
        let wanted = context.into_iter().filter(|(key, _)| within(key));
        wanted
            .map(|(key, mut versions)| {
                versions.resize(self.sources.len(), None);
                self.merge_row(key, &versions)
            })
            .collect()
    }

    /// The last key that a replica answered: what it is asked next lies beyond.
    pub(crate) fn last(&self, number: usize) -> &Bytes {
        &self.sources[number].last
    }

    /// True if there may be rows that are not merged yet.
    pub(crate) fn has_more(&self) -> bool {
        self.sources.iter().any(|source| source.stopped || !source.rows.is_empty())
    }

    pub(crate) fn next(&mut self) -> Step {
        let sources = self.sources.iter().enumerate();
        let starved: SmallVec<_> = sources.filter(|(_, s)| s.stopped && s.rows.is_empty()).map(|(at, _)| at).collect();
        if !starved.is_empty() {
            return Step::Starved(starved);
        }
        let heads = self.sources.iter().filter_map(|source| source.rows.front()).map(|(key, _)| key);
        let next = if self.reversed { heads.max() } else { heads.min() };
        match next.cloned() {
            Some(key) => Step::Row(self.merge(key)),
            None => Step::End,
        }
    }

    fn merge(&mut self, key: Bytes) -> MergedRow {
        let own: Versions = self.sources.iter_mut().map(|source| source.take(&key)).collect();
        self.merge_row(key, &own)
    }

    /// Merges the versions of a row, without cells that a tombstone of any replica covers.
    fn merge_row(&self, key: Bytes, own: &Versions) -> MergedRow {
        let covered_by = if Key::extent(&key).is_some() { None } else { self.covers.deletion(&key) };
        let Some(_) = covered_by else { return self.merge_versions(key, own) };
        let strip = Strip { columns: &Columns::All, purge_before: i64::MIN, covered_by };
        let uncovered = |row: &Bytes| {
            let view = RowView::parse_trusted(row).ok()?;
            let mut out = Vec::new();
            strip_row(&key, &view, &strip, &mut out).then(|| Bytes::from(out))
        };
        // A replica that lacks a tombstone is sent the tombstone, so it needs only the uncovered part of the row.
        let own: Versions = own.iter().map(|version| version.as_ref().and_then(uncovered)).collect();
        self.merge_versions(key, &own)
    }

    fn merge_versions(&self, key: Bytes, own: &Versions) -> MergedRow {
        let row = merge_bytes(&key, own);
        let view = RowView::parse_trusted(&row);
        let (is_empty, is_live) = view.map_or((false, false), |view| (view.is_empty(), view.is_live(self.now_seconds)));
        let differs = |version: &Option<Bytes>| !is_empty && version.as_ref() != Some(&row);
        let lacking = own.iter().enumerate().filter(|(_, version)| differs(version)).map(|(at, _)| at).collect();
        // A static row is shown with rows of its partition, not by itself.
        let live = is_live && Key::kind(&key) != Some(KeyKind::Static);
        MergedRow { live, key, row, lacking }
    }
}

impl Source {
    fn take(&mut self, key: &Bytes) -> Option<Bytes> {
        if self.rows.front().is_some_and(|(head, _)| head == key) {
            return self.rows.pop_front().map(|(_, row)| row);
        }
        None
    }
}

/// The merged row; shares the bytes of a version that is equal to it.
fn merge_bytes(key: &[u8], own: &[Option<Bytes>]) -> Bytes {
    let versions = || own.iter().flatten();
    let merged = merge_encoded(key, versions().map(|row| &row[..]));
    versions().find(|row| row[..] == merged[..]).cloned().unwrap_or_else(|| Bytes::from(merged))
}

#[cfg(test)]
mod tests;
