//! Barriers in two datacentres: those who have not passed one must be too few for a quorum of their own datacentre.

use super::*;
use henge_model::Token;
use henge_node::PlanStep;

/// Members of each datacentre, all with a copy. The machine behind them joins the first datacentre.
const EACH: usize = 3;
const NEWCOMER: usize = 2 * EACH;
/// A moment: shorter than a message takes.
const MOMENT: u64 = 500;

impl Run {
    fn two_datacenters_and_a_spare(seed: u64, faults: Faults) -> Run {
        let mut random = Random::new(seed);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let datacenter = |number| if (EACH..NEWCOMER).contains(&number) { "dc2" } else { "dc1" }.to_owned();
        let of = |number| Options { datacenter: datacenter(number), ..options(number, faults) };
        let shape = Shape { spares: 1, ..Shape::plain(NEWCOMER + 1, StormKind::Crashes) };
        let mut run = Run::of(clockwork, shape, &mut random, of);
        assert!(run.form());
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        // Ranges of fewer copies, or of others, would hold a plan up where these do not.
        let replication = "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 3}";
        run.execute(&[
            "DROP KEYSPACE sim".to_owned(),
            "DROP KEYSPACE alone".to_owned(),
            format!("ALTER KEYSPACE system_traces WITH replication = {replication}"),
        ]);
        run.until_moved();
        run.execute(&[
            format!("CREATE KEYSPACE far WITH replication = {replication}"),
            // Reads that repair nothing do not wait for what takes writes only either.
            "CREATE TABLE far.t (k int PRIMARY KEY, v int) WITH read_repair = 'NONE'".to_owned(),
        ]);
        run.cut([]);
        run.pass(5 * SECOND);
        run
    }

    /// The first cell of a statement's rows through a machine at LOCAL_QUORUM; `None` if it fails.
    fn ask_locally(&mut self, machine: usize, text: String) -> Option<Option<Bytes>> {
        let (slot, life) = (Slot::default(), self.cluster.machines[machine].life().unwrap());
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let rows = statement(&life, &text, &[], Consistency::LocalQuorum, None).await;
            done.fill(rows.ok().map(|rows| rows.rows.first().and_then(|row| row[0].clone())));
        });
        self.await_slot(&slot).unwrap()
    }

    /// A key for whose range the newcomer takes the place of a machine, of the second or the third one.
    fn key_given_up_by(&mut self, machines: [usize; 2]) -> i32 {
        let hosts = machines.map(|machine| self.cluster.machines[machine].host());
        let is_given_up = |run: &mut Run, key: &i32| {
            let token = run.ask_locally(0, format!("SELECT token(k) FROM far.t WHERE k = {key}")).unwrap().unwrap();
            let token = Token(i64::from_be_bytes(token[..].try_into().unwrap()));
            let placed = run.lives()[0].core.coordinator().keyspace_placement("far").unwrap();
            let (now, later) =
                (placed.placement.replicas(token).unwrap(), placed.across.as_ref().unwrap().replicas(token).unwrap());
            hosts.iter().any(|host| now.read.contains(*host) && !later.read.contains(*host))
        };
        (0..40).find(|key| is_given_up(self, key)).expect("the newcomer gains a range of them")
    }

    /// True if all rows of the plan under way have come to the newcomer.
    fn has_all_rows(&mut self) -> bool {
        let (slot, life) = (Slot::default(), self.cluster.machines[NEWCOMER].life().unwrap());
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move { done.fill(life.node.plan_report().await) });
        let report = self.await_slot(&slot).unwrap().unwrap();
        report.gainers.iter().all(|gainer| gainer.progress.as_ref().is_some_and(|progress| progress.is_done))
    }

    fn step_at(&self, machine: usize) -> Option<PlanStep> {
        self.cluster.machines[machine].life()?.node.plan().map(|plan| plan.step)
    }
}

/// A write and a later read at LOCAL_QUORUM while two machines of the datacentre reach each other alone, and have not heard that others are
/// read: true if the write was acknowledged, and the value that the two show.
fn read_by_those_left_behind(seed: u64, faults: Faults) -> (bool, Option<i32>) {
    let mut run = Run::two_datacenters_and_a_spare(seed, faults);
    for key in 0..40 {
        run.ask_locally(0, format!("INSERT INTO far.t (k, v) VALUES ({key}, 1)")).expect("nothing fails yet");
    }
    run.join(NEWCOMER, 0, &mut Random::new(seed));
    run.until_streaming();
    let behind = [1, 2];
    let key = run.key_given_up_by(behind);
    let others = (0..=NEWCOMER).filter(|machine| !behind.contains(machine));
    let cut: Vec<_> =
        others.flat_map(|one| behind.into_iter().flat_map(move |other| [(one, other), (other, one)])).collect();
    while !run.has_all_rows() {
        run.pass(MOMENT);
    }
    run.cut(cut);
    assert_eq!(behind.map(|machine| run.step_at(machine)), [Some(PlanStep::Streaming); 2], "{seed}: they have heard");
    run.pass(20 * SECOND);
    let write = run.ask_locally(0, format!("INSERT INTO far.t (k, v) VALUES ({key}, 2)"));
    let read = run.ask_locally(1, format!("SELECT v FROM far.t WHERE k = {key}"));
    let shown = read.flatten().map(|value| i32::from_be_bytes(value[..].try_into().unwrap()));
    run.cut([]);
    run.until_moved();
    run.cluster.clear();
    (write.is_some(), shown)
}

#[test]
fn local_quorums_on_both_sides_of_a_step_meet() {
    for seed in 1..4 {
        assert_eq!(read_by_those_left_behind(seed, Faults::default()), (false, Some(1)), "{seed}");
    }
    let bug = Faults { skip_barriers: true, ..Faults::default() };
    assert_eq!(read_by_those_left_behind(1, bug), (true, Some(1)), "the scenario shows nothing");
}
