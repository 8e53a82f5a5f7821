//! Checks of a plan before it is proposed: what the log cannot know, such as who is up.

use crate::cluster::Cluster;
use crate::ground::world::World;
use henge_base::HostId;
use henge_metadata::{Change, ClusterState, CommandRefusal, Plan, PlanStep, SealedEntry};
use henge_ring::Hosts;

impl<W: World> Cluster<W> {
    /// Refuses an entry that begins a plan which cannot be carried out now, or gives its newcomer ranges that nobody can send.
    pub(super) fn check_plan(&self, state: &ClusterState, entry: SealedEntry) -> Result<SealedEntry, CommandRefusal> {
        let mut next = state.clone();
        let begins = |change: &Change| matches!(change, Change::PlanBegun(_) | Change::PlanStep(PlanStep::Preparing));
        if !entry.entry().changes.iter().any(begins) {
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
        let is_begun = state.plan.is_some();
        if let Some(dead) = plan.kind.dead_member().filter(|dead| !is_begun && self.is_up(*dead)) {
            return Err(CommandRefusal::Member(format!(
                "host {dead} is up: a member that serves gives its rows to others first (henge admin decommission, on that member)"
            )));
        }
        self.check_sources(&next, &plan)?;
        Ok(entry)
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
