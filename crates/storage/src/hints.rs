//! Hints on disk: a queue for each target of the writes that it missed, oldest first.
//!
//! Key: target's host id (16 B) | created, sign flipped (8 B) | number (8 B). Value: the encoded mutation, whose rows carry their
//! own checksums. Beside each queue stands its account, in the same batch as every change of it, so that a start reads one record for
//! each target and no hint.

use crate::limits::HINTS_READ_BYTES_MAX;
use crate::{Batch, Engine, EngineError, Family, Flow, Op, ScanRange, SyncMode, Tier};
use account::{Account, Change};
use henge_base::{Bytes, HostId, Micros};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};

mod account;

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

/// The hints on disk, and the account of each target.
#[derive(Debug)]
pub(crate) struct Hints {
    /// Targets without hints are not in it.
    accounts: Mutex<BTreeMap<HostId, Account>>,
    /// The number of the next hint. Held while hints are added or removed, so that accounts are written in order; the lock of
    /// `accounts` would not do, since every write that owes a hint takes it.
    next: Mutex<u64>,
}

impl Hints {
    /// Reads the account of each target. A directory of a release without accounts has its hints counted, once.
    pub(crate) fn open(engine: &dyn Engine) -> Result<Hints, EngineError> {
        let mut accounts = account::read_all(engine)?;
        if accounts.is_empty() {
            accounts = count_all(engine)?;
            let ops = accounts.iter().map(|(peer, account)| account.op(*peer)).collect::<Vec<Op>>();
            if !ops.is_empty() {
                engine.write(&Batch { ops }, SyncMode::Synced)?;
            }
        }
        for (peer, account) in &mut accounts {
            account.oldest = Hints::first(engine, *peer, false)?.unwrap_or(account.oldest);
        }
        let next = accounts.values().map(|account| account.next).max().unwrap_or(0);
        Ok(Hints { accounts: Mutex::new(accounts), next: Mutex::new(next) })
    }

    /// Stores hints, synced.
    pub(crate) fn add(&self, engine: &dyn Engine, hints: Vec<Hint>) -> Result<(), EngineError> {
        self.change(engine, &[], hints, SyncMode::Synced)
    }

    /// Forgets hints that are settled. Not synced: after a crash a hint may be delivered once more, which changes nothing.
    pub(crate) fn delete(&self, engine: &dyn Engine, ids: &[HintId]) -> Result<(), EngineError> {
        self.change(engine, ids, Vec::new(), SyncMode::Unsynced)
    }

    /// Stores hints in place of others, synced.
    pub(crate) fn replace(&self, engine: &dyn Engine, ids: &[HintId], by: Vec<Hint>) -> Result<(), EngineError> {
        self.change(engine, ids, by, SyncMode::Synced)
    }

    fn change(
        &self,
        engine: &dyn Engine,
        gone: &[HintId],
        hints: Vec<Hint>,
        sync: SyncMode,
    ) -> Result<(), EngineError> {
        let mut next = self.next.lock();
        let (mut ops, mut changes) = (Vec::new(), BTreeMap::<HostId, Change>::new());
        // One that is settled twice counts once.
        for id in gone.iter().collect::<BTreeSet<_>>() {
            let mut bytes = None;
            engine.get(Family::Hints, &id.key, &mut |value| bytes = value.map(<[u8]>::len))?;
            let Some((bytes, peer)) = bytes.zip(peer_of(&id.key)) else { continue };
            changes.entry(peer).or_default().remove(bytes as u64);
            ops.push(Op::Delete { family: Family::Hints, key: id.key.clone() });
        }
        for hint in hints {
            changes.entry(hint.to).or_default().add(hint.mutation.len() as u64, hint.created);
            let key = key(hint.to, hint.created, *next);
            *next += 1;
            ops.push(Op::Put { family: Family::Hints, key, value: hint.mutation });
        }
        if ops.is_empty() {
            return Ok(());
        }
        let before = self.accounts.lock().clone();
        let mut after = before.clone();
        for (peer, change) in changes {
            let account = after.entry(peer).or_default();
            account.take(change, *next);
            ops.push(account.op(peer));
        }
        after.retain(|_, account| account.count > 0);
        // Counted before they are written: a hint may be found and deleted at once.
        *self.accounts.lock() = after;
        let written = engine.write(&Batch { ops }, sync).map(|_| ());
        if written.is_err() {
            *self.accounts.lock() = before;
        }
        written
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

    /// The time of the first hint for a peer, or of the last.
    fn first(engine: &dyn Engine, peer: HostId, reversed: bool) -> Result<Option<Micros>, EngineError> {
        let start = peer.0.into_bytes();
        let end = henge_model::Key::prefix_end(&start);
        let mut at = None;
        let range = ScanRange { family: Family::Hints, start: &start, end: &end, reversed };
        engine.scan(&range, Tier::Disk, &mut |key, _| {
            at = Some(created_at(key));
            Flow::Stop
        })?;
        Ok(at)
    }

    /// The times at which the oldest and the newest hint for a peer became owed; `None` without any.
    pub(crate) fn span(&self, engine: &dyn Engine, peer: HostId) -> Result<HintSpan, EngineError> {
        let span = Hints::first(engine, peer, false)?.zip(Hints::first(engine, peer, true)?);
        if let (Some((oldest, _)), Some(account)) = (span, self.accounts.lock().get_mut(&peer)) {
            account.oldest = oldest;
        }
        Ok(span)
    }

    /// The peers that have hints.
    pub(crate) fn peers(&self) -> Vec<HostId> {
        self.accounts.lock().keys().copied().collect()
    }

    /// Bytes stored for all peers.
    pub(crate) fn total(&self) -> u64 {
        self.accounts.lock().values().map(|account| account.bytes).sum()
    }

    /// Bytes stored for a peer.
    pub(crate) fn bytes(&self, peer: HostId) -> u64 {
        self.accounts.lock().get(&peer).map_or(0, |account| account.bytes)
    }

    /// Number of the hints stored for a peer.
    pub(crate) fn count(&self, peer: HostId) -> u64 {
        self.accounts.lock().get(&peer).map_or(0, |account| account.count)
    }

    /// The time of a hint for a peer before which there is none; it is the oldest one's at the start, and whenever the span was asked for.
    pub(crate) fn oldest(&self, peer: HostId) -> Option<Micros> {
        self.accounts.lock().get(&peer).map(|account| account.oldest)
    }
}

/// Counts all hints.
fn count_all(engine: &dyn Engine) -> Result<BTreeMap<HostId, Account>, EngineError> {
    let mut accounts: BTreeMap<HostId, Account> = BTreeMap::new();
    let all = ScanRange { family: Family::Hints, start: &[], end: &[], reversed: false };
    engine.scan(&all, Tier::Disk, &mut |key, value| {
        if let Some((peer, number)) = peer_of(key).zip(number_of(key)) {
            let account = accounts.entry(peer).or_default();
            let mut change = Change::default();
            change.add(value.len() as u64, created_at(key));
            account.take(change, account.next.max(number + 1));
        }
        Flow::Continue
    })?;
    Ok(accounts)
}

fn key(peer: HostId, created: Micros, number: u64) -> Bytes {
    let mut key = Vec::with_capacity(KEY_BYTES);
    key.extend_from_slice(&peer.0.into_bytes());
    key.extend_from_slice(&(created as u64 ^ SIGN_BIT).to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
    key.into()
}

fn peer_of(key: &[u8]) -> Option<HostId> {
    let peer = key.first_chunk::<PEER_BYTES>().filter(|_| key.len() == KEY_BYTES)?;
    Some(HostId(uuid::Uuid::from_bytes(*peer)))
}

fn number_of(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|number| u64::from_be_bytes(*number))
}

fn created_at(key: &[u8]) -> Micros {
    let bytes = key.get(PEER_BYTES..PEER_BYTES + 8).and_then(|b| b.try_into().ok());
    bytes.map_or(0, |b| (u64::from_be_bytes(b) ^ SIGN_BIT) as Micros)
}
