//! Processes of other members ask to be admitted: each is held against what this node has seen of its host.

use crate::cluster::Cluster;
use crate::ground::world::{Lane, To, World};
use crate::peers::header::Header;
use crate::peers::messages::recall::{Recall, RecallReply};
use crate::peers::sightings::{Claim, Sighting, Sightings};
use henge_base::HostId;
use henge_coordinator::Refusal;
use henge_storage::{EngineError, Store, SyncMode};
use std::sync::Arc;
use std::time::Duration;

/// The process that was admitted before may take so long to show that it runs.
const SIGN_OF_LIFE_TIMEOUT: Duration = Duration::from_millis(500);
/// Between two attempts to reach it: the link to one that has ended has to break first.
const SIGN_OF_LIFE_DELAY: Duration = Duration::from_millis(20);
/// Claims may be overtaken by others of the same host so often.
const ATTEMPTS: usize = 3;

/// Puts back what the disk holds of members.
pub(crate) fn restore_sightings(store: &Store, sightings: &Sightings) -> Result<(), EngineError> {
    for host in sightings.hosts() {
        if let Some(bytes) = store.local(&Sighting::fact(host))? {
            let damaged = || EngineError::Corrupt(format!("the sighting of node {host} cannot be read"));
            sightings.restore(host, Sighting::decode(&bytes).ok_or_else(damaged)?);
        }
    }
    Ok(())
}

impl<W: World> Cluster<W> {
    /// Admits the process that asks, unless something contradicts it.
    pub(crate) async fn answer_recall(
        &self,
        from: HostId,
        header: &Header,
        recall: Recall,
    ) -> Result<RecallReply, Refusal> {
        if let Err(unspoken) = recall.speaks.check(self.view().state.active_version) {
            tracing::error!(peer = %from, %unspoken, "a process is not admitted: its release is too old");
            return Ok(RecallReply::Unspoken(unspoken));
        }
        let claim = Claim { generation: recall.generation, start: header.start, lease: recall.lease };
        let admits_all = self.context.options.faults.admit_older_copies;
        for _ in 0..ATTEMPTS {
            // A node without a log knows no member.
            let seen = self.peers.sightings().get(from).ok_or(Refusal::Behind)?;
            let is_older = self.as_told(seen).contradicts(&claim) && !admits_all;
            if is_older && !recall.is_accepted {
                let Sighting { generation, clock, .. } = seen;
                tracing::error!(peer = %from, ?seen, ?claim, "a process on an older copy of a node's disk is not admitted");
                return Ok(RecallReply::Older { generation, clock });
            }
            let is_next = seen.start != claim.start;
            if is_next && !admits_all && self.still_runs(from, seen.start).await {
                tracing::error!(peer = %from, "a process is not admitted: another one of its node runs");
                return Ok(RecallReply::Running);
            }
            let is_known = !is_next && seen.generation == claim.generation;
            if recall.is_question {
                return Ok(RecallReply::Admitted);
            }
            if is_known {
                self.note_address(from, recall.address);
                return Ok(RecallReply::Admitted);
            }
            if is_older {
                tracing::warn!(peer = %from, ?seen, ?claim, "an operator accepts an older copy of a node's disk");
            }
            if self.admit(from, seen, claim).await? {
                self.note_address(from, recall.address);
                if is_next {
                    // It may have forgotten which process of this node it admitted.
                    self.recalls.ask_again(from);
                }
                return Ok(RecallReply::Admitted);
            }
        }
        Err(Refusal::Other)
    }

    /// The sighting of a host, as it is held against those who ask.
    fn as_told(&self, seen: Sighting) -> Sighting {
        match self.context.options.faults.hold_untold_clocks {
            true => Sighting { generation: seen.generation.max(1), ..seen },
            false => seen,
        }
    }

    /// True if the process with that start answers at its host's address, or where the log has the host.
    async fn still_runs(&self, host: HostId, start: u32) -> bool {
        if start == 0 || self.peers.sightings().has_ended(host) {
            return false;
        }
        let end = self.context.deadline_after(SIGN_OF_LIFE_TIMEOUT);
        loop {
            let left = end.since(self.context.world.mono());
            if left.is_zero() {
                return false;
            }
            if let Some(former) = self.peers.addresses().former_address(host)
                && let Ok((found, _)) = self.peers.probe(To::Address(former), left).await
                && found == start
            {
                return true;
            }
            match self.peers.probe(To::Host(host), end.since(self.context.world.mono())).await {
                Ok((found, _)) => return found == start,
                Err(_) => self.context.pause(SIGN_OF_LIFE_DELAY).await,
            }
        }
    }

    /// Admits a process, on disk first; false if another one was admitted meanwhile.
    async fn admit(&self, host: HostId, seen: Sighting, claim: Claim) -> Result<bool, Refusal> {
        let _turn = self.admission_lock.lock().await;
        let now = self.peers.sightings().get(host).ok_or(Refusal::Stranger)?;
        if now.start != seen.start {
            return Ok(false);
        }
        let sighting = Sighting { generation: claim.generation, start: claim.start, clock: now.clock };
        self.store_sightings(vec![(host, sighting)], Vec::new(), SyncMode::Synced).await.map_err(|error| {
            tracing::error!(%error, peer = %host, "a process of a node cannot be admitted");
            Refusal::Other
        })?;
        self.peers.sightings().admit(host, sighting);
        Ok(true)
    }

    /// Brings what was seen of members to disk; once anything later is synced, it is there.
    pub(crate) async fn keep_sightings(&self) -> Result<(), EngineError> {
        // An admission that is written meanwhile must not be overwritten.
        let _turn = self.admission_lock.lock().await;
        let (changed, forgotten) = self.peers.sightings().changes();
        if changed.is_empty() && forgotten.is_empty() {
            return Ok(());
        }
        self.store_sightings(changed.clone(), forgotten.clone(), SyncMode::Unsynced).await?;
        self.peers.sightings().record_stored(&changed, &forgotten);
        Ok(())
    }

    async fn store_sightings(
        &self,
        changed: Vec<(HostId, Sighting)>,
        forgotten: Vec<HostId>,
        sync: SyncMode,
    ) -> Result<(), EngineError> {
        let store = Arc::clone(&self.store);
        let put = changed.into_iter().map(|(host, sighting)| (Sighting::fact(host), Some(sighting.encode())));
        let removed = forgotten.into_iter().map(|host| (Sighting::fact(host), None));
        let facts: Vec<_> = put.chain(removed).collect();
        self.context.world.disk(Lane::Metadata, move || store.change_locals(facts, sync)).await
    }
}
