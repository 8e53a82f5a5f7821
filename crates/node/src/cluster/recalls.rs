//! The answers of other members to this process, and the claims that it makes to those that have not answered.

use crate::cluster::identity_error::IdentityError;
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_storage::{EngineError, Store};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::Notify;
use uuid::Uuid;

/// Name of the local fact that holds the claims.
const FACT: &str = "recall_claims";

/// The leases of the clock that members are asked with which have confirmed no process since: what they know of an older copy would
/// be hidden by a later lease.
pub(crate) type Claims = BTreeMap<HostId, Micros>;

/// The answers of other members to this process.
#[derive(Debug)]
pub(crate) struct Recalls {
    pub(super) state: Mutex<RecallState>,
    /// Held while changed claims are written.
    pub(super) claims_lock: tokio::sync::Mutex<()>,
    pub(super) changed: Notify,
}

#[derive(Debug)]
pub(super) struct RecallState {
    /// The lease that this process found on its disk.
    pub(super) lease: Micros,
    /// As on disk.
    pub(super) claims: Claims,
    pub(super) asked: BTreeSet<HostId>,
    /// Members that know nothing against this process; no claim is kept for them.
    pub(super) cleared: BTreeSet<HostId>,
    pub(super) admitted: BTreeSet<HostId>,
    pub(super) refused: BTreeMap<HostId, IdentityError>,
    pub(super) first_admitted: Option<Mono>,
    /// Since when a member refuses this process, which others had confirmed.
    pub(super) contested: Option<Mono>,
    /// Members whose refusal was logged.
    pub(super) logged: BTreeSet<HostId>,
}

impl Recalls {
    pub(crate) fn new(lease: Micros, claims: Claims) -> Recalls {
        let state = RecallState {
            lease,
            claims,
            asked: BTreeSet::new(),
            cleared: BTreeSet::new(),
            admitted: BTreeSet::new(),
            refused: BTreeMap::new(),
            first_admitted: None,
            contested: None,
            logged: BTreeSet::new(),
        };
        Recalls { state: Mutex::new(state), claims_lock: tokio::sync::Mutex::default(), changed: Notify::new() }
    }

    /// The lease of the clock that this process found on its disk.
    pub(super) fn lease(&self) -> Micros {
        self.state.lock().lease
    }

    /// Has a member asked again: it is a new process, or does not know this one.
    pub(super) fn ask_again(&self, host: HostId) {
        self.state.lock().admitted.remove(&host);
        self.changed.notify_one();
    }

    /// Has members asked at once that are new.
    pub(super) fn note_members(&self) {
        self.changed.notify_one();
    }

    /// The reason why this process ends.
    pub(super) fn refusal(&self) -> Option<IdentityError> {
        self.state.lock().refused.values().next().cloned()
    }
}

/// The claims that an earlier process left behind.
pub(crate) fn stored_claims(store: &Store) -> Result<Claims, EngineError> {
    let Some(bytes) = store.local(FACT)? else { return Ok(Claims::default()) };
    let claims = bytes.chunks(size_of::<u128>() + size_of::<Micros>()).map(|claim| {
        let (host, lease) = claim.split_first_chunk()?;
        Some((HostId(Uuid::from_bytes(*host)), Micros::from_be_bytes(lease.try_into().ok()?)))
    });
    claims.collect::<Option<Claims>>().ok_or_else(|| EngineError::Corrupt(format!("the fact {FACT} cannot be read")))
}

fn encode(claims: &Claims) -> Bytes {
    let mut out = Vec::new();
    for (host, lease) in claims {
        out.extend_from_slice(host.0.as_bytes());
        out.extend_from_slice(&lease.to_be_bytes());
    }
    out.into()
}

/// Stores claims, synced.
pub(super) fn put_claims(store: &Store, claims: &Claims) -> Result<(), EngineError> {
    store.put_local(FACT, &encode(claims))
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_storage::ModelEngine;
    use std::sync::Arc;

    #[test]
    fn claims_are_read_back() {
        let store = Store::open(Arc::new(ModelEngine::new())).unwrap();
        assert_eq!(stored_claims(&store), Ok(Claims::default()));
        let claims: Claims = [(HostId(Uuid::from_u128(1)), 5), (HostId(Uuid::from_u128(2)), -7)].into();
        put_claims(&store, &claims).unwrap();
        assert_eq!(stored_claims(&store), Ok(claims));
        store.put_local(FACT, &[0; 25]).unwrap();
        assert!(stored_claims(&store).is_err());
    }
}
