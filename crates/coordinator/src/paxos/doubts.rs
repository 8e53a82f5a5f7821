//! Values of one request whose proposals ended with an unknown outcome. A later round of the request finds out.

use crate::candidate::Candidate;
use henge_model::RowBlock;
use henge_paxos::{Ballot, Fate, Proposal, Round};

/// A proposal that some voter may have accepted, but no quorum is known to have.
pub(crate) struct Doubt {
    pub(crate) proposal: Proposal,
    /// The rows on which it was decided to propose it.
    pub(crate) blocks: Vec<RowBlock>,
}

/// The doubts of a request, and what was learned of them.
#[derive(Default)]
pub(crate) struct Doubts {
    open: Vec<Doubt>,
    /// The one that was decided. There is at most one: a value is proposed only after the earlier ones were not.
    decided: Option<Doubt>,
    /// True if it cannot be known any more what became of one.
    is_lost: bool,
    /// Voters known to have accepted the last one.
    received: u32,
}

impl Doubts {
    pub(crate) fn add(&mut self, proposal: Proposal, blocks: Vec<RowBlock>, received: u32) {
        self.received = received;
        self.open.push(Doubt { proposal, blocks });
    }

    /// True if a value of this request may have been decided, or may be yet, until a later round decides something.
    pub(crate) fn exist(&self) -> bool {
        !self.open.is_empty() || self.decided.is_some()
    }

    /// True if it will never be known.
    pub(crate) fn are_lost(&self) -> bool {
        self.is_lost
    }

    /// Voters known to have accepted the last value in doubt.
    pub(crate) fn acceptances(&self) -> u32 {
        self.received
    }

    /// The one that was decided, if it is known to be.
    pub(crate) fn take_decided(&mut self) -> Option<Doubt> {
        self.decided.take()
    }

    /// Learns from a round that a quorum promised. What was not decided by then stays in doubt: it can be finished by others
    /// until this round, or a later one, decides something.
    pub(crate) fn learn(&mut self, round: &Round<Candidate>, ballot: Ballot) {
        let fate = |doubt: &Doubt| round.fate(doubt.proposal.original, ballot);
        self.is_lost |= self.open.iter().any(|doubt| fate(doubt) == Some(Fate::Forgotten));
        let decided = self.open.iter().position(|doubt| fate(doubt) == Some(Fate::Decided));
        self.take_out(decided);
    }

    /// A value was decided that this request finished.
    pub(crate) fn record_decision(&mut self, decided: &Proposal) {
        let place = self.open.iter().position(|doubt| doubt.proposal.original == decided.original);
        self.take_out(place);
    }

    fn take_out(&mut self, place: Option<usize>) {
        if let Some(place) = place {
            self.decided = Some(self.open.swap_remove(place));
        }
    }
}
