//! Members come and go under the storm's load: spare machines join, members leave, and plans are taken back. A few machines are spares at
//! first; one whose node has left is a spare again, with an empty disk when it joins anew.

use super::Run;
use crate::client::statement;
use crate::disk::Disk;
use crate::disk_mishap::exchange;
use crate::machine::{Life, Machine};
use crate::plan::MemberMove;
use crate::power::{set_clock_right, start};
use crate::rare_states::{JOINED_TOGETHER, PLAN_TAKEN_BACK};
use crate::shape::COPIES;
use henge_base::{HostId, Random};
use henge_coordinator::Replicas;
use henge_model::Consistency;
use henge_node::{Options, PlanStep};
use std::sync::Arc;

/// The node of a machine, or of the next one that runs.
pub(super) fn first_from(machine: usize, lives: Vec<Life>) -> Option<Life> {
    let is_behind = |life: &&Life| life.owner.machine >= machine;
    lives.iter().find(is_behind).or_else(|| lives.first()).cloned()
}

impl Run {
    /// Begins a change of members through a running member, or takes one back. Whether that comes to pass is left to the storm.
    pub(super) fn move_members(&mut self, through: usize, change: MemberMove, random: &mut Random) {
        let lives: Vec<Life> = self.lives().into_iter().filter(|life| life.node.is_member()).collect();
        let plan = lives.iter().find_map(|life| life.node.plan());
        let is_arriving = plan.as_ref().is_some_and(|plan| plan.step == PlanStep::Arriving);
        let is_of_several = plan.as_ref().is_some_and(|plan| plan.kind.newcomers().len() > 1);
        self.cluster.reached.lock().add(JOINED_TOGETHER, u64::from(is_of_several));
        // A machine that joins, or that was taken back while it was off, is none; not every node knows that yet.
        let members = lives.iter().map(|life| life.node.members().len()).min().unwrap_or_default();
        let Some(life) = first_from(through, lives) else { return };
        let machines = &self.cluster.machines;
        let spares: Vec<usize> = (0..machines.len()).filter(|machine| machines[*machine].is_spare()).collect();
        match change {
            MemberMove::TakeBack if plan.is_some() => self.take_back(life),
            MemberMove::TakeBack => {}
            MemberMove::Join if is_arriving => self.join_spares(&spares, &life, random),
            _ if plan.is_some() => {}
            // More copies than members could not be read at ALL.
            MemberMove::SetCopies(copies) => self.alter(&life, copies.min(members as u64)),
            MemberMove::Join => self.join_spares(&spares, &life, random),
            MemberMove::Leave if members > COPIES => self.cluster.clockwork.spawn(Some(life.owner), async move {
                let _ = life.node.leave(false).await;
            }),
            MemberMove::Leave => {}
        }
    }

    /// Has the first of some spare machines join, or all of them in one moment.
    fn join_spares(&self, spares: &[usize], through: &Life, random: &mut Random) {
        let count = if random.chance(1, 2) { 1 } else { spares.len() };
        for spare in spares.iter().take(count) {
            self.join(*spare, through.owner.machine, random);
        }
    }

    fn take_back(&self, life: Life) {
        let cluster = Arc::clone(&self.cluster);
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let is_back = life.node.abort_plan().await.is_ok();
            cluster.reached.lock().add(PLAN_TAKEN_BACK, u64::from(is_back));
        });
    }

    /// Begins to give the keyspace of most tables another number of copies. Whoever missed a write that a hint is owed for may give less to a
    /// new replica than hints bring to the old ones: so only where reads repair before replicas are looked at.
    fn alter(&self, life: &Life, copies: u64) {
        let life = life.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let replication = format!("{{'class': 'SimpleStrategy', 'replication_factor': {copies}}}");
            let text = format!("ALTER KEYSPACE sim WITH replication = {replication}");
            let _ = statement(&life, &text, &[], Consistency::One, None).await;
        });
    }

    /// Starts a spare machine with an empty disk, to join through a member, or through another one if that has left by then.
    pub(super) fn join(&self, spare: usize, through: usize, random: &mut Random) {
        drop(exchange(&self.cluster, spare, Disk::empty(random), false));
        let machines = &self.cluster.machines;
        let (machine, first) = (&machines[spare], machines[through].address);
        let others = machines.iter().filter(|other| !other.is_spare()).map(|other| other.address);
        let seeds = std::iter::once(first).chain(others.filter(|address| *address != first)).collect();
        {
            let mut options = machine.options.lock();
            *options = Options { seeds, bootstrap: false, ..options.clone() };
        }
        machine.set_spare(false);
        set_clock_right(&self.cluster, spare);
        start(&self.cluster, spare);
    }

    /// True if no node knows of a plan.
    pub(super) fn no_plan(&self) -> bool {
        self.lives().iter().all(|life| life.node.plan().is_none())
    }

    /// The reasons that nodes tell why they are not ready, and why the plan that they drive does not go on.
    pub(super) fn hindrances(&self) -> String {
        let told = self.lives().into_iter().flat_map(|life| {
            let health = life.node.health();
            let wait = health.plan_wait.map(|wait| format!("{} for {} s", wait.progress, wait.unchanged_seconds));
            health
                .not_ready
                .into_iter()
                .chain(wait)
                .map(move |reason| format!("machine {}: {reason}", life.owner.machine))
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// True if all machines but spares run and see each other.
    pub(super) fn all_see_all(&self) -> bool {
        let machines = &self.cluster.machines;
        let hosts: Vec<HostId> = machines.iter().filter(|machine| !machine.is_spare()).map(Machine::host).collect();
        self.all_are_up(&hosts)
    }

    /// True if the first machines run, and no others, and see each other.
    pub(super) fn see_each_other(&self, machines: usize) -> bool {
        self.all_are_up(&self.cluster.hosts()[..machines])
    }

    /// True if these hosts run, and no others, and see each other.
    fn all_are_up(&self, hosts: &[HostId]) -> bool {
        let lives = self.lives();
        lives.len() == hosts.len()
            && lives.iter().all(|l| l.node.readiness().is_ok() && hosts.iter().all(|h| l.core.coordinator().alive(*h)))
    }
}
