//! The metadata log when voters are lost, and when it is long.

use super::*;
use henge_node::EntryHash;

impl Run {
    /// Executes one statement through a machine; the error's text if it fails.
    fn try_statement(&mut self, machine: usize, text: &str) -> Result<(), String> {
        let (slot, text) = (Slot::default(), text.to_owned());
        let done = slot.clone();
        let Some(life) = self.cluster.machines[machine].life() else { panic!("machine {machine} is off") };
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement(&life, &text, &[], Consistency::One, None).await;
            done.fill(outcome.map(|_| ()).map_err(|error| error.to_string()));
        });
        self.await_slot(&slot).unwrap_or_else(|| Err("no answer".to_owned()))
    }

    fn begin_lineage(&mut self, machine: usize, hash: EntryHash) -> Result<(), String> {
        let slot = Slot::default();
        let done = slot.clone();
        let Some(life) = self.cluster.machines[machine].life() else { panic!("machine {machine} is off") };
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            done.fill(life.node.begin_lineage(hash).await.map(|_| ()).map_err(|error| error.to_string()));
        });
        self.await_slot(&slot).unwrap_or_else(|| Err("no answer".to_owned()))
    }

    fn log_end(&self, machine: usize) -> henge_node::Position {
        self.cluster.machines[machine].life().map(|life| life.node.log_end()).unwrap_or_default()
    }

    fn violations(&self) -> Vec<crate::wire::Violation> {
        self.cluster.watch.lock().violations.clone()
    }
}

fn table(name: &str) -> String {
    format!("CREATE TABLE sim.{name} (k bigint PRIMARY KEY)")
}

#[test]
fn any_one_voter_may_be_lost() {
    for lost in 0..3 {
        let mut run = three(17 + lost as u64, |n| options(n, Faults::default()));
        crash(&run.cluster, lost);
        let (next, last) = ((lost + 1) % 3, (lost + 2) % 3);
        assert_eq!(run.try_statement(next, &table("one")), Ok(()));
        assert_eq!(run.try_statement(last, &table("two")), Ok(()));
        start(&run.cluster, lost);
        assert!(run.wait("level", |run| (0..3).all(|machine| run.log_end(machine) == run.log_end(next))));
        assert_eq!(run.violations(), []);
        run.cluster.clear();
    }
}

#[test]
fn without_most_voters_nothing_changes_until_an_operator_says_so() {
    let mut run = three(23, |n| options(n, Faults::default()));
    crash(&run.cluster, 1);
    crash(&run.cluster, 2);
    let refusal = run.try_statement(0, &table("t")).unwrap_err();
    assert!(refusal.contains("1 of 3 voters answered, 2 are needed"), "{refusal}");
    run.pass(30 * SECOND);
    let end = run.log_end(0);
    let refusal = run.begin_lineage(0, EntryHash::of(b"other")).unwrap_err();
    assert!(refusal.contains("this node's log ends at"), "{refusal}");
    assert_eq!(run.begin_lineage(0, end.hash), Ok(()));
    assert_eq!(run.log_end(0).epoch.lineage, end.epoch.lineage + 1);
    assert_eq!(run.try_statement(0, &table("t")), Ok(()));
    // Those that come back with no more of the log follow, and vote again.
    start(&run.cluster, 1);
    start(&run.cluster, 2);
    assert!(run.wait("level", |run| (0..3).all(|machine| run.log_end(machine) == run.log_end(0))));
    run.pass(20 * SECOND);
    let voters = run.cluster.machines[0].life().map(|life| life.node.voters().len());
    assert_eq!(voters, Some(3));
    let refusal = run.begin_lineage(0, run.log_end(0).hash).unwrap_err();
    assert!(refusal.contains("3 of 3 voters seem up"), "{refusal}");
    assert_eq!(run.violations(), []);
    run.cluster.clear();
}

#[test]
fn a_machine_that_missed_more_than_the_log_holds_gets_a_snapshot() {
    let mut run = three(29, |n| options(n, Faults::default()));
    crash(&run.cluster, 2);
    let changes: Vec<String> = (0..600).map(|n| format!("ALTER TABLE sim.columns ADD a{n} int")).collect();
    run.execute(&changes);
    let life = run.cluster.machines[0].life().unwrap();
    assert_eq!(life.node.log_position(1), None, "the log was not shortened");
    start(&run.cluster, 2);
    run.pass(5 * SECOND);
    assert_eq!(run.log_end(2), run.log_end(0));
    // It starts again from the snapshot, and votes.
    crash(&run.cluster, 2);
    start(&run.cluster, 2);
    run.pass(2 * SECOND);
    crash(&run.cluster, 1);
    assert_eq!(run.try_statement(2, &table("t")), Ok(()));
    assert_eq!(run.log_end(2), run.log_end(0));
    assert_eq!(run.violations(), []);
    run.cluster.clear();
}

/// The violations after the proposer is cut off some microseconds after its client's statement, and the other voters, which may have
/// accepted its entry, lose power and go on.
fn decided_before_a_power_cut(after_us: u64, faults: Faults) -> Vec<crate::wire::Violation> {
    let mut run = three(31, |n| options(n, faults));
    let Some(life) = run.cluster.machines[0].life() else { panic!("machine 0 is off") };
    run.cluster.clockwork.spawn(Some(life.owner), async move {
        let _ = statement(&life, &table("first"), &[], Consistency::One, None).await;
    });
    run.pass(after_us);
    let mut network = NetworkState::healthy();
    network.isolate(&BTreeSet::from([0]), 3, true);
    *run.cluster.network.lock() = network;
    for voter in [1, 2] {
        crash(&run.cluster, voter);
        start(&run.cluster, voter);
    }
    run.pass(15 * SECOND);
    let _ = run.try_statement(2, &table("second"));
    *run.cluster.network.lock() = NetworkState::healthy();
    run.pass(10 * SECOND);
    run.check_logs();
    let violations = run.violations();
    run.cluster.clear();
    violations
}

#[test]
fn voters_do_not_forget_what_they_accepted() {
    let moments = || (0..40).map(|n| n * 500);
    let forgetful = Faults { forget_votes: true, ..Faults::default() };
    let is_seen = |after_us| !decided_before_a_power_cut(after_us, forgetful).is_empty();
    assert!(moments().any(is_seen), "the scenario shows nothing");
    for after_us in moments() {
        assert_eq!(decided_before_a_power_cut(after_us, Faults::default()), [], "{after_us} us");
    }
}
