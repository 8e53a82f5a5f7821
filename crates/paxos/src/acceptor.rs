//! One replica's part. Its state must be on disk before an answer that rests on it is given, and a later round may be refused
//! by what is not on disk yet.

use crate::message::{MessageError, decode, encode};
use crate::{Ballot, Permission, Proposal};
use henge_base::{Bytes, Micros};
use serde::{Deserialize, Serialize};

/// What a replica promised, accepted and committed for one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptor {
    /// No round up to this one is promised any more.
    #[serde(rename = "p")]
    promised: Ballot,
    /// The last promised round that may write.
    #[serde(rename = "w")]
    promised_write: Ballot,
    /// Later than `committed`, if there is one.
    #[serde(rename = "a")]
    accepted: Option<Proposal>,
    #[serde(rename = "c")]
    committed: Option<Proposal>,
}

/// The answer to a prepare, but for the rows. Its variants differ in size, but there is never more than one at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// The state changed if it was not superseded.
    Permitted(Permission),
    /// A later round was promised.
    Rejected(Micros),
}

impl Acceptor {
    /// Its bytes on disk.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Reads what [`Acceptor::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Acceptor, MessageError> {
        decode(bytes)
    }

    /// Promises a round, unless a later one was.
    ///
    /// The rows are to be read after this, and before the state changes again.
    pub fn prepare(&mut self, ballot: Ballot, is_write: bool) -> Prepared {
        let stable = self.is_stable();
        let (floor, write_floor) = (self.floor(), self.write_floor());
        if !ballot.is_after(write_floor) {
            return Prepared::Rejected(floor.micros);
        }
        let promise = ballot.is_after(floor);
        if promise {
            self.promised = ballot;
            if is_write {
                self.promised_write = ballot;
            }
        }
        Prepared::Permitted(Permission {
            superseded: if promise { Ballot::NONE } else { floor },
            stable,
            accepted: self.accepted.clone(),
            committed: self.committed.clone(),
            rows: Vec::new(),
        })
    }

    /// Accepts a value, unless a later round was promised: then says when that began. Whoever did not promise may accept.
    pub fn propose(&mut self, proposal: &Proposal) -> Result<(), Micros> {
        if self.committed.as_ref().is_some_and(|committed| committed.ballot == proposal.ballot) {
            return Ok(());
        }
        let floor = self.floor();
        if proposal.ballot != floor && !proposal.ballot.is_after(floor) {
            return Err(floor.micros);
        }
        self.accepted = Some(proposal.clone());
        Ok(())
    }

    /// A value is decided. What it writes is applied in any case, together with this state.
    pub fn commit(&mut self, proposal: &Proposal) {
        if proposal.ballot.is_after(self.committed_ballot()) {
            self.committed = Some(proposal.clone());
        }
        let is_done = |accepted: &Proposal| !accepted.ballot.is_after(proposal.ballot);
        if self.accepted.as_ref().is_some_and(is_done) {
            self.accepted = None;
        }
    }

    fn committed_ballot(&self) -> Ballot {
        self.committed.as_ref().map_or(Ballot::NONE, |committed| committed.ballot)
    }

    /// Rounds up to here may not even read: a write of that time may have been decided without the reader.
    fn write_floor(&self) -> Ballot {
        let accepted = self.accepted.as_ref().filter(|accepted| accepted.update.is_some());
        let accepted = accepted.map_or(Ballot::NONE, |accepted| accepted.ballot);
        self.promised_write.later(self.committed_ballot()).later(accepted)
    }

    /// Rounds up to here are not promised.
    fn floor(&self) -> Ballot {
        let accepted = self.accepted.as_ref().map_or(Ballot::NONE, |accepted| accepted.ballot);
        self.promised.later(accepted).later(self.write_floor())
    }

    /// Whether every write promised here has come to its end: it was committed, or a later round decided nothing.
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
