//! Proposing a value.

use super::electorate::Electorate;
use crate::under_way::Next;
use crate::{Refusal, ReplicaError, Replicas, Work};
use henge_base::{HostId, Micros};
use henge_paxos::{Proposal, Reply, Request, SharedRequest};

/// The outcome of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProposalOutcome {
    /// A quorum accepted it: it is decided.
    Accepted,
    /// No voter accepted it, nor ever will: a round that began at this time was promised.
    Refused(Micros),
    /// No voter accepted it, nor ever will: all of them refused for reasons of their own.
    Failed(Vec<(HostId, Refusal)>),
    /// Accepted by this number of voters, fewer than a quorum, so it may still be decided: the outcome is unknown.
    Unknown(u32),
}

impl<R: Replicas> Electorate<'_, R> {
    /// Proposes to all voters. A value that each of them refused will not be decided; the outcome of any other that lacks its
    /// quorum is unknown. Once a quorum has answered, a next round can find out, so that the others have little time left.
    pub(crate) async fn propose(&self, proposal: &Proposal) -> ProposalOutcome {
        self.replicas.note(|| format!("Proposing in ballot {}", proposal.ballot.micros));
        let request = SharedRequest::from(Request::Propose { key: self.key.clone(), proposal: proposal.clone() });
        let (mut tally, mut under_way) = self.ask(|_| request.clone());
        let (mut accepted, mut in_doubt, mut refused, mut replies) = (0, 0, 0, 0);
        let mut late = None;
        loop {
            let next = match &mut late {
                Some(late) => under_way.next_before(late).await,
                None => under_way.next().await.into(),
            };
            let (voter, reply) = match next {
                Next::Ended(voter, reply) => (voter, reply),
                Next::Idle => break,
                Next::Late => {
                    in_doubt += under_way.labels().count();
                    break;
                }
            };
            match self.check_reply(reply) {
                Ok(Reply::Done) => {
                    tally.count_answer(voter.group);
                    accepted += 1;
                }
                Ok(Reply::Rejected { by }) => refused = refused.max(by),
                Err(error @ ReplicaError::Refused(refusal)) if refusal.is_definite() => {
                    tally.count_failure(voter.group, voter.host, error);
                }
                Ok(Reply::Permitted(_)) | Err(_) => in_doubt += 1,
            }
            if tally.is_met() {
                self.replicas.note(|| format!("{accepted} voters accepted the proposal: it is decided"));
                return ProposalOutcome::Accepted;
            }
            replies += 1;
            if replies == self.quorum() {
                late = Some(self.patience(under_way.labels(), Work::Vote));
            }
        }
        match (accepted, in_doubt) {
            (0, 0) if refused > 0 => ProposalOutcome::Refused(refused),
            (0, 0) => ProposalOutcome::Failed(tally.take_failures()),
            _ => ProposalOutcome::Unknown(accepted),
        }
    }
}
