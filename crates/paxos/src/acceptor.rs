//! The acceptor: the state of one replica. It must be on disk before an answer that depends on it is sent. Rejections
//! may depend on state that is not on disk yet.

use crate::message::{MessageError, decode, encode};
use crate::{Ballot, Permission, Proposal};
use henge_base::{Bytes, Micros};
use serde::{Deserialize, Serialize};

/// The promises, accepted value and committed value of a replica for one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptor {
    /// The latest round promised; no round up to it is promised any more.
    #[serde(rename = "p")]
    promised: Ballot,
    /// The latest promised round that may write.
    #[serde(rename = "w")]
    promised_write: Ballot,
    /// The last accepted value; `None` if there is none later than `committed`.
    #[serde(rename = "a")]
    accepted: Option<Proposal>,
    #[serde(rename = "c")]
    committed: Option<Proposal>,
}

/// The answer to a prepare, without the rows. Variants differ in size, but there is only one value at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrepareOutcome {
    /// The round may read, and write unless it is superseded. The state changed if it is not superseded.
    Permitted(Permission),
    /// A later round was promised; the time of its ballot. Nothing changed.
    Rejected(Micros),
}

impl Acceptor {
    /// The state's bytes on disk.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Decodes the output of [`Acceptor::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Acceptor, MessageError> {
        decode(bytes)
    }

    /// Bytes of what was accepted and committed here; ballots, of which there are few, are not counted.
    pub fn value_bytes(&self) -> usize {
        let values = self.accepted.iter().chain(&self.committed);
        values.filter_map(|proposal| proposal.update.as_ref()).map(Bytes::len).sum()
    }

    /// The state, with copies of its values: those that came with a message keep all of it from being freed.
    pub fn copy_values(mut self) -> Acceptor {
        let values = self.accepted.iter_mut().chain(&mut self.committed);
        for update in values.filter_map(|proposal| proposal.update.as_mut()) {
            *update = Bytes::copy_from_slice(update);
        }
        self
    }

    /// Promises a round, unless a later one was promised. After a later read it may still read; after a later write it
    /// is rejected.
    ///
    /// The caller must read the rows after this and before the state changes again.
    pub fn prepare(&mut self, ballot: Ballot, is_write: bool) -> PrepareOutcome {
        let stable = self.is_stable();
        let (floor, write_floor) = (self.promise_floor(), self.write_floor());
        if !ballot.is_after(write_floor) {
            return PrepareOutcome::Rejected(floor.micros);
        }
        let promise = ballot.is_after(floor);
        if promise {
            self.promised = ballot;
            if is_write {
                self.promised_write = ballot;
            }
            debug_assert!(self.promise_floor() == ballot, "a promise is the latest round there is");
        }
        PrepareOutcome::Permitted(Permission {
            superseded: if promise { Ballot::NONE } else { floor },
            stable,
            accepted: self.accepted.clone(),
            committed: self.committed.clone(),
            rows: Vec::new(),
        })
    }

    /// Accepts a value. Fails with the time of a later round if one was promised; nothing changed then. A replica that
    /// did not promise the round may accept its value.
    pub fn propose(&mut self, proposal: &Proposal) -> Result<(), Micros> {
        if self.committed.as_ref().is_some_and(|committed| committed.ballot == proposal.ballot) {
            return Ok(());
        }
        let floor = self.promise_floor();
        if proposal.ballot != floor && !proposal.ballot.is_after(floor) {
            return Err(floor.micros);
        }
        // I6: a ballot has one value, whatever a proposer sends.
        let same_ballot = self.accepted.as_ref().filter(|accepted| accepted.ballot == proposal.ballot);
        if same_ballot.is_some_and(|accepted| accepted.update != proposal.update) {
            return Err(floor.micros);
        }
        self.accepted = Some(proposal.clone());
        self.assert_order(floor);
        Ok(())
    }

    /// Records a decided value. The caller applies what it writes in any case, in the same batch as this state.
    pub fn commit(&mut self, proposal: &Proposal) {
        let floor = self.promise_floor();
        if proposal.ballot.is_after(self.committed_ballot()) {
            self.committed = Some(proposal.clone());
        }
        let is_done = |accepted: &Proposal| !accepted.ballot.is_after(proposal.ballot);
        if self.accepted.as_ref().is_some_and(is_done) {
            self.accepted = None;
        }
        self.assert_order(floor);
    }

    /// Takes over what another acceptor of the partition has promised, accepted and committed, as if this one had been asked as well.
    /// Returns a decided value that this acceptor lacked: the caller applies what it writes in the same batch as this state.
    ///
    /// Nothing counts on how many acceptors hold a value, only on answers to a proposal: so a value that is held here without having
    /// been asked for makes no majority. It is proposed again by whoever finds it, like any that a minority accepted.
    pub fn take_over(&mut self, other: &Acceptor) -> Option<Proposal> {
        let floor = self.promise_floor();
        self.promised = self.promised.later(other.promised);
        self.promised_write = self.promised_write.later(other.promised_write);
        if let Some(accepted) = &other.accepted
            && self.accepted.as_ref().is_none_or(|own| accepted.ballot.is_after(own.ballot))
        {
            self.accepted = Some(accepted.clone());
        }
        let lacked = other.committed.as_ref().filter(|other| other.ballot.is_after(self.committed_ballot())).cloned();
        if let Some(committed) = &lacked {
            self.committed = Some(committed.clone());
        }
        let committed = self.committed_ballot();
        if self.accepted.as_ref().is_some_and(|accepted| !accepted.ballot.is_after(committed)) {
            self.accepted = None;
        }
        self.assert_order(floor);
        lacked
    }

    /// I8: the floor never goes back, and what is accepted follows on what is committed.
    fn assert_order(&self, floor_before: Ballot) {
        debug_assert!(
            !floor_before.is_after(self.promise_floor()),
            "the floor went from {floor_before:?} to {:?}",
            self.promise_floor()
        );
        debug_assert!(
            self.accepted.as_ref().is_none_or(|accepted| accepted.ballot.is_after(self.committed_ballot())),
            "{self:?}"
        );
    }

    /// True if a value was accepted and is not known to be committed.
    pub fn has_accepted(&self) -> bool {
        self.accepted.is_some()
    }

    /// The value that was accepted here and is not known to be committed. `None` also of an empty one, which changes nothing.
    pub fn undecided_proposal(&self) -> Option<&Proposal> {
        self.accepted.as_ref().filter(|accepted| accepted.update.is_some())
    }

    /// The time of the oldest ballot of an undecided value; its cells may be as old.
    pub fn undecided_since(&self) -> Option<Micros> {
        self.undecided_proposal().map(|accepted| accepted.ballot.micros.min(accepted.original.micros))
    }

    /// True if every round that this acceptor knows of began before a time.
    pub fn is_before(&self, time: Micros) -> bool {
        self.promise_floor().micros < time
    }

    fn committed_ballot(&self) -> Ballot {
        self.committed.as_ref().map_or(Ballot::NONE, |committed| committed.ballot)
    }

    /// The latest round with a write that may have been decided. Rounds up to it may not even read, for they could miss
    /// that write.
    fn write_floor(&self) -> Ballot {
        let accepted = self.accepted.as_ref().filter(|accepted| accepted.update.is_some());
        let accepted = accepted.map_or(Ballot::NONE, |accepted| accepted.ballot);
        self.promised_write.later(self.committed_ballot()).later(accepted)
    }

    /// The latest round promised or known; rounds up to it are not promised.
    fn promise_floor(&self) -> Ballot {
        let accepted = self.accepted.as_ref().map_or(Ballot::NONE, |accepted| accepted.ballot);
        self.promised.later(accepted).later(self.write_floor())
    }

    /// True if every write promised here has ended: it was committed, or a later round decided nothing.
    fn is_stable(&self) -> bool {
        let ended = match &self.accepted {
            Some(accepted) if accepted.update.is_none() => self.committed_ballot().later(accepted.ballot),
            Some(_) => return false,
            None => self.committed_ballot(),
        };
        !self.promised_write.is_after(ended)
    }
}

#[cfg(test)]
mod tests;
