//! The answers to one request, counted by group.

use crate::plan_epoch::names_stale_plan;
use crate::required::RequiredAnswers;
use crate::{Refusal, ReplicaError};
use henge_base::HostId;
use smallvec::SmallVec;

/// Why the level cannot be met any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Enough replicas refused.
    Refused,
    /// Refusals alone do not explain it: some replica did not answer.
    Silent,
    /// Silence alone does not explain it: some replica could not be asked, which did and will do nothing.
    Unsent,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    received: u32,
    /// Asked, and no outcome yet.
    open: u32,
    /// Ended without an answer.
    silent: u32,
    /// Could not be sent.
    unsent: u32,
}

/// Answers, refusals and silences of the replicas that were asked, by group.
#[derive(Clone, Debug)]
pub(crate) struct Tally<'a> {
    required: &'a RequiredAnswers,
    counts: SmallVec<[Count; 1]>,
    failures: Vec<(HostId, Refusal)>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(required: &'a RequiredAnswers) -> Self {
        let counts = SmallVec::from_elem(Count::default(), required.groups.len());
        Tally { required, counts, failures: Vec::new() }
    }

    pub(crate) fn count_request(&mut self, group: usize) {
        self.counts[group].open += 1;
    }

    /// Requests without an outcome.
    pub(crate) fn open(&self) -> usize {
        self.counts.iter().map(|count| count.open as usize).sum()
    }

    pub(crate) fn count_answer(&mut self, group: usize) {
        debug_assert!(self.counts[group].open > 0, "I30: an answer counts once, and only if it was asked for");
        self.counts[group].open -= 1;
        self.counts[group].received += 1;
    }

    pub(crate) fn count_failure(&mut self, group: usize, host: HostId, error: ReplicaError) {
        debug_assert!(self.counts[group].open > 0, "I30: a failure counts once, and only if it was asked for");
        debug_assert!(self.failures.iter().all(|(failed, _)| *failed != host), "{host} has failed before");
        self.counts[group].open -= 1;
        match error {
            ReplicaError::Refused(refusal) => self.failures.push((host, refusal)),
            ReplicaError::Unknown => self.counts[group].silent += 1,
            ReplicaError::NotSent => self.counts[group].unsent += 1,
        }
    }

    /// Counts a replica that is asked again after it could not be asked, or did not answer.
    pub(crate) fn count_repeat(&mut self, group: usize, error: ReplicaError) {
        let count = &mut self.counts[group];
        match error {
            ReplicaError::Unknown => count.silent -= 1,
            ReplicaError::NotSent => count.unsent -= 1,
            ReplicaError::Refused(_) => return,
        }
        count.open += 1;
    }

    /// True if more replicas of the group must be asked for it to be met.
    pub(crate) fn lacks(&self, group: usize) -> bool {
        let Count { received, open, .. } = self.counts[group];
        received + open < self.required.groups[group].block_for
    }

    pub(crate) fn is_group_met(&self, group: usize) -> bool {
        self.counts[group].received >= self.required.groups[group].block_for
    }

    pub(crate) fn is_met(&self) -> bool {
        self.groups().all(|(block_for, count)| count.received >= block_for)
    }

    /// The reason why open requests can no longer meet the level; `None` while they can. A loss counts as refused only if
    /// answers of all others would not have been enough: a client may take a failure for more definite than a timeout. It
    /// counts as unsent if answers of the silent replicas would not have been.
    pub(crate) fn loss(&self) -> Option<Loss> {
        let lost = |(block_for, count): (u32, &Count)| count.received + count.open < block_for;
        let unsent = |(block_for, count): (u32, &Count)| count.received + count.open + count.silent < block_for;
        let refused =
            |(block_for, count): (u32, &Count)| count.received + count.open + count.silent + count.unsent < block_for;
        match (self.groups().any(lost), self.groups().any(unsent), self.groups().any(refused)) {
            (false, ..) => None,
            (true, _, true) => Some(Loss::Refused),
            (true, true, false) => Some(Loss::Unsent),
            (true, false, false) => Some(Loss::Silent),
        }
    }

    /// Replicas that were asked, as an error reports them: at least one short of what was needed.
    pub(crate) fn alive(&self) -> u32 {
        let asked = |(block_for, count): (u32, &Count)| (count.received + count.open + count.silent).min(block_for);
        let alive: u32 = self.groups().map(asked).sum();
        alive.min(self.required.block_for().saturating_sub(1))
    }

    /// Answers that counted, as an error reports them: at least one short of what was needed.
    pub(crate) fn short(&self) -> u32 {
        let counted: u32 = self.groups().map(|(block_for, count)| count.received.min(block_for)).sum();
        counted.min(self.required.block_for().saturating_sub(1))
    }

    /// True if a replica refused because the plan was made before its range changed hands.
    pub(crate) fn was_stale(&self) -> bool {
        names_stale_plan(&self.failures)
    }

    /// Takes the refusals, by replica.
    pub(crate) fn take_failures(&mut self) -> Vec<(HostId, Refusal)> {
        std::mem::take(&mut self.failures)
    }

    fn groups(&self) -> impl Iterator<Item = (u32, &Count)> {
        self.required.groups.iter().map(|group| group.block_for).zip(&self.counts)
    }
}
