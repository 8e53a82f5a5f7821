//! The rows of several replicas as one, key by key.
//!
//! A replica that stopped at a limit vouches only for keys up to its last: beyond it, a missing row says nothing. So a key is
//! merged only while every replica either has rows left or has none beyond.

use henge_base::Bytes;
use henge_model::{KeyRange, ReadCommand, RowBlock, RowView, merge_encoded};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// What one replica answered, as far as it is not merged yet.
#[derive(Debug)]
struct Source {
    rows: VecDeque<(Bytes, Bytes)>,
    /// Whether it may hold more beyond `last`.
    stopped: bool,
    /// The last key it answered.
    last: Bytes,
}

/// A row that all replicas vouch for.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) key: Bytes,
    pub(crate) row: Bytes,
    pub(crate) live: bool,
    /// The replicas, by number, whose own version differs.
    pub(crate) lacking: SmallVec<[usize; 3]>,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Step {
    Row(Merged),
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
}

impl Merge {
    /// Merges the answers to `command`, which are sound.
    pub(crate) fn new(command: &ReadCommand, blocks: impl Iterator<Item = RowBlock>) -> Merge {
        let (run, reversed) = match &command.keys {
            KeyRange::One(_) => (false, false),
            KeyRange::Run { reversed, .. } => (true, *reversed),
        };
        let mut merge = Merge { run, reversed, now_seconds: command.now_seconds, sources: SmallVec::new() };
        for block in blocks {
            merge.sources.push(Source { rows: VecDeque::new(), stopped: true, last: Bytes::new() });
            merge.feed(merge.sources.len() - 1, block, command.limit);
        }
        merge
    }

    /// Adds what a replica answered to a read beyond its last key, of at most `limit` live rows.
    pub(crate) fn feed(&mut self, number: usize, block: RowBlock, limit: u32) {
        let live = block.rows.iter().filter(|(_, row)| is_live(row, self.now_seconds)).count();
        let source = &mut self.sources[number];
        source.stopped = self.run && (block.more || live >= limit as usize);
        if let Some((key, _)) = block.rows.last() {
            source.last = key.clone();
        }
        source.rows.extend(block.rows);
    }

    /// The last key that a replica answered: what it is asked next lies beyond.
    pub(crate) fn last(&self, number: usize) -> &Bytes {
        &self.sources[number].last
    }

    /// Whether there may be rows that are not merged yet.
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

    fn merge(&mut self, key: Bytes) -> Merged {
        let own: SmallVec<[Option<Bytes>; 3]> = self.sources.iter_mut().map(|source| source.take(&key)).collect();
        let row = merged(&key, &own);
        let differs = |version: &Option<Bytes>| version.as_ref() != Some(&row);
        let lacking = own.iter().enumerate().filter(|(_, version)| differs(version)).map(|(at, _)| at).collect();
        Merged { live: is_live(&row, self.now_seconds), key, row, lacking }
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

/// The merged row; the shared bytes of a version that already says everything.
fn merged(key: &[u8], own: &[Option<Bytes>]) -> Bytes {
    let versions = || own.iter().flatten();
    let merged = merge_encoded(key, versions().map(|row| &row[..]));
    versions().find(|row| row[..] == merged[..]).cloned().unwrap_or_else(|| Bytes::from(merged))
}

fn is_live(row: &[u8], now_seconds: i64) -> bool {
    RowView::parse_trusted(row).is_ok_and(|row| row.is_live(now_seconds))
}

#[cfg(test)]
mod tests;
