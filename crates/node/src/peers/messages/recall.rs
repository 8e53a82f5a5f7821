//! A process that starts asks its peers to be admitted as its host.

use crate::ground::world::Class;
use crate::peers::header::{Header, Kind};
use crate::peers::message::{Body, Callers, Footing, Message, PACKED_BYTES_MAX, packed};
use henge_base::{Bytes, Micros};
use henge_metadata::{UnspokenVersion, VersionRange};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A process asks to be admitted, by the start that its header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recall {
    /// Its generation.
    pub(crate) generation: u64,
    /// The lease of the clock that it found on its disk, or an earlier one if the receiver has not confirmed that one yet.
    pub(crate) lease: Micros,
    /// True if the asker wants to know only, and asks again to be admitted.
    pub(crate) is_question: bool,
    /// True if an operator accepts that the disk is an older copy.
    pub(crate) is_accepted: bool,
    /// The address at which peers reach it.
    #[serde(default)]
    pub(crate) address: Option<SocketAddr>,
    /// The versions of formats that its release speaks.
    #[serde(default)]
    pub(crate) speaks: VersionRange,
}

impl Message for Recall {
    const KIND: Kind = Kind::Recall;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Any;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "admitted; or what contradicts it: a later start or clock, a process that runs, or a version that it does not speak";
    type Reply = RecallReply;
}

/// The answer to a [`Recall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RecallReply {
    /// Nothing contradicts it, and it is admitted unless it only wanted to know.
    Admitted,
    /// Its disk is an older copy.
    Older {
        /// The last generation that was admitted.
        generation: u64,
        /// The greatest clock that was seen.
        clock: Micros,
    },
    /// The process that was admitted before runs.
    Running,
    /// Its release does not speak the version that the cluster writes.
    Unspoken(UnspokenVersion),
}

packed!(Recall, RecallReply);

/// The reply with which a member refuses for good the process that sent a request to be admitted, in words; `None` of any other request
/// or reply. For those who watch messages from outside.
pub fn refusal_for_good(request: &Bytes, reply: &Bytes) -> Option<String> {
    if Header::split(request, VersionRange::OF_TESTS).ok()?.0.kind != Kind::Recall {
        return None;
    }
    let (answered, body) =
        Header::split(reply, VersionRange::OF_TESTS).ok().filter(|(answered, _)| answered.status.is_ok())?;
    debug_assert_eq!(answered.kind, Kind::Reply);
    let older = RecallReply::decode(body).ok().filter(|reply| matches!(reply, RecallReply::Older { .. }))?;
    Some(format!("{older:?}"))
}
