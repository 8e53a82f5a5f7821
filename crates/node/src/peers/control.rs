//! The cluster's own business between nodes: joining, agreeing on metadata, catching up. Named maps in MessagePack, so that
//! fields can be added.

use crate::ground::world::CallError;
use crate::peers::header::Unreadable;
use henge_base::{Bytes, HostId};
use henge_metadata::{Command, Epoch};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Bytes of the largest control message: the largest entry of the log, with what is said around it.
pub(crate) const CONTROL_BYTES_MAX: usize = henge_metadata::ENTRY_BYTES + (64 << 10);

/// A request. Its variants differ in size, but there is never more than one at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Control {
    /// Who are you, and have you a cluster? Asked of seeds before there is one.
    Probe {
        /// The seeds the asker was given; discovery wants one list everywhere.
        seeds: Vec<SocketAddr>,
    },
    /// Carry this out, if you vote; else pass it on once.
    Propose {
        /// What is asked for.
        command: Command,
        /// Whether it was passed on already.
        forwarded: bool,
    },
    /// Entries of the log after an index.
    Pull {
        /// The last index the asker holds.
        after: u64,
    },
    /// There is a new epoch; answered once it is applied.
    Advance {
        /// The newest epoch.
        epoch: Epoch,
    },
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// To `Probe`.
    Here {
        /// The answering node.
        host: HostId,
        /// Its seeds.
        seeds: Vec<SocketAddr>,
        /// Its epoch, if it is in a cluster.
        epoch: Option<Epoch>,
    },
    /// To `Propose` and `Advance`: agreed and applied.
    Agreed {
        /// The epoch at which it holds.
        epoch: Epoch,
        /// Whether something changed (`IF NOT EXISTS` may change nothing).
        changed: bool,
    },
    /// To `Propose`: the log refuses, and nothing changed.
    Refused(henge_metadata::Refused),
    /// To `Pull`: encoded entries, oldest first.
    Entries {
        /// The entries.
        entries: Vec<Bytes>,
        /// Whether more follow.
        more: bool,
    },
    /// The node is in no cluster yet, or cannot reach the voters.
    NotReady(String),
}

/// A question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// No answer came.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The peer does not understand the question, or takes it for too large.
    #[error("it does not understand the question")]
    Unsupported,
    /// The answer is too large, or of another release.
    #[error("its answer of {0} bytes cannot be read")]
    Unreadable(usize),
}

impl AskError {
    /// Whether the peer has certainly not done what it was asked for.
    pub(crate) fn is_definite(self) -> bool {
        matches!(self, AskError::Call(CallError::NotSent) | AskError::Unsupported)
    }
}

/// Encodes a control message or an answer.
pub(crate) fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    // Writing to memory cannot fail and every type here serialises; an empty body is refused by the other side.
    rmp_serde::to_vec_named(message).unwrap_or_default()
}

/// Decodes one, after its size was checked.
pub(crate) fn decode<T: for<'de> Deserialize<'de>>(body: &Bytes) -> Result<T, Unreadable> {
    if body.len() > CONTROL_BYTES_MAX {
        return Err(Unreadable);
    }
    rmp_serde::from_slice(body).map_err(|_| Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_travel_as_bytes_and_the_largest_one_fits() {
        let largest = Bytes::from(vec![0xC3; henge_metadata::ENTRY_BYTES]);
        let answer = Answer::Entries { entries: vec![largest.clone()], more: true };
        let encoded = Bytes::from(encode(&answer));
        assert!(encoded.len() < largest.len() + 100, "{} bytes", encoded.len());
        let Ok(Answer::Entries { entries, more: true }) = decode(&encoded) else { panic!("it cannot be read") };
        assert_eq!(entries, [largest]);
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_read() {
        assert!(decode::<Answer>(&Bytes::from(vec![0x90; CONTROL_BYTES_MAX + 1])).is_err());
    }
}
