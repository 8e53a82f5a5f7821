//! The parts of a table's ring that were written to, for whoever keeps sums over them: a bit for each part, set once a write is visible.
//!
//! A part is all tokens that begin with the same bits. Whoever takes the bits before reading a part sees every write of which the bit was
//! taken; one that becomes visible later sets the bit again.

use arc_swap::ArcSwap;
use henge_base::Bytes;
use henge_model::{Key, StorageId, StorageMap, Token};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The parts of one table.
#[derive(Debug)]
struct Leaves {
    /// Leading bits of a token that name its part.
    bits: u8,
    words: Box<[AtomicU64]>,
}

impl Leaves {
    fn new(bits: u8) -> Leaves {
        let words = (1usize << bits).div_ceil(64);
        Leaves { bits, words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    fn mark(&self, token: Token) {
        let leaf = ((token.0 as u64) ^ (1 << 63)).checked_shr(64 - u32::from(self.bits)).unwrap_or(0) as usize;
        let (word, bit) = (&self.words[leaf / 64], 1 << (leaf % 64));
        // Most writes come to a part that is marked already; a load does not take the line from other cores.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Release);
        }
    }

    fn take(&self) -> Vec<u32> {
        let mut taken = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut left = word.swap(0, Ordering::AcqRel);
            while left != 0 {
                taken.push((at * 64) as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        taken
    }
}

/// The tables whose writes are tracked.
#[derive(Debug, Default)]
pub(crate) struct WrittenLeaves {
    tables: ArcSwap<StorageMap<Arc<Leaves>>>,
}

impl WrittenLeaves {
    /// Tracks a table's writes from now on by so many leading bits of their tokens, 6 to 26; what was tracked of it before is forgotten.
    pub(crate) fn track(&self, table: StorageId, bits: u8) {
        let leaves = Arc::new(Leaves::new(bits.clamp(6, 26)));
        self.change(|tables| _ = tables.insert(table, Arc::clone(&leaves)));
    }

    /// Tracks tables no more that are not `known`.
    pub(crate) fn retain(&self, known: impl Fn(StorageId) -> bool) {
        let gone: Vec<StorageId> = self.tables.load().iter().map(|(id, _)| id).filter(|id| !known(*id)).collect();
        if !gone.is_empty() {
            self.change(|tables| gone.iter().for_each(|id| _ = tables.remove(*id)));
        }
    }

    fn change(&self, change: impl Fn(&mut StorageMap<Arc<Leaves>>)) {
        self.tables.rcu(|tables| {
            let mut tables = StorageMap::clone(tables);
            change(&mut tables);
            tables
        });
    }

    /// Marks rows whose write is visible now.
    pub(crate) fn mark<'a>(&self, keys: impl Iterator<Item = &'a Bytes>) {
        let tables = self.tables.load();
        if tables.is_empty() {
            return;
        }
        for key in keys {
            if let Some((table, token)) = Key::storage_id(key).zip(Key::token(key))
                && let Some(leaves) = tables.get(table)
            {
                leaves.mark(token);
            }
        }
    }

    /// Marks all parts of the tables that these keys begin with: rows were removed.
    pub(crate) fn mark_tables<'a>(&self, keys: impl Iterator<Item = &'a Bytes>) {
        let tables = self.tables.load();
        for leaves in keys.filter_map(|key| tables.get(Key::storage_id(key)?)) {
            leaves.words.iter().for_each(|word| word.store(u64::MAX, Ordering::Release));
        }
    }

    /// Takes the parts of a table that were written to since they were taken last, ascending.
    pub(crate) fn take(&self, table: StorageId) -> Vec<u32> {
        self.tables.load().get(table).map(|leaves| leaves.take()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(table: u32, token: i64) -> Bytes {
        let token = ((token as u64) ^ (1 << 63)).to_be_bytes();
        [&table.to_be_bytes()[..], &token, b"k\0\0\x02"].concat().into()
    }

    #[test]
    fn parts_that_were_written_are_taken_once() {
        let written = WrittenLeaves::default();
        written.mark([key(1, 0)].iter());
        written.track(StorageId(1), 8);
        let keys = [key(1, i64::MIN), key(1, 0), key(1, 1), key(1, i64::MAX), key(2, 5)];
        written.mark(keys.iter());
        assert_eq!(written.take(StorageId(1)), [0, 128, 255]);
        assert_eq!((written.take(StorageId(1)), written.take(StorageId(2))), (vec![], vec![]));
        written.track(StorageId(1), 6);
        written.mark(keys.iter());
        assert_eq!(written.take(StorageId(1)), [0, 32, 63]);
        written.retain(|_| false);
        written.mark(keys.iter());
        assert_eq!(written.take(StorageId(1)), []);
    }
}
