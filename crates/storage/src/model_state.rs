//! The state of the model engine: tables, and the batches that are not on disk yet.

use crate::limits::FOLD_AT_VERSIONS;
use crate::{Batch, EngineError, Family, Flow, ModelFaults, Op, ScanEnd, ScanRange};
use henge_base::{Bytes, Random};
use henge_model::merge_encoded;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

type Table = BTreeMap<Bytes, Bytes>;

/// Families and their keys. Cloning shares them: a snapshot costs nothing until the next write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    families: [Arc<Table>; Family::ALL.len()],
    /// Merges into a key since it was last put.
    merges: Arc<BTreeMap<(Family, Bytes), usize>>,
}

impl Tables {
    pub(crate) fn get(&self, family: Family, key: &[u8]) -> Option<Bytes> {
        self.families[family.number()].get(key).cloned()
    }

    /// True if a key has more versions than a read should meet.
    pub(crate) fn is_piled(&self, family: Family, key: &[u8]) -> bool {
        self.merges.get(&(family, Bytes::copy_from_slice(key))).is_some_and(|merges| *merges > FOLD_AT_VERSIONS)
    }

    pub(crate) fn scan(&self, range: &ScanRange<'_>, row: &mut dyn FnMut(&[u8], &[u8]) -> Flow) -> ScanEnd {
        if !range.end.is_empty() && range.start >= range.end {
            return ScanEnd::Done;
        }
        let end = if range.end.is_empty() { Bound::Unbounded } else { Bound::Excluded(range.end) };
        let mut keys = self.families[range.family.number()].range::<[u8], _>((Bound::Included(range.start), end));
        loop {
            let next = if range.reversed { keys.next_back() } else { keys.next() };
            let Some((key, value)) = next else { return ScanEnd::Done };
            if row(key, value) == Flow::Stop {
                return ScanEnd::Stopped;
            }
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.families.iter().flat_map(|t| t.iter()).map(|(k, v)| (k.len() + v.len()) as u64).sum()
    }

    fn apply(&mut self, batch: &Batch) {
        for op in &batch.ops {
            match op {
                Op::Merge { family, key, value } => {
                    let table = Arc::make_mut(&mut self.families[family.number()]);
                    let merged = match table.get(key) {
                        Some(old) => merge_encoded(key, [old.as_ref(), value.as_ref()].into_iter()).into(),
                        None => value.clone(),
                    };
                    table.insert(key.clone(), merged);
                    *Arc::make_mut(&mut self.merges).entry((*family, key.clone())).or_default() += 1;
                }
                Op::Put { family, key, value } => {
                    Arc::make_mut(&mut self.families[family.number()]).insert(key.clone(), value.clone());
                    Arc::make_mut(&mut self.merges).remove(&(*family, key.clone()));
                }
                Op::Delete { family, key } => {
                    Arc::make_mut(&mut self.families[family.number()]).remove(key);
                    Arc::make_mut(&mut self.merges).remove(&(*family, key.clone()));
                }
                Op::DeleteRange { family, start, end } => {
                    let inside = |key: &Bytes| start <= key && key < end;
                    Arc::make_mut(&mut self.families[family.number()]).retain(|key, _| !inside(key));
                    Arc::make_mut(&mut self.merges).retain(|(of, key), _| of != family || !inside(key));
                }
            }
        }
    }
}

/// Tables as they are seen, as they are on disk, and what lies between.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) faults: ModelFaults,
    pub(crate) chance: Random,
    durable: Tables,
    unsynced: Vec<Batch>,
    sequence: u64,
    durable_sequence: u64,
}

impl State {
    pub(crate) fn new() -> State {
        State {
            tables: Tables::default(),
            faults: ModelFaults::default(),
            chance: Random::new(0),
            durable: Tables::default(),
            unsynced: Vec::new(),
            sequence: 0,
            durable_sequence: 0,
        }
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn durable_sequence(&self) -> u64 {
        self.durable_sequence
    }

    pub(crate) fn misses(&mut self) -> bool {
        self.faults.miss_permille > 0 && self.chance.chance(self.faults.miss_permille, 1_000)
    }

    pub(crate) fn write(&mut self, batch: &Batch) -> Result<(), EngineError> {
        if self.faults.stopped {
            return Err(EngineError::Stopped("Corruption: block checksum mismatch".to_owned()));
        }
        if self.faults.stall {
            return Err(EngineError::Stalled);
        }
        if self.faults.full {
            return Err(EngineError::Full);
        }
        self.tables.apply(batch);
        self.unsynced.push(batch.clone());
        self.sequence += 1;
        Ok(())
    }

    /// Removes a range as a batch of its own.
    pub(crate) fn remove(&mut self, family: Family, start: &[u8], end: &[u8]) -> Result<(), EngineError> {
        let mut ops = Vec::new();
        self.tables.scan(&ScanRange { family, start, end, reversed: false }, &mut |key, _| {
            ops.push(Op::Delete { family, key: Bytes::copy_from_slice(key) });
            Flow::Continue
        });
        self.write(&Batch { ops })
    }

    pub(crate) fn sync(&mut self) -> Result<u64, EngineError> {
        if self.faults.fail_sync {
            return Err(EngineError::Sync("a fault that was asked for".to_owned()));
        }
        // Both apply each batch by themselves: if they shared tables, the next write would copy the whole of one.
        for batch in self.unsynced.drain(..) {
            self.durable.apply(&batch);
        }
        self.durable_sequence = self.sequence;
        Ok(self.sequence)
    }

    pub(crate) fn crash(&mut self, random: &mut Random) {
        let kept = random.below(self.unsynced.len() as u64 + 1) as usize;
        for batch in self.unsynced.drain(..).take(kept) {
            self.durable.apply(&batch);
        }
        self.sequence = self.durable_sequence + kept as u64;
        self.tables = self.durable.clone();
    }

    /// A state of what is on disk alone, without faults.
    pub(crate) fn image(&self) -> State {
        let (sequence, durable_sequence) = (self.durable_sequence, self.durable_sequence);
        let (tables, durable) = (self.durable.clone(), self.durable.clone());
        State { tables, durable, sequence, durable_sequence, ..State::new() }
    }

    pub(crate) fn corrupt(&mut self, family: Family, key: &[u8]) -> bool {
        let Some(value) = self.tables.get(family, key) else { return false };
        let mut bytes = value.to_vec();
        let Some(last) = bytes.last_mut() else { return false };
        *last ^= 1;
        let batch = Batch { ops: vec![Op::Put { family, key: Bytes::copy_from_slice(key), value: bytes.into() }] };
        self.tables.apply(&batch);
        self.durable.apply(&batch);
        if !self.unsynced.is_empty() {
            // It stands behind what has yet to come to disk.
            self.unsynced.push(batch);
            self.sequence += 1;
        }
        true
    }
}
