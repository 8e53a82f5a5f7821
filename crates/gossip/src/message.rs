//! The three messages of an exchange.

use crate::Fact;
use henge_base::HostId;
use serde::{Deserialize, Serialize};

/// One step of an exchange: who opens says what it knows, the answer brings what is newer and asks for what is older, the
/// close brings that. Each has a limit on digests and on facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// What the sender knows of each host.
    Open {
        /// One for each host.
        digests: Vec<Digest>,
        /// Whether these are all hosts it knows of; otherwise the receiver cannot tell what it lacks.
        whole: bool,
    },
    /// The answer to an opening.
    Answer {
        /// What the opener lacked.
        deltas: Vec<Delta>,
        /// What the answerer has of hosts of which the opener has more.
        wants: Vec<Digest>,
    },
    /// The answer to an answer, sent even when empty: it tells the answerer that it was heard.
    Close {
        /// What the answerer lacked.
        deltas: Vec<Delta>,
    },
}

/// How much is known of a host: everything up to a version of a generation. Generation zero is nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Of whom.
    pub host: HostId,
    /// Which run of its process: raised, and synced, at each start.
    pub generation: u64,
    /// Its last version in that generation.
    pub version: u64,
}

/// News of a host: all facts above a version. It is taken up whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Of whom, and up to which version.
    pub upto: Digest,
    /// The version of that generation above which the facts are; zero for all of them. Who has less can't use it.
    pub since: u64,
    /// Its facts with the version of each.
    pub facts: Vec<(Fact, u64)>,
}
