//! Fences of this replica that rise during a comparison: of writes, before deletions are forgotten, and of ballots, before acceptors are.

use crate::ground::world::{Lane, World};
use crate::peers::messages::repair::ComparedPart;
use crate::replica::LocalReplica;
use henge_base::{Bytes, Micros};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::{StorageId, TokenRange};
use henge_storage::{ExportCursor, ExportPage, Store};

impl<W: World> LocalReplica<W> {
    /// Refuses from now on ballots from before `ballots`, and writes that were issued before `fence`. False, without a fence of writes, if
    /// an acceptor does not know what became of a value of that time.
    pub(super) async fn raise_fences(
        &self,
        part: &ComparedPart,
        fence: Option<Micros>,
        ballots: Option<Micros>,
    ) -> Result<bool, ReplicaError> {
        let table = part.table;
        let fence = fence.filter(|fence| self.store.fence(table).is_none_or(|present| present < *fence));
        let Some(latest) = fence.max(ballots) else { return Ok(true) };
        // First of all: what is looked through below stays as it is up to there.
        let raise = move |store: &Store| store.raise_ballot_fence(table, latest);
        self.on_disk(Lane::Background, raise).await.map_err(|_| ReplicaError::Refused(Refusal::Other))?;
        if !self.is_settled(part, latest).await? && !self.context.options.faults.settle_undecided {
            self.undecided_found.notify_one();
            return Ok(false);
        }
        let Some(fence) = fence.filter(|_| !self.context.options.faults.purge_without_fence) else { return Ok(true) };
        let raise = move |store: &Store| store.raise_fence(table, fence);
        self.on_disk(Lane::Background, raise).await.map_err(|_| ReplicaError::Refused(Refusal::Other))?;
        Ok(true)
    }

    /// True if no acceptor of a part has a value from before `time` of which it does not know what became.
    async fn is_settled(&self, part: &ComparedPart, time: Micros) -> Result<bool, ReplicaError> {
        let is_unsettled = |state: &Bytes| match henge_paxos::Acceptor::decode(state) {
            Ok(acceptor) => acceptor.undecided_since().is_some_and(|since| since < time),
            Err(_) => true,
        };
        for range in &part.ranges {
            let mut next = None;
            loop {
                let page = self.acceptors_page(part.table, *range, next).await?;
                if page.rows.iter().any(|(_, state)| is_unsettled(state)) {
                    return Ok(false);
                }
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// True if this replica has the state of an acceptor in one of some ranges. A table without any costs one seek.
    pub(crate) async fn holds_acceptors(
        &self,
        table: StorageId,
        ranges: Vec<TokenRange>,
    ) -> Result<bool, ReplicaError> {
        let job = move |store: &Store| {
            let is_held = |range| store.export_acceptors(table, range, None, 1).map(|page| !page.rows.is_empty());
            if !is_held(TokenRange::FULL)? {
                return Ok(false);
            }
            for range in ranges {
                if is_held(range)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        self.on_disk(Lane::Background, job).await.map_err(|error| self.unreadable(&error))
    }

    /// A page of the states of acceptors in a range, behind `after`.
    pub(crate) async fn acceptors_page(
        &self,
        table: StorageId,
        range: TokenRange,
        after: Option<ExportCursor>,
    ) -> Result<ExportPage, ReplicaError> {
        let bytes_max = self.context.options.limits.acceptor_bytes;
        let job = move |store: &Store| store.export_acceptors(table, range, after.as_ref(), bytes_max);
        self.on_disk(Lane::Background, job).await.map_err(|error| self.unreadable(&error))
    }
}
