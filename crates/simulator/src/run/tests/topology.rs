//! Members that come and go by plans, whose drivers and newcomers may crash at any step.

use super::*;
use crate::plan::Workload;
use crate::run::operations::operate;
use crate::shape::COPIES;
use henge_base::HostId;
use henge_node::{ChangeError, Plan, PlanKind, PlanStep, Replication};

/// The settings of the keyspaces of a run.
const SETTINGS: [Replication; 2] = [Replication::Simple { factor: COPIES as u32 }, Replication::Simple { factor: 1 }];
const STEPS: [PlanStep; 4] = [PlanStep::Arriving, PlanStep::Preparing, PlanStep::Streaming, PlanStep::Reading];
/// A moment: shorter than any step takes.
const MOMENT: u64 = 500;

/// A change of members that a machine is asked for.
#[derive(Clone, Copy)]
pub(super) enum Wish {
    Leave { force: bool },
    Remove { host: HostId, force: bool },
    Abort,
}

impl Run {
    /// A run whose first machines have formed a cluster; the others are off.
    pub(super) fn with_spare_machines(members: usize, machines: usize, seed: u64) -> Run {
        let mut random = Random::new(seed);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let shape = Shape::plain(machines, StormKind::Crashes);
        let options = |n| Options { moves_ranges: true, ..options(n, Faults::default()) };
        let mut run = Run::of(clockwork, shape, &mut random, options);
        assert!(run.form_of(members), "{:?}", run.cluster.watch.lock().violations);
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        run.pass(SECOND);
        run
    }

    pub(super) fn host(&self, machine: usize) -> HostId {
        self.cluster.machines[machine].host()
    }

    /// The plan under way, as the most advanced log of the running machines has it.
    pub(super) fn plan(&self) -> Option<Plan> {
        let newest = self.lives().into_iter().max_by_key(|life| life.node.log_end().epoch);
        newest.and_then(|life| life.node.plan())
    }

    pub(super) fn wish(&mut self, machine: usize, wish: Wish) -> Result<(), String> {
        let slot = Slot::default();
        let done = slot.clone();
        let life = self.cluster.machines[machine].life().unwrap();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome: Result<(), ChangeError> = match wish {
                Wish::Leave { force } => life.node.leave(force).await.map(|_| ()),
                Wish::Remove { host, force } => life.node.remove_member(host, force).await,
                Wish::Abort => life.node.abort_plan().await.map(|_| ()),
            };
            done.fill(outcome.map_err(|error| error.to_string()));
        });
        self.await_slot(&slot).unwrap_or_else(|| Err("no answer".to_owned()))
    }

    /// Runs until the plan has come to a step, and checks each node's rules on the way.
    pub(super) fn until_step(&mut self, step: PlanStep) {
        let end = self.now() + PATIENCE;
        while self.plan().map(|plan| plan.step) != Some(step) {
            assert!(self.now() < end && !self.broken(), "{step:?}: {:?}", self.cluster.watch.lock().violations);
            self.pass(MOMENT);
        }
        self.check_nodes();
        self.check_logs();
    }

    /// Waits until no plan is under way, all that run have one log, and these machines hold all ranges.
    pub(super) fn until_held_by(&mut self, machines: &[usize]) {
        let hosts: Vec<HostId> = machines.iter().map(|machine| self.host(*machine)).collect();
        let is_held = |run: &Run| {
            let lives = run.lives();
            let end = lives[0].node.log_end();
            let level = |life: &Life| life.node.log_end() == end && life.node.plan().is_none() && life.node.is_member();
            let mut settings = SETTINGS.iter().filter(|setting| lives[0].node.ranges(setting).is_some());
            lives.iter().all(level) && settings.all(|setting| holders(&lives[0], setting) == sort_hosts(&hosts))
        };
        assert!(self.wait("the end of a plan", is_held), "{:?}", self.cluster.watch.lock().violations);
        self.check_nodes();
        self.check_logs();
    }

    /// The machine that drives plans: the first voter that runs, by the order of joining.
    pub(super) fn driver(&self) -> usize {
        let life = self.lives().swap_remove(0);
        let voters: Vec<HostId> = life.node.voters().into_iter().map(|voter| voter.host).collect();
        let mut running = self.lives().into_iter().map(|life| life.owner.machine);
        running.find(|machine| voters.contains(&self.host(*machine))).unwrap()
    }

    /// Has clients at work for a while.
    pub(super) fn load(&mut self, time: u64) {
        let (end, workloads) = (self.now() + time, Workload::ALL.iter().copied().collect());
        while self.now() < end {
            operate(&self.clients, &workloads, &mut self.random);
            self.pass(SECOND / 50);
        }
    }

    /// Has clients at work until no plan is under way.
    pub(super) fn load_until_plan_ends(&mut self) {
        let end = self.now() + PATIENCE;
        self.load(SECOND);
        while self.plan().is_some() {
            assert!(self.now() < end && !self.broken(), "{:?}", self.cluster.watch.lock().violations);
            self.load(SECOND / 2);
            self.check_nodes();
            self.check_logs();
        }
    }

    /// Holds the clients' history to the rules, once all that was owed is delivered.
    pub(super) fn check_history(&mut self) {
        self.pass(Run::aftermath() + HINTS);
        self.read_all(Consistency::All);
        self.check_stored();
        self.read_pairs();
        self.read_counts();
        let found = checks::history(&self.clients.history.lock(), true);
        self.record_violations(found);
        let found = linear(&self.clients.swaps.lock());
        self.record_violations(found);
    }

    pub(super) fn end_well(self) {
        assert!(!self.broken(), "{:?}", self.cluster.watch.lock().violations);
        self.cluster.clear();
    }
}

fn sort_hosts(hosts: &[HostId]) -> Vec<HostId> {
    let mut hosts = hosts.to_vec();
    hosts.sort();
    hosts
}

/// The hosts that are read in some range of a setting, if no range has pending replicas.
fn holders(life: &Life, setting: &Replication) -> Vec<HostId> {
    let ranges = life.node.ranges(setting).unwrap_or_default();
    if ranges.iter().any(|range| !range.pending.is_empty()) {
        return Vec::new();
    }
    let mut hosts = sort_hosts(&ranges.into_iter().flat_map(|range| range.readers).collect::<Vec<_>>());
    hosts.dedup();
    hosts
}

#[test]
fn a_node_joins_a_cluster_with_keyspaces_and_serves_no_clients_before() {
    let mut run = Run::with_spare_machines(3, 4, 41);
    start(&run.cluster, 3);
    run.until_step(PlanStep::Preparing);
    let plan = run.plan().unwrap();
    assert_eq!(plan.kind, PlanKind::Join { hosts: vec![run.host(3)] });
    let newcomer = run.cluster.machines[3].life().unwrap();
    run.until_step(PlanStep::Reading);
    assert!(newcomer.node.readiness().is_err(), "a newcomer is not ready");
    run.until_held_by(&[0, 1, 2, 3]);
    run.pass(SECOND);
    assert_eq!(newcomer.node.readiness(), Ok(()));
    drop(newcomer);
    run.end_well();
}

#[test]
fn a_driver_that_is_killed_at_any_step_is_followed_by_another() {
    for (number, step) in STEPS.into_iter().enumerate() {
        let mut run = Run::with_spare_machines(3, 4, 43 + number as u64);
        // With a single copy on the driver nobody else could go on.
        run.execute(&["DROP KEYSPACE alone".to_owned()]);
        start(&run.cluster, 3);
        run.until_step(step);
        // All know the step, so that the plan does not end with the driver.
        run.pass(SECOND / 50);
        let driver = run.driver();
        crash(&run.cluster, driver);
        run.pass(15 * SECOND);
        // Another one has taken the plan on; rows that the newcomer's predecessor has are waited for.
        let reached = run.plan().map(|plan| plan.step);
        assert!(![Some(PlanStep::Arriving), Some(PlanStep::Preparing)].contains(&reached), "{step:?}: {reached:?}");
        start(&run.cluster, driver);
        run.until_held_by(&[0, 1, 2, 3]);
        run.end_well();
    }
}

#[test]
fn a_newcomer_that_is_killed_at_any_step_goes_on_when_it_is_back() {
    for (number, step) in STEPS.into_iter().enumerate() {
        let mut run = Run::with_spare_machines(3, 4, 51 + number as u64);
        start(&run.cluster, 3);
        run.until_step(step);
        crash(&run.cluster, 3);
        run.pass(5 * SECOND);
        start(&run.cluster, 3);
        run.until_held_by(&[0, 1, 2, 3]);
        run.end_well();
    }
}

#[test]
fn nodes_that_join_together_come_one_after_the_other() {
    let mut run = Run::with_spare_machines(2, 5, 61);
    (2..5).for_each(|machine| start(&run.cluster, machine));
    run.until_held_by(&[0, 1, 2, 3, 4]);
    run.pass(SECOND);
    assert!(run.all_see_all());
    run.end_well();
}

#[test]
fn a_member_that_leaves_serves_until_it_is_gone_and_does_not_come_back() {
    for leaver in [0, 3] {
        let mut run = Run::with_spare_machines(4, 4, 67);
        let refused = run.wish(leaver, Wish::Leave { force: false });
        assert_eq!(refused, Ok(()));
        let plan = run.plan().unwrap();
        assert_eq!(plan.kind, PlanKind::Leave { host: run.host(leaver) });
        let second = run.wish((leaver + 1) % 4, Wish::Leave { force: true }).unwrap_err();
        assert!(second.contains(&plan.kind.to_string()), "{second}");
        let rest: Vec<usize> = (0..4).filter(|machine| *machine != leaver).collect();
        assert!(run.wait("departure", |run| run.cluster.machines[leaver].life().is_none()));
        run.until_held_by(&rest);
        run.cluster.machines[leaver].has_wrong_disk.store(true, Ordering::Relaxed);
        start(&run.cluster, leaver);
        assert!(run.wait("refusal", |run| run.cluster.machines[leaver].life().is_none()));
        let fewer = run.wish(rest[0], Wish::Leave { force: false }).unwrap_err();
        assert!(fewer.contains("Not enough live nodes to maintain replication factor in keyspace sim"), "{fewer}");
        run.end_well();
    }
}

#[test]
fn a_member_that_is_down_for_good_is_removed_and_one_that_is_up_is_not() {
    let mut run = Run::with_spare_machines(4, 4, 71);
    let dead = run.host(2);
    let refusal = run.wish(0, Wish::Remove { host: dead, force: true }).unwrap_err();
    assert!(refusal.contains("is up"), "{refusal}");
    crash(&run.cluster, 2);
    run.pass(20 * SECOND);
    let refusal = run.wish(0, Wish::Remove { host: dead, force: false }).unwrap_err();
    assert!(refusal.contains("keyspace alone") && refusal.contains("--force"), "{refusal}");
    assert_eq!(run.wish(0, Wish::Remove { host: dead, force: true }), Ok(()));
    run.until_held_by(&[0, 1, 3]);
    // It missed its removal, and is told of it.
    run.cluster.machines[2].has_wrong_disk.store(true, Ordering::Relaxed);
    start(&run.cluster, 2);
    assert!(run.wait("refusal", |run| run.cluster.machines[2].life().is_none()));
    let refusal = run.cluster.machines[2].refusal.lock().clone().unwrap();
    assert!(refusal.contains("is no member any more"), "{refusal}");
    run.end_well();
}

#[test]
fn a_node_replaces_a_member_that_is_down_for_good() {
    let mut run = Run::with_spare_machines(3, 4, 73);
    run.execute(&[
        "DROP KEYSPACE alone".to_owned(),
        "CREATE KEYSPACE alone WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}".to_owned(),
    ]);
    let dead = run.host(1);
    crash(&run.cluster, 1);
    run.pass(20 * SECOND);
    run.cluster.machines[3].options.lock().replace = Some(dead);
    start(&run.cluster, 3);
    run.until_step(PlanStep::Preparing);
    assert_eq!(run.plan().unwrap().kind, PlanKind::Replace { dead, by: run.host(3) });
    let hosts = sort_hosts(&[run.host(0), run.host(2), run.host(3)]);
    let three = Replication::Simple { factor: 3 };
    assert!(run.wait("the replacement", |run| run.plan().is_none() && holders(&run.lives()[0], &three) == hosts));
    run.end_well();
}

#[test]
fn a_plan_is_taken_back_before_reads_move_and_not_after() {
    let mut run = Run::with_spare_machines(3, 4, 79);
    assert!(run.wish(0, Wish::Abort).unwrap_err().contains("no plan is under way"));
    start(&run.cluster, 3);
    run.until_step(PlanStep::Preparing);
    run.cluster.machines[3].has_wrong_disk.store(true, Ordering::Relaxed);
    // Nobody reaches the newcomer, so that the plan waits for it.
    run.cut((0..3).flat_map(|machine| [(machine, 3), (3, machine)]));
    run.pass(20 * SECOND);
    assert_eq!(run.plan().map(|plan| plan.step != PlanStep::Reading), Some(true));
    assert_eq!(run.wish(1, Wish::Abort), Ok(()));
    run.cut([]);
    assert!(run.wait("the newcomer's end", |run| run.cluster.machines[3].life().is_none()));
    run.until_held_by(&[0, 1, 2]);
    assert_eq!(run.wish(1, Wish::Leave { force: true }), Ok(()));
    run.until_step(PlanStep::Reading);
    let late = run.wish(0, Wish::Abort).unwrap_err();
    assert!(late.contains("can only go on") || late.contains("is not under way"), "{late}");
    run.end_well();
}

#[test]
fn rows_stay_while_members_come_and_go_under_load() {
    for seed in 90..94 {
        let mut run = Run::with_spare_machines(3, 5, seed);
        run.load(3 * SECOND);
        start(&run.cluster, 3);
        run.load_until_plan_ends();
        assert!(run.cluster.machines[3].life().unwrap().node.is_member());
        assert_eq!(run.wish(1, Wish::Leave { force: false }), Ok(()));
        run.load_until_plan_ends();
        run.load(SECOND);
        assert!(run.cluster.machines[1].life().is_none());
        run.check_history();
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.end_well();
    }
}
