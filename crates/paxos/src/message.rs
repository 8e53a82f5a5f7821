//! Messages between a proposer and acceptors, encoded as named maps in MessagePack.

use crate::{Ballot, History};
use henge_base::{Bytes, Micros};
use serde::{Deserialize, Serialize};

/// Bytes of the longest message accepted: a mutation of the largest size, beside the rows read.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// A value that is proposed, accepted or decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The round in which it is proposed.
    #[serde(rename = "b")]
    pub ballot: Ballot,
    /// The round in which the value was first proposed. A proposer that finishes another's value keeps it, so that one
    /// value is not committed twice.
    #[serde(rename = "o")]
    pub original: Ballot,
    /// The mutation to write; `None` in a round that decides nothing and only keeps older values from being decided.
    #[serde(rename = "u")]
    pub update: Option<Bytes>,
    /// The values decided before this one, by the rounds in which they were first proposed, the newest last: as many as
    /// a proposer needs to find out what became of a value of its own.
    #[serde(rename = "h", default, skip_serializing_if = "History::is_empty")]
    pub before: History,
}

impl Proposal {
    /// The history of a value that is proposed in round `ballot` after this one was decided.
    pub(crate) fn history(&self, ballot: Ballot) -> History {
        self.before.with(self.original, ballot)
    }
}

/// A request of a proposer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Take part in a round, and read.
    Prepare {
        /// The partition: the prefix of its keys.
        key: Bytes,
        /// The round.
        ballot: Ballot,
        /// True if the round may decide a write.
        is_write: bool,
        /// Encoded reads of the partition.
        reads: Vec<Bytes>,
    },
    /// Accept a value.
    Propose {
        /// The partition: the prefix of its keys.
        key: Bytes,
        /// The value.
        proposal: Proposal,
    },
    /// Commit a decided value: write it.
    Commit {
        /// The partition: the prefix of its keys.
        key: Bytes,
        /// The value.
        proposal: Proposal,
    },
}

/// An acceptor's answer. Variants differ in size, but there is only one value at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Prepare`: the round is promised, or may at least read.
    Permitted(Permission),
    /// To `Propose` and `Commit`: done, and on disk.
    Done,
    /// To `Prepare` and `Propose`: a later round was promised. Nothing changed.
    Rejected {
        /// The time at which that round began.
        by: Micros,
    },
}

/// The state of an acceptor that takes part in a round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// The later read that was promised already: this round may read, but not propose. [`Ballot::NONE`] if there is
    /// none.
    pub superseded: Ballot,
    /// True if no write that the read missed can be under way at this acceptor.
    pub stable: bool,
    /// The last accepted value; `None` if it was committed.
    pub accepted: Option<Proposal>,
    /// The last committed value.
    pub committed: Option<Proposal>,
    /// The encoded rows of each read.
    pub rows: Vec<Bytes>,
}

/// Bytes that do not decode to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a Paxos message cannot be read")]
pub struct MessageError;

impl Request {
    /// The request in MessagePack.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Decodes the output of [`Request::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Request, MessageError> {
        decode(bytes)
    }

    /// The prefix of the partition's keys.
    pub fn key(&self) -> &Bytes {
        match self {
            Request::Prepare { key, .. } | Request::Propose { key, .. } | Request::Commit { key, .. } => key,
        }
    }
}

impl Reply {
    /// The reply in MessagePack.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Decodes the output of [`Reply::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Reply, MessageError> {
        decode(bytes)
    }
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    rmp_serde::to_vec_named(message).expect("messages are made of plain structs").into()
}

pub(crate) fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, MessageError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(MessageError);
    }
    rmp_serde::from_slice(bytes).map_err(|_| MessageError)
}
