//! Hints, and what is owed no more.

use crate::hints::{HintSpan, Hints};
use crate::{EngineError, Hint, HintId, MissedRange, MissedWrites, Store, missed_writes};
use henge_base::{HostId, Micros};
use std::collections::BTreeMap;

/// Hints removed in one batch.
const TRUNCATION_BATCH: usize = 1_024;

impl Store {
    /// Stores hints, synced.
    pub fn add_hints(&self, hints: Vec<Hint>) -> Result<(), EngineError> {
        self.hints.add(&self.engine, hints)
    }

    /// The oldest hints for a peer behind `after`: at most `max`, and fewer if they are large, but one at least if there is any.
    pub fn hints_of(
        &self,
        peer: HostId,
        after: Option<&HintId>,
        max: usize,
    ) -> Result<Vec<(HintId, Hint)>, EngineError> {
        Hints::of(&self.engine, peer, after, max)
    }

    /// Forgets hints that are settled.
    pub fn delete_hints(&self, ids: &[HintId]) -> Result<(), EngineError> {
        self.hints.delete(&self.engine, ids)
    }

    /// Stores hints in place of others, synced: both or neither.
    pub fn replace_hints(&self, ids: &[HintId], by: Vec<Hint>) -> Result<(), EngineError> {
        self.hints.replace(&self.engine, ids, by)
    }

    /// Forgets all hints for a peer, telling `gone` of each; gives their number. For a disk lane.
    pub fn truncate_hints(&self, peer: HostId, mut gone: impl FnMut(&Hint)) -> Result<u64, EngineError> {
        let mut count = 0;
        loop {
            let hints = self.hints_of(peer, None, TRUNCATION_BATCH)?;
            if hints.is_empty() {
                return Ok(count);
            }
            let (ids, hints): (Vec<HintId>, Vec<Hint>) = hints.into_iter().unzip();
            self.delete_hints(&ids)?;
            hints.iter().for_each(&mut gone);
            count += ids.len() as u64;
        }
    }

    /// Bytes of hints stored for a peer.
    pub fn hint_bytes(&self, peer: HostId) -> u64 {
        self.hints.bytes(peer)
    }

    /// Number of the hints stored for a peer.
    pub fn hint_count(&self, peer: HostId) -> u64 {
        self.hints.count(peer)
    }

    /// A time before which no hint stored for a peer was created, and not long before the first; `None` if it has none.
    pub fn oldest_hint(&self, peer: HostId) -> Option<Micros> {
        self.hints.oldest(peer)
    }

    /// The peers that are owed hints.
    pub fn hinted_peers(&self) -> Vec<HostId> {
        self.hints.peers()
    }

    /// Peers that are owed hints, each with the times of the oldest and the newest; for a disk lane.
    pub fn hints_pending(&self) -> Vec<(HostId, Result<HintSpan, EngineError>)> {
        let span = |peer: HostId| (peer, self.hints.span(&self.engine, peer));
        self.hints.peers().into_iter().map(span).collect()
    }

    /// Bytes of hints stored for all peers.
    pub fn hint_total(&self) -> u64 {
        self.hints.total()
    }

    /// Records writes that replicas missed and are owed no more; for a disk lane.
    pub fn add_missed(&self, missed: &BTreeMap<MissedRange, MissedWrites>) -> Result<(), EngineError> {
        self.missed.add(&self.engine, missed)
    }

    /// The writes that replicas missed and are owed no more, by table and part of the ring; for a disk lane.
    pub fn missed_writes(&self) -> Result<Vec<(MissedRange, MissedWrites)>, EngineError> {
        missed_writes::all(&self.engine)
    }
}
