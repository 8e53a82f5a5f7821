//! A read command sent to replicas: as many are asked as the level needs, others in place of those that fail, and one more where some
//! are late.
//!
//! - `round`: [`ReplicaRead::ask`], one round of requests, until the level is met or cannot be.

mod round;

use crate::block::{is_ordered, is_sound};
use crate::candidate::{Candidate, Candidates};
use crate::required::RequiredAnswers;
use crate::{ReadKind, ReadReply, Recipient, Refusal, ReplicaError, Replicas, Work};
use henge_base::{HostId, Mono};
use henge_model::{Consistency, ReadCommand, SpeculativeRetry};
use henge_ring::Epoch;
use smallvec::SmallVec;
use std::sync::Arc;

/// A read command, with the number of answers that its level needs. A read has a round of requests for digests and, if
/// they differ, one for rows.
pub(crate) struct ReplicaRead<'a, R> {
    pub(crate) replicas: &'a R,
    pub(crate) command: Arc<ReadCommand>,
    /// The epoch of the placement by which the replicas were picked.
    pub(crate) epoch: Epoch,
    /// The answers that the level needs, of each group of replicas.
    pub(crate) required: &'a RequiredAnswers,
    pub(crate) consistency: Consistency,
    /// The time at which the read began.
    pub(crate) began: Mono,
    pub(crate) deadline: Mono,
    pub(crate) speculation: SpeculativeRetry,
    /// The kind of work that it is to a replica, by which answer times are measured.
    pub(crate) work: Work,
}

/// The form in which replicas answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerForm {
    /// Rows from the nearest, digests of their rows from the others.
    OneAndDigests,
    /// Rows from each.
    Rows,
}

/// Answers that meet the level.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) answers: SmallVec<[(Candidate, ReadReply); 3]>,
    /// Replicas that were not asked, then those that were and have not answered.
    pub(crate) spare: Candidates,
}

impl<R: Replicas> ReplicaRead<'_, R> {
    /// The address of a request to a replica of the plan.
    pub(crate) fn recipient(&self, host: HostId) -> Recipient {
        Recipient { host, epoch: self.epoch }
    }

    /// The middle of the time that is left, or later if the table's policy says so.
    fn half_time(&self, now: Mono) -> Mono {
        let half = now + self.deadline.since(now) / 2;
        match self.speculation {
            SpeculativeRetry::After(delay) => half.max(self.began + delay),
            _ => half,
        }
    }

    /// Checks an answer. One that cannot be an answer to the command counts as a refusal.
    fn validate(
        &self,
        from: Candidate,
        kind: ReadKind,
        reply: Result<ReadReply, ReplicaError>,
    ) -> Result<ReadReply, ReplicaError> {
        let reply = reply?;
        let sound = match (&reply, kind) {
            (ReadReply::Digest(_), ReadKind::Digest) => true,
            (ReadReply::Rows(block), ReadKind::Rows) if from.host == self.replicas.local() => {
                is_ordered(block, &self.command)
            }
            (ReadReply::Rows(block), ReadKind::Rows) => is_sound(block, &self.command),
            _ => false,
        };
        if sound { Ok(reply) } else { Err(ReplicaError::Refused(Refusal::Corrupt)) }
    }
}
