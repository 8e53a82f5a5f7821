//! The hints that wait for each replica, for operators.

use crate::coordinator::Parts;
use crate::ground::world::World;
use henge_base::{HostId, Micros};
use henge_ring::Member;

/// The hints that wait for one replica on this node's disk.
#[derive(Clone, Debug)]
pub struct PendingHints {
    /// The replica.
    pub host: HostId,
    /// The replica as a member; `None` if it is one no more.
    pub member: Option<Member>,
    /// True if it seems up.
    pub is_up: bool,
    /// Their number.
    pub count: u64,
    /// Bytes of their mutations.
    pub bytes: u64,
    /// When the oldest and the newest became owed.
    pub span: Option<(Micros, Micros)>,
}

pub(super) fn list<W: World>(parts: &Parts<W>) -> Vec<PendingHints> {
    let (view, replica) = (parts.cluster.view(), &parts.replica);
    let pending = |(host, span): (HostId, _)| PendingHints {
        host,
        member: view.state.members.get(&host).cloned(),
        is_up: host == parts.context.host() || parts.peers.liveness().is_up(host),
        count: replica.hint_count(host),
        bytes: replica.hint_bytes(host),
        span: Result::unwrap_or_default(span),
    };
    replica.pending_hints().into_iter().map(pending).collect()
}
