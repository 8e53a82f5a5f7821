//! The reasons why a process must not go on as its host.

use crate::peers::messages::recall::RecallReply;
use henge_base::HostId;
use henge_metadata::UnspokenVersion;

/// A process is not the newest of its host. Nothing was written by it that peers count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Its data directory is an older copy.
    #[error(
        "this data directory is an older copy of node {host}: node {peer} {seen}. What the node acknowledged since then is missing \
         here, so it must not go on. Start it on its newest data directory; if that is lost, replace the node: start a new one with \
         an empty data directory and --replace {host}; or accept the loss, for which the manual has a page (identity): \
         --accept-older-copy"
    )]
    OlderCopy {
        /// The node.
        host: HostId,
        /// The member that knows better.
        peer: HostId,
        /// The observation of that member, as the end of a sentence.
        seen: String,
    },
    /// The host was removed while it was away.
    #[error(
        "node {host} is no member any more, as node {peer} says: it was removed. A removed host id never comes back: start the node with \
         an empty data directory, as a new one"
    )]
    Removed {
        /// The node.
        host: HostId,
        /// The member that said so.
        peer: HostId,
    },
    /// Another process runs as the same host.
    #[error(
        "another process runs as node {host}, as node {peer} finds: this data directory is a copy of that one's, and a node runs once. \
         Stop the other process first, or start this one with an empty data directory, as a new node"
    )]
    Runs {
        /// The node.
        host: HostId,
        /// The member that found it.
        peer: HostId,
    },
    /// Its release does not speak the version of formats that the cluster writes.
    #[error("{unspoken}, as node {peer} says")]
    Unspoken {
        /// The member that knows better.
        peer: HostId,
        /// The two.
        unspoken: UnspokenVersion,
    },
}

impl IdentityError {
    /// The error that an answer of `peer` amounts to; `None` if it admits. `generation` and `lease` are what was claimed.
    pub(super) fn of(host: HostId, peer: HostId, reply: RecallReply, generation: u64, lease: i64) -> Option<Self> {
        Some(match reply {
            RecallReply::Admitted => return None,
            RecallReply::Unspoken(unspoken) => IdentityError::Unspoken { peer, unspoken },
            RecallReply::Running => IdentityError::Runs { host, peer },
            RecallReply::Older { clock, .. } if clock > lease => {
                let later = clock.saturating_sub(lease) / 1_000;
                let seen = format!("has heard from it {later} ms after the last moment that is in this copy");
                IdentityError::OlderCopy { host, peer, seen }
            }
            RecallReply::Older { generation: known, .. } => {
                let seen = format!("has met its start number {known}, and this would be start number {generation}");
                IdentityError::OlderCopy { host, peer, seen }
            }
        })
    }
}
