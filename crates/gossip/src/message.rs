//! The three messages of an exchange.

use crate::Fact;
use henge_base::HostId;

/// One step of an exchange. The opening tells what the sender knows, the answer brings what is newer and asks for what
/// is older, and the close brings that. Each is at most [`MESSAGE_BYTES_MAX`](crate::MESSAGE_BYTES_MAX) long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The first step: the versions that the sender has of each host.
    Open {
        /// One digest per host.
        digests: Vec<Digest>,
        /// True if these are all hosts that the sender knows. Otherwise the receiver cannot tell which others it lacks.
        whole: bool,
    },
    /// The second step, an answer to an opening.
    Answer {
        /// The facts that the opener lacked.
        deltas: Vec<Delta>,
        /// The answerer's digests of hosts of which the opener knows more.
        wants: Vec<Digest>,
    },
    /// The third step, sent even if empty: it proves to the answerer that it was heard.
    Close {
        /// The facts that the answerer lacked.
        deltas: Vec<Delta>,
    },
}

/// The knowledge of a host: all facts up to a version of a generation. Generation zero means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The host.
    pub host: HostId,
    /// The run of the host's process: raised, and synced to disk, at each start.
    pub generation: u64,
    /// The last version of that generation.
    pub version: u64,
}

/// News of a host: all facts above a version. It is applied completely or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The host, and the version that the news reaches.
    pub upto: Digest,
    /// The version of that generation above which the facts are; zero if they are all. A receiver with less cannot
    /// apply it.
    pub since: u64,
    /// The facts, each with its version.
    pub facts: Vec<(Fact, u64)>,
}
