//! The members of the cluster, and what each of them owns, for operators.

use crate::client::system_tables::schema_version_of;
use crate::coordinator::Parts;
use crate::ground::world::World;
use henge_base::HostId;
use henge_gossip::Fact;
use henge_metadata::{ClusterState, Epoch, PlanKind};
use henge_model::{Replication, TokenRange};
use henge_ring::{Member, Placement, Ring};
use std::collections::BTreeMap;

/// A member, as an operator is told of it.
#[derive(Clone, Debug)]
pub struct MemberReport {
    /// The member.
    pub member: Member,
    /// True if it seems up.
    pub is_up: bool,
    /// True while the plan under way brings it.
    pub is_joining: bool,
    /// True while the plan under way takes it.
    pub is_leaving: bool,
    /// The version of the schema that it has by its own word, as clients are told it; `None` if nobody has told.
    pub schema_version: Option<uuid::Uuid>,
    /// The bytes that it stores, as it told them last, about once a minute; `None` if it has not told yet.
    pub load_bytes: Option<u64>,
}

/// The parts of the ring that members own.
#[derive(Clone, Debug, Default)]
pub struct Ownership {
    /// The part of the ring of which each member has a copy, or the tokens: 1 is all of it.
    pub shares: BTreeMap<HostId, f64>,
    /// True if the shares are those of a replication setting, and not of tokens alone.
    pub is_effective: bool,
    /// True if keyspaces of users differ in their settings, so that there is no share of all of them.
    pub is_ambiguous: bool,
}

/// All members, by host id.
pub(super) fn list<W: World>(parts: &Parts<W>) -> Vec<MemberReport> {
    let view = parts.cluster.current_view();
    let facts = parts.cluster.gossip_facts();
    let own = (parts.context.host(), view.epoch());
    let told = |host: HostId| facts.iter().filter(move |told| told.host == host).flat_map(|told| &told.facts);
    let epoch = |host: HostId| {
        told(host).find_map(|(fact, _)| match fact {
            Fact::Epoch { lineage, index } => Some(Epoch { lineage: *lineage, index: *index }),
            Fact::Load { .. } | Fact::ClockOffset { .. } => None,
        })
    };
    let load = |host: HostId| {
        told(host).find_map(|(fact, _)| match fact {
            Fact::Load { bytes } => Some(*bytes),
            Fact::Epoch { .. } | Fact::ClockOffset { .. } => None,
        })
    };
    let is_leaving = |host: HostId| match view.state.plan.as_ref().map(|plan| &plan.kind) {
        Some(PlanKind::Leave { host: leaver } | PlanKind::Remove { host: leaver }) => *leaver == host,
        _ => false,
    };
    let report = |member: &Member| MemberReport {
        member: member.clone(),
        is_up: parts.cluster.is_up(member.id),
        is_joining: view.state.is_newcomer(member.id),
        is_leaving: is_leaving(member.id),
        schema_version: if member.id == own.0 { Some(own.1) } else { epoch(member.id) }.map(schema_version_of),
        load_bytes: load(member.id),
    };
    view.state.members.values().map(report).collect()
}

/// The shares of a keyspace, or of all keyspaces of users; `None` if there is no such keyspace.
pub(super) fn ownership(state: &ClusterState, keyspace: Option<&str>) -> Option<Ownership> {
    let settings = |name: &str| state.schema.keyspaces.get(name).and_then(|keyspace| state.placement_of(keyspace));
    if let Some(name) = keyspace {
        let shares = shares_of(settings(name)?);
        return Some(Ownership { shares, is_effective: true, is_ambiguous: false });
    }
    let users: Vec<_> =
        state.schema.keyspaces.values().filter(|keyspace| !keyspace.name.starts_with("system")).collect();
    let is_ambiguous = users.iter().any(|keyspace| keyspace.replication != users[0].replication);
    match users.first().and_then(|keyspace| state.placement_of(keyspace)).filter(|_| !is_ambiguous) {
        Some(placement) => Some(Ownership { shares: shares_of(placement), is_effective: true, is_ambiguous }),
        None => {
            let members: Vec<Member> = state.members.values().cloned().collect();
            let by_token = Ring::new(&members).place(&Replication::Simple { factor: 1 });
            Some(Ownership { shares: shares_of(&by_token), is_effective: false, is_ambiguous })
        }
    }
}

/// The part of the ring of which each member has a copy.
pub(super) fn shares_of(placement: &Placement) -> BTreeMap<HostId, f64> {
    let mut shares = BTreeMap::new();
    for placed in placement.ranges() {
        let share = width(placed.range);
        placed.read.iter().for_each(|host| *shares.entry(host).or_insert(0.0) += share);
    }
    shares
}

/// The part of the ring that a range is.
fn width(range: TokenRange) -> f64 {
    match range.end.0.wrapping_sub(range.start.0).cast_unsigned() {
        0 => 1.0,
        width => width as f64 / 2f64.powi(64),
    }
}
