//! Checks of a plan before it is proposed: what the log cannot know, such as who is up.

use crate::cluster::Cluster;
use crate::ground::world::World;
use henge_base::HostId;
use henge_metadata::{
    Change, ClusterState, Command, CommandRefusal, LostQuorum, Plan, PlanKind, PlanStep, QuorumRisk, SealedEntry,
    plan_course, quorum_risks,
};
use henge_ring::Hosts;

impl<W: World> Cluster<W> {
    /// Refuses an entry that begins a plan which cannot be carried out now, would cost a range its quorum, or gives its newcomer ranges that
    /// nobody can send.
    pub(super) fn check_plan(
        &self,
        state: &ClusterState,
        command: &Command,
        entry: SealedEntry,
    ) -> Result<SealedEntry, CommandRefusal> {
        let mut next = state.clone();
        let changes = &entry.entry().changes;
        let begins = changes.iter().any(|change| matches!(change, Change::PlanBegun(_)));
        if !begins && !changes.contains(&Change::PlanStep(PlanStep::Preparing)) {
            return Ok(entry);
        }
        next.apply(&entry).map_err(|error| CommandRefusal::Member(error.to_string()))?;
        let Some(plan) = next.plan.clone() else { return Ok(entry) };
        if !self.context.options.moves_ranges {
            let keyspace = state.user_keyspace().unwrap_or_default();
            return Err(CommandRefusal::Member(format!(
                "keyspace {keyspace} exists: its rows would have to be moved to other members, which is not supported yet; members can \
                 come and go while there are no keyspaces of users"
            )));
        }
        if let Some(dead) = plan.kind.dead_member().filter(|dead| begins && self.is_up(*dead)) {
            return Err(CommandRefusal::Member(format!(
                "host {dead} is up: a member that serves gives its rows to others first (henge admin decommission, on that member)"
            )));
        }
        self.check_sources(&next, &plan)?;
        // Behind its beginning a plan is not held up: what has moved so far is not worth more than the end.
        if begins && !is_forced(command) {
            self.check_quorums(state, &entry, &plan)?;
        }
        Ok(entry)
    }

    /// Refuses a plan by which a range that has a quorum now would lack one at some step, or at the end.
    fn check_quorums(&self, state: &ClusterState, entry: &SealedEntry, plan: &Plan) -> Result<(), CommandRefusal> {
        let course = plan_course(state, entry, self.context.wall_us());
        let risks = quorum_risks(&course, |host| self.is_up_or_comes(host, plan));
        match risks.iter().find_map(|risk| Some((risk, risk.lost.as_ref()?))) {
            Some((risk, lost)) => Err(CommandRefusal::Busy(lost_quorum_text(risk, lost, plan))),
            None => Ok(()),
        }
    }

    /// True if a member seems up, or is brought by the plan.
    pub(crate) fn is_up_or_comes(&self, host: HostId, plan: &Plan) -> bool {
        plan.kind.newcomers().contains(&host) || self.is_up(host)
    }

    /// Refuses a plan by which a range gets new replicas while fewer than half of its old ones are up: they could miss what was written at
    /// QUORUM.
    fn check_sources(&self, begun: &ClusterState, plan: &Plan) -> Result<(), CommandRefusal> {
        for keyspace in begun.schema.keyspaces.values() {
            let Some(placement) = begun.placement_with_gains(keyspace) else { continue };
            for placed in placement.ranges().filter(|placed| placed.write.len() > placed.read.len()) {
                let is_given_up = placed.read.iter().all(|host| Some(host) == plan.kind.dead_member());
                let up = self.count_up(placed.read);
                if 2 * up < placed.read.len() && !is_given_up {
                    return Err(CommandRefusal::Busy(format!(
                        "of keyspace {}, {up} of the {} replicas of the range up to {} are up: too few to give its rows to others",
                        keyspace.name,
                        placed.read.len(),
                        placed.range.end
                    )));
                }
            }
        }
        Ok(())
    }

    fn count_up(&self, hosts: Hosts<'_>) -> usize {
        hosts.iter().filter(|host| self.is_up(*host)).count()
    }

    /// True if a member seems up; this node is.
    pub(crate) fn is_up(&self, host: HostId) -> bool {
        host == self.context.host() || self.peers.liveness().is_up(host)
    }
}

/// True of a command whose operator accepts what would be lost.
fn is_forced(command: &Command) -> bool {
    matches!(command, Command::RemoveMember { force: true, .. } | Command::LeaveMember { force: true, .. })
}

/// The reason why a plan is refused.
fn lost_quorum_text(risk: &QuorumRisk, lost: &LostQuorum, plan: &Plan) -> String {
    let QuorumRisk { keyspaces, datacenter, .. } = risk;
    let level = datacenter.as_ref().map_or_else(|| "QUORUM".to_owned(), |name| format!("LOCAL_QUORUM in {name}"));
    let down: Vec<String> = lost.down.iter().map(ToString::to_string).collect();
    let start = match down.is_empty() {
        true => String::new(),
        false => format!("; start what is down first: {}", down.join(", ")),
    };
    let accept = match plan.kind {
        PlanKind::Leave { .. } | PlanKind::Remove { .. } => ", or accept it (--force)",
        PlanKind::Join { .. } | PlanKind::Replace { .. } | PlanKind::Alter { .. } => "",
    };
    format!(
        "the plan would leave the range up to {} of keyspace {} without a quorum: {} of its replicas would be up, and {level} needs {}{start}{accept}",
        lost.range.end,
        keyspaces.join(", "),
        lost.up,
        lost.needed
    )
}
