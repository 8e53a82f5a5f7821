//! Hints on disk: writes that a peer missed, oldest first.
//!
//! Key: peer's host id (16 B) | created, sign flipped (8 B) | number (8 B). Value: the encoded mutation, whose rows carry their
//! own checksums.

use crate::limits::HINTS_READ_BYTES_MAX;
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use henge_base::{Bytes, HostId, Micros};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

const PEER_BYTES: usize = 16;
const KEY_BYTES: usize = PEER_BYTES + 16;
/// Flipping the sign makes times sort as unsigned bytes.
const SIGN_BIT: u64 = 1 << 63;

/// A write that a peer missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The peer that it is for.
    pub to: HostId,
    /// The encoded mutation.
    pub mutation: Bytes,
    /// The time at which it became owed.
    pub created: Micros,
}

/// The times of the oldest and the newest hint, if there is any.
pub type HintSpan = Option<(Micros, Micros)>;

/// The identity of a stored hint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HintId {
    key: Bytes,
}

/// The hints on disk, and how many bytes of them each peer has.
#[derive(Debug)]
pub(crate) struct Hints {
    /// Bytes of mutations by peer; peers without hints are not in it.
    stored_bytes: Mutex<BTreeMap<HostId, u64>>,
    /// The number of the next hint.
    next: AtomicU64,
    /// Held while hints are deleted.
    deleting: Mutex<()>,
}

impl Hints {
    /// Reads the keys of all hints, and counts their bytes by peer.
    pub(crate) fn open(engine: &dyn Engine) -> Result<Hints, EngineError> {
        let mut stored: BTreeMap<HostId, u64> = BTreeMap::new();
        let mut next = 0;
        let all = ScanRange { family: Family::Hints, start: &[], end: &[], reversed: false };
        engine.scan(&all, Tier::Disk, &mut |key, value| {
            if let Some((peer, number)) = parse_key(key) {
                *stored.entry(peer).or_default() += value.len() as u64;
                next = next.max(number + 1);
            }
            Flow::Continue
        })?;
        Ok(Hints { stored_bytes: Mutex::new(stored), next: AtomicU64::new(next), deleting: Mutex::default() })
    }

    /// Stores hints, synced.
    pub(crate) fn add(&self, engine: &dyn Engine, hints: Vec<Hint>) -> Result<(), EngineError> {
        let mut added: BTreeMap<HostId, u64> = BTreeMap::new();
        let mut ops = Vec::with_capacity(hints.len());
        for hint in hints {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            *added.entry(hint.to).or_default() += hint.mutation.len() as u64;
            let key = key(hint.to, hint.created, number);
            ops.push(Op::Put { family: Family::Hints, key, value: hint.mutation });
        }
        // Counted before they are written: a hint may be found and deleted at once.
        self.change_stored(&added, u64::saturating_add);
        let written = engine.write(&Batch { ops }, SyncMode::Synced).map(|_| ());
        if written.is_err() {
            self.change_stored(&added, u64::saturating_sub);
        }
        written
    }

    fn change_stored(&self, bytes: &BTreeMap<HostId, u64>, change: fn(u64, u64) -> u64) {
        let mut stored = self.stored_bytes.lock();
        for (peer, bytes) in bytes {
            let before = stored.entry(*peer).or_default();
            *before = change(*before, *bytes);
        }
        stored.retain(|_, bytes| *bytes > 0);
    }

    /// The oldest hints for a peer behind the hint `after`: at most `max`, and no more than [`HINTS_READ_BYTES_MAX`] in all.
    pub(crate) fn of(
        engine: &dyn Engine,
        peer: HostId,
        after: Option<&HintId>,
        max: usize,
    ) -> Result<Vec<(HintId, Hint)>, EngineError> {
        let (mut out, mut bytes) = (Vec::new(), 0);
        let prefix = peer.0.into_bytes();
        // The first key behind another is that key with a zero.
        let start = after.map_or_else(|| prefix.to_vec(), |after| [&after.key[..], &[0]].concat());
        let end = henge_model::Key::prefix_end(&prefix);
        let range = ScanRange { family: Family::Hints, start: &start, end: &end, reversed: false };
        engine.scan(&range, Tier::Disk, &mut |key, value| {
            let mutation = Bytes::copy_from_slice(value);
            let id = HintId { key: Bytes::copy_from_slice(key) };
            out.push((id, Hint { to: peer, mutation, created: created_at(key) }));
            bytes += value.len();
            if out.len() >= max || bytes >= HINTS_READ_BYTES_MAX { Flow::Stop } else { Flow::Continue }
        })?;
        Ok(out)
    }

    /// The times at which the oldest and the newest hint for a peer became owed; `None` without any.
    pub(crate) fn span(engine: &dyn Engine, peer: HostId) -> Result<HintSpan, EngineError> {
        let start = peer.0.into_bytes();
        let end = henge_model::Key::prefix_end(&start);
        let first = |reversed| {
            let mut at = None;
            let range = ScanRange { family: Family::Hints, start: &start, end: &end, reversed };
            engine.scan(&range, Tier::Disk, &mut |key, _| {
                at = Some(created_at(key));
                Flow::Stop
            })?;
            Ok(at)
        };
        Ok(first(false)?.zip(first(true)?))
    }

    /// The peers that have hints.
    pub(crate) fn peers(&self) -> Vec<HostId> {
        self.stored_bytes.lock().keys().copied().collect()
    }

    /// Forgets hints that are settled. Not synced: after a crash a hint may be delivered once more, which changes nothing.
    pub(crate) fn delete(&self, engine: &dyn Engine, ids: &[HintId]) -> Result<(), EngineError> {
        // One deletion at a time, so that a hint that is settled twice is counted once. The lock of `stored_bytes` would not do: every
        // write that owes a hint takes it.
        let _alone = self.deleting.lock();
        let mut gone: BTreeMap<&Bytes, u64> = BTreeMap::new();
        for id in ids {
            engine.get(Family::Hints, &id.key, &mut |value| {
                if let Some(value) = value {
                    gone.insert(&id.key, value.len() as u64);
                }
            })?;
        }
        let ops = gone.keys().map(|key| Op::Delete { family: Family::Hints, key: Bytes::clone(key) }).collect();
        engine.write(&Batch { ops }, SyncMode::Unsynced)?;
        let mut bytes: BTreeMap<HostId, u64> = BTreeMap::new();
        for (key, size) in gone {
            if let Some((peer, _)) = parse_key(key) {
                *bytes.entry(peer).or_default() += size;
            }
        }
        self.change_stored(&bytes, u64::saturating_sub);
        Ok(())
    }

    /// Bytes stored for all peers.
    pub(crate) fn total(&self) -> u64 {
        self.stored_bytes.lock().values().sum()
    }

    /// Bytes stored for a peer.
    pub(crate) fn bytes(&self, peer: HostId) -> u64 {
        self.stored_bytes.lock().get(&peer).copied().unwrap_or(0)
    }
}

fn key(peer: HostId, created: Micros, number: u64) -> Bytes {
    let mut key = Vec::with_capacity(KEY_BYTES);
    key.extend_from_slice(&peer.0.into_bytes());
    key.extend_from_slice(&(created as u64 ^ SIGN_BIT).to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
    key.into()
}

fn parse_key(key: &[u8]) -> Option<(HostId, u64)> {
    let peer = key.first_chunk::<PEER_BYTES>()?;
    let number = key.last_chunk::<8>().filter(|_| key.len() == KEY_BYTES)?;
    Some((HostId(uuid::Uuid::from_bytes(*peer)), u64::from_be_bytes(*number)))
}

fn created_at(key: &[u8]) -> Micros {
    let bytes = key.get(PEER_BYTES..PEER_BYTES + 8).and_then(|b| b.try_into().ok());
    bytes.map_or(0, |b| (u64::from_be_bytes(b) ^ SIGN_BIT) as Micros)
}
