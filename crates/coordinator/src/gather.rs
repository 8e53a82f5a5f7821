//! Asking as many replicas as a level needs, and others in place of those that fail.

use crate::block::{is_ordered, is_sound};
use crate::plan::{Candidate, Candidates};
use crate::required::Required;
use crate::tally::{Loss, Tally};
use crate::under_way::UnderWay;
use crate::{ReadError, ReadKind, ReadReply, Refusal, ReplicaError, Replicas};
use henge_base::Mono;
use henge_model::{Consistency, ReadCommand};
use smallvec::SmallVec;
use std::sync::Arc;

/// One command, and what its level needs.
pub(crate) struct Gather<'a, R> {
    pub(crate) replicas: &'a R,
    pub(crate) command: Arc<ReadCommand>,
    pub(crate) required: &'a Required,
    pub(crate) consistency: Consistency,
    pub(crate) deadline: Mono,
}

/// What the replicas are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Rows of the nearest, digests of the others.
    OneAndDigests,
    /// Rows of each.
    Rows,
}

/// Enough answers for the level.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) answers: SmallVec<[(Candidate, ReadReply); 3]>,
    /// Who was not asked.
    pub(crate) spare: Candidates,
}

impl<R: Replicas> Gather<'_, R> {
    /// Asks the first of `pool`, and goes on to the others where one fails with time left.
    pub(crate) async fn gather(&self, pool: Candidates, wanted: Wanted) -> Result<Gathered, ReadError> {
        let mut tally = Tally::new(self.required);
        let mut under_way = UnderWay::new();
        let mut gathered = Gathered { answers: SmallVec::new(), spare: pool };
        let mut first = Candidates::new();
        gathered.spare.retain(|candidate| {
            if !tally.lacks(candidate.group) {
                return true;
            }
            tally.asked(candidate.group);
            first.push(*candidate);
            false
        });
        let mut kind = ReadKind::Rows;
        for candidate in first {
            self.ask(candidate, kind, &gathered.spare, &mut under_way);
            if wanted == Wanted::OneAndDigests {
                kind = ReadKind::Digest;
            }
        }
        while !tally.is_met() {
            if let Some(loss) = tally.loss() {
                return Err(self.failed(tally, &gathered, loss));
            }
            let Some(((candidate, kind), reply)) = under_way.next().await else {
                return Err(self.failed(tally, &gathered, Loss::Silent));
            };
            match self.checked(candidate, kind, reply) {
                Ok(reply) => {
                    tally.received(candidate.group);
                    gathered.answers.push((candidate, reply));
                }
                Err(error) => {
                    tally.failed(candidate.group, candidate.host, error);
                    if let Some(other) = self.stand_in(candidate.group, &mut gathered.spare) {
                        tally.asked(other.group);
                        self.ask(other, kind, &gathered.spare, &mut under_way);
                    }
                }
            }
        }
        Ok(gathered)
    }

    fn ask(
        &self,
        candidate: Candidate,
        kind: ReadKind,
        spare: &Candidates,
        under_way: &mut UnderWay<(Candidate, ReadKind), R::Read>,
    ) {
        let deadline = self.deadline_of(candidate, spare);
        let pending = self.replicas.read(candidate.host, Arc::clone(&self.command), kind, deadline);
        under_way.push((candidate, kind), pending);
    }

    /// A replica that another can stand in for has half of the time that is left: one that died without a word must not take all of
    /// it.
    fn deadline_of(&self, candidate: Candidate, spare: &Candidates) -> Mono {
        if !spare.iter().any(|other| other.group == candidate.group) {
            return self.deadline;
        }
        let now = self.replicas.mono();
        now + self.deadline.since(now) / 2
    }

    fn stand_in(&self, group: usize, spare: &mut Candidates) -> Option<Candidate> {
        if self.replicas.mono() >= self.deadline {
            return None;
        }
        let at = spare.iter().position(|candidate| candidate.group == group)?;
        Some(spare.remove(at))
    }

    /// An answer that is not one counts as a refusal.
    fn checked(
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

    fn failed(&self, tally: Tally<'_>, gathered: &Gathered, loss: Loss) -> ReadError {
        let (consistency, received, block_for) = (self.consistency, tally.short(), self.required.block_for());
        let data_present = gathered.answers.iter().any(|(_, reply)| matches!(reply, ReadReply::Rows(_)));
        match loss {
            Loss::Silent => ReadError::Timeout { consistency, received, block_for, data_present },
            Loss::Refused => {
                let failures = tally.into_failures();
                ReadError::Failure { consistency, received, block_for, failures, data_present }
            }
        }
    }
}
