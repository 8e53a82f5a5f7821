//! Commits: decisions are written to the rows of every replica.

use super::electorate::Electorate;
use crate::candidate::Candidate;
use crate::plan::WritePlan;
use crate::plan_epoch::newest;
use crate::tally::Tally;
use crate::under_way::{Next, UnderWay};
use crate::{Replicas, Work, WriteError, WriteType};
use henge_base::Bytes;
use henge_model::{Consistency, TokenRange};
use henge_paxos::{Proposal, Request, SharedRequest};

impl<R: Replicas> Electorate<'_, R> {
    /// Sends a decision to some replicas. Returns true if all of them have it before they are late.
    pub(crate) async fn bring_level(&self, decided: &Proposal, lacking: &[Candidate]) -> bool {
        let Some((request, mutation)) = self.commitment(decided) else { return false };
        let mut under_way = UnderWay::new();
        for replica in lacking {
            let commit = self.replicas.commit(
                self.plan.recipient(replica.host),
                request.clone(),
                mutation.clone(),
                self.deadline,
            );
            under_way.push(replica.host, commit);
        }
        let mut late = self.patience(lacking.iter().copied(), Work::Vote);
        let mut all = true;
        loop {
            match under_way.next_before(&mut late).await {
                Next::Ended(_, outcome) => all &= outcome.is_ok(),
                Next::Idle => return all,
                // It was there a moment ago. A round of the others does without it.
                Next::Late => return false,
            }
        }
    }

    /// Sends a decision to every replica, and awaits as many as a client's level needs, none at ANY. Those of the newest epoch are
    /// told of it, also if others decided, and those that are up, however few there are by now. It stands in any case: an error
    /// only says that too few replicas are known to have it.
    pub(crate) async fn commit(&self, decided: &Proposal, consistency: Consistency) -> Result<(), WriteError> {
        let tokens = TokenRange::of_one(self.token);
        let placed = newest(self.replicas, self.placed.clone(), tokens);
        let everyone = WritePlan::without_check(self.replicas, &placed, self.token, consistency);
        let (request, mutation) = self.commitment(decided).ok_or_else(|| self.timeout(0))?;
        self.replicas.note(|| format!("Committing at {consistency} what was decided"));
        let mut tally = Tally::new(&everyone.required);
        let mut under_way = UnderWay::new();
        for target in everyone.targets.iter().filter(|target| target.alive) {
            let commit =
                self.replicas.commit(everyone.recipient(target.host), request.clone(), mutation.clone(), self.deadline);
            if let Some(group) = target.group {
                tally.count_request(group);
                under_way.push((target.host, group), commit);
            }
        }
        for target in everyone.targets.iter().filter(|target| !target.alive) {
            self.replicas.owe(target.host, mutation.clone());
        }
        let is_enough = |tally: &Tally| consistency == Consistency::Any || tally.is_met();
        while !is_enough(&tally) && tally.loss().is_none() {
            match under_way.next().await {
                Some(((_, group), Ok(()))) => tally.count_answer(group),
                Some(((host, group), Err(error))) => tally.count_failure(group, host, error),
                None => break,
            }
        }
        if consistency == Consistency::Any || tally.is_met() && self.replicas.holds(&placed, tokens) {
            return Ok(());
        }
        // Never Unavailable, nor a failure: it is decided.
        let (received, block_for) = (tally.short(), everyone.required.block_for());
        Err(WriteError::Timeout { consistency, received, block_for, write_type: WriteType::Cas })
    }

    /// The request to acceptors, and the mutation in it; `None` of a value that writes nothing, which nobody commits.
    fn commitment(&self, decided: &Proposal) -> Option<(SharedRequest, Bytes)> {
        debug_assert!(decided.update.is_some(), "{decided:?}");
        let mutation = decided.update.clone()?;
        Some((Request::Commit { key: self.key.clone(), proposal: decided.clone() }.into(), mutation))
    }
}
