//! A change of members or replication, looked at before it begins: the log's own code makes its plan, and the replicas tell what its ranges
//! hold. Nothing is proposed.

use super::Node;
use super::members::shares_of;
use super::planned_change::{PlannedChange, UnknownChange};
use super::range_moves::{Moves, moves_of};
use crate::ground::world::World;
use henge_base::HostId;
use henge_metadata::{ClusterState, Plan, QuorumRisk, plan_course, quorum_risks};
use henge_model::Keyspace;
use henge_operator::{
    MemberOwnership, OwnershipChange, PlanPreview, PreviewSelection, PreviewedPlan, RangeMove, RangesAtRisk,
};
use henge_ring::Placement;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl<W: World> Node<W> {
    /// The rows that a change would move, and the ranges that it would put at risk, if it began now.
    pub async fn preview_plan(&self, selection: &PreviewSelection) -> Result<PlanPreview, UnknownChange> {
        let parts = self.parts();
        let state = parts.cluster.current_view().state.clone();
        let planned = PlannedChange::of(selection, &state, parts.context.host(), &parts.context.options)?;
        let rehearsed = parts.cluster.rehearse(&state, &planned.command);
        let refusal = rehearsed.as_ref().err().map(ToString::to_string);
        // A change that is refused for what it would cost is shown all the same, so that its cost is seen.
        let entry = rehearsed.or_else(|_| parts.cluster.draft_entry(&state, &planned.forced));
        let Ok(entry) = entry else { return Ok(PlanPreview { refusal, ..PlanPreview::default() }) };
        let course = plan_course(&state, &entry, parts.context.wall_us());
        let (Some(first), Some(last)) = (course.get(1), course.last()) else {
            return Ok(PlanPreview { refusal, ..PlanPreview::default() });
        };
        // Others may be on their way already.
        let newcomer = first.newcomers().iter().copied().find(|host| !state.members.contains_key(host));
        let is_up = |host| first.is_newcomer(host) || parts.cluster.is_up(host);
        let moves = moves_of(parts, &course, is_up).await;
        let names = Names { states: [&state, first, last], newcomer };
        Ok(PlanPreview {
            change: first.plan.as_ref().map_or_else(|| planned.text.clone(), |plan| names.plan_text(plan)),
            refusal,
            bytes: moves.iter().map(Moves::bytes).fold(0, u64::saturating_add),
            seconds: total_seconds(&moves),
            silent: moves
                .iter()
                .flat_map(|of| &of.silent)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(HostId::to_string)
                .collect(),
            plans: moves.into_iter().map(|of| names.preview_of(of)).collect(),
            ownership: ownership_changes(&state, last, &names),
            risks: quorum_risks(&course, is_up).into_iter().map(ranges_at_risk).collect(),
        })
    }
}

/// Plans follow one another; one without a limit takes no time that could be told.
fn total_seconds(moves: &[Moves]) -> Option<u64> {
    let told: Vec<u64> = moves.iter().filter_map(Moves::seconds).collect();
    (!told.is_empty()).then(|| told.into_iter().fold(0, u64::saturating_add))
}

fn ranges_at_risk(risk: QuorumRisk) -> RangesAtRisk {
    let QuorumRisk { keyspaces, datacenter, now, moving, after, .. } = risk;
    RangesAtRisk { keyspaces, datacenter, now, moving, after }
}

/// The names of members, of whom one may be yet to come.
struct Names<'a> {
    states: [&'a ClusterState; 3],
    newcomer: Option<HostId>,
}

impl Names<'_> {
    fn host(&self, host: HostId) -> Option<String> {
        (self.newcomer != Some(host)).then(|| host.to_string())
    }

    fn address(&self, host: HostId) -> Option<String> {
        let member = self.states.iter().find_map(|state| state.members.get(&host));
        member.filter(|_| self.newcomer != Some(host)).map(|member| member.address.to_string())
    }

    /// A plan in words, in which the host that is yet to come has no number.
    fn plan_text(&self, plan: &Plan) -> String {
        let text = plan.kind.to_string();
        let named =
            |host: HostId| text.replace(&format!("host {host}"), "a new node").replace(&host.to_string(), "a new node");
        self.newcomer.map_or(text.clone(), named)
    }

    fn preview_of(&self, moves: Moves) -> PreviewedPlan {
        let range_move = |((from, to), sent): (&(HostId, HostId), &(u64, Option<u64>))| RangeMove {
            from: from.to_string(),
            from_address: self.address(*from),
            to: self.host(*to),
            to_address: self.address(*to),
            ranges: sent.0,
            bytes: sent.1,
        };
        PreviewedPlan {
            change: self.plan_text(&moves.plan),
            seconds: moves.seconds(),
            moves: moves.sent.iter().map(range_move).collect(),
        }
    }
}

/// The parts of the ring that members hold before and after, of keyspaces of users.
fn ownership_changes(before: &ClusterState, after: &ClusterState, names: &Names<'_>) -> Vec<OwnershipChange> {
    type Shares = BTreeMap<HostId, f64>;
    let shares = |state: &ClusterState, keyspace: &Keyspace| -> Shares {
        let keyspace = state.schema.keyspaces.get(&keyspace.name);
        keyspace.and_then(|keyspace| state.placement_of(keyspace)).map(|placed| shares_of(placed)).unwrap_or_default()
    };
    let mut by_placement: BTreeMap<[*const Placement; 2], (&Arc<Keyspace>, Vec<String>)> = BTreeMap::new();
    let users = before.schema.keyspaces.values().filter(|keyspace| !keyspace.name.starts_with("system"));
    for keyspace in users {
        let placed = |state: &ClusterState| {
            let keyspace = state.schema.keyspaces.get(&keyspace.name);
            keyspace.and_then(|keyspace| state.placement_of(keyspace)).map_or(std::ptr::null(), Arc::as_ptr)
        };
        let same = by_placement.entry([placed(before), placed(after)]).or_insert((keyspace, Vec::new()));
        same.1.push(keyspace.name.clone());
    }
    let change = |(keyspace, keyspaces): (&Arc<Keyspace>, Vec<String>)| {
        let (before, after) = (shares(before, keyspace), shares(after, keyspace));
        let of = |shares: &Shares, host: &HostId| shares.get(host).copied().unwrap_or(0.0);
        let hosts: BTreeSet<&HostId> = before.keys().chain(after.keys()).collect();
        let member = |host: &HostId| MemberOwnership {
            host_id: names.host(*host),
            address: names.address(*host),
            before: of(&before, host),
            after: of(&after, host),
        };
        OwnershipChange { keyspaces, members: hosts.into_iter().map(member).collect() }
    };
    let mut changes: Vec<OwnershipChange> = by_placement.into_values().map(change).collect();
    changes.sort_by(|one, other| one.keyspaces.cmp(&other.keyspaces));
    changes
}
