//! What travels between a proposer and acceptors, as named maps in MessagePack.

use crate::Ballot;
use henge_base::{Bytes, Micros};
use serde::{Deserialize, Serialize};

/// Longest message: a mutation of the largest size, rows as they were read beside it.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// A value under way, or decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The round it was proposed in.
    #[serde(rename = "b")]
    pub ballot: Ballot,
    /// The round it was proposed in first: finishing another's value keeps it, so that one value is not committed twice.
    #[serde(rename = "o")]
    pub original: Ballot,
    /// What is to be written; `None` of a round that decides nothing, but that nothing older comes to pass.
    #[serde(rename = "u")]
    pub update: Option<Bytes>,
}

/// What a proposer asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Take part in a round, and read.
    Prepare {
        /// Which partition: the beginning of its keys.
        key: Bytes,
        /// The round.
        ballot: Ballot,
        /// Whether it may decide a write.
        is_write: bool,
        /// Encoded reads of the partition.
        reads: Vec<Bytes>,
    },
    /// Accept a value.
    Propose {
        /// Which partition.
        key: Bytes,
        /// The value.
        proposal: Proposal,
    },
    /// A value is decided: write it.
    Commit {
        /// Which partition.
        key: Bytes,
        /// The value.
        proposal: Proposal,
    },
}

/// What an acceptor answers. Its variants differ in size, but there is never more than one at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Prepare`: take part, or at least read.
    Permitted(Permission),
    /// To `Propose` and `Commit`: done, and on disk.
    Done,
    /// To `Prepare` and `Propose`: a later round was promised.
    Rejected {
        /// When that round began.
        by: Micros,
    },
}

/// What an acceptor knows that takes part in a round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// A later read was promised already when this is not [`Ballot::NONE`]: reading is permitted, proposing is not.
    pub superseded: Ballot,
    /// No write that the read missed can be under way here.
    pub stable: bool,
    /// The value accepted last, unless it was committed.
    pub accepted: Option<Proposal>,
    /// The value committed last.
    pub committed: Option<Proposal>,
    /// The encoded rows of each read.
    pub rows: Vec<Bytes>,
}

/// Bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a Paxos message cannot be read")]
pub struct MessageError;

impl Request {
    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Reads what [`Request::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Request, MessageError> {
        decode(bytes)
    }

    /// The beginning of the partition's keys.
    pub fn key(&self) -> &Bytes {
        match self {
            Request::Prepare { key, .. } | Request::Propose { key, .. } | Request::Commit { key, .. } => key,
        }
    }
}

impl Reply {
    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Reads what [`Reply::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Reply, MessageError> {
        decode(bytes)
    }
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    // Writing to memory cannot fail and every type here serialises; empty bytes are refused by decode.
    rmp_serde::to_vec_named(message).unwrap_or_default().into()
}

pub(crate) fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, MessageError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(MessageError);
    }
    rmp_serde::from_slice(bytes).map_err(|_| MessageError)
}
