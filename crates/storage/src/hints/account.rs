//! The account of a target's hints: a local fact, `hints/` and its host id. It holds format (1, `01`), bytes, count and the number of the
//! next hint (8 each, big-endian).

use crate::{Engine, EngineError, Family, Flow, Op, ScanRange, Tier};
use henge_base::{Bytes, HostId, Micros};
use henge_model::Key;
use std::collections::BTreeMap;

const NAME: &[u8] = b"hints/";
const FORMAT: u8 = 1;
const VALUE_BYTES: usize = 25;

/// The hints that a target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// Bytes of mutations.
    pub(super) bytes: u64,
    /// Number of hints.
    pub(super) count: u64,
    /// Above the numbers of all of them.
    pub(super) next: u64,
    /// No hint is older. Not stored: a seek finds it.
    pub(super) oldest: Micros,
}

impl Default for Account {
    fn default() -> Self {
        Account { bytes: 0, count: 0, next: 0, oldest: Micros::MAX }
    }
}

/// A change of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    removed: (u64, u64),
    added: (u64, u64),
    oldest: Micros,
}

impl Default for Change {
    fn default() -> Self {
        Change { removed: (0, 0), added: (0, 0), oldest: Micros::MAX }
    }
}

impl Change {
    pub(super) fn remove(&mut self, bytes: u64) {
        self.removed = (self.removed.0 + bytes, self.removed.1 + 1);
    }

    pub(super) fn add(&mut self, bytes: u64, created: Micros) {
        self.added = (self.added.0 + bytes, self.added.1 + 1);
        self.oldest = self.oldest.min(created);
    }
}

impl Account {
    pub(super) fn take(&mut self, change: Change, next: u64) {
        self.bytes = self.bytes.saturating_add(change.added.0).saturating_sub(change.removed.0);
        self.count = self.count.saturating_add(change.added.1).saturating_sub(change.removed.1);
        self.next = next;
        self.oldest = self.oldest.min(change.oldest);
    }

    /// The change on disk that makes it the target's account.
    pub(super) fn op(&self, target: HostId) -> Op {
        let (family, key) = (Family::Local, Bytes::from([NAME, target.0.as_bytes()].concat()));
        if self.count == 0 {
            return Op::Delete { family, key };
        }
        let mut value = Vec::with_capacity(VALUE_BYTES);
        value.push(FORMAT);
        [self.bytes, self.count, self.next].iter().for_each(|number| value.extend_from_slice(&number.to_be_bytes()));
        Op::Put { family, key, value: value.into() }
    }

    fn read(value: &[u8]) -> Option<Account> {
        let (&FORMAT, rest) = value.split_first()? else { return None };
        let (numbers, rest) = rest.as_chunks::<8>();
        let [bytes, count, next] = numbers.try_into().ok().filter(|_| rest.is_empty())?;
        let [bytes, count, next] = [bytes, count, next].map(u64::from_be_bytes);
        Some(Account { bytes, count, next, ..Account::default() })
    }
}

/// The accounts on disk.
pub(super) fn read_all(engine: &dyn Engine) -> Result<BTreeMap<HostId, Account>, EngineError> {
    let (mut accounts, mut is_broken) = (BTreeMap::new(), false);
    let range = ScanRange { family: Family::Local, start: NAME, end: &Key::prefix_end(NAME), reversed: false };
    engine.scan(&range, Tier::Disk, &mut |key, value| {
        match (key[NAME.len()..].try_into(), Account::read(value)) {
            (Ok(target), Some(account)) => _ = accounts.insert(HostId(uuid::Uuid::from_bytes(target)), account),
            _ => is_broken = true,
        }
        Flow::Continue
    })?;
    match is_broken {
        true => Err(EngineError::Corrupt("the account of a target's hints is none".to_owned())),
        false => Ok(accounts),
    }
}
