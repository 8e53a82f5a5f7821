//! Rows get to their new replicas, whoever dies meanwhile.

use super::*;
use crate::shape::COPIES;
use henge_node::{PlanStep, Replication};

/// Rows of the table that moves.
const ROWS: usize = 60;
/// Bytes of each.
const ROW_BYTES: usize = 2_000;

/// A run with members that have rows, and one spare machine. Rows are sent slowly, so that a plan takes seconds.
pub(super) fn with_rows(members: usize, seed: u64, faults: Faults, throughput: u64) -> Run {
    with_rows_and_spares(members, 1, seed, faults, throughput)
}

fn with_rows_and_spares(members: usize, spares: usize, seed: u64, faults: Faults, throughput: u64) -> Run {
    let mut random = Random::new(seed);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let machines = members + spares;
    let shape = Shape { spares, ..Shape::plain(machines, StormKind::Crashes) };
    let mut run =
        Run::of(clockwork, shape, &mut random, |n| Options { stream_throughput: throughput, ..options(n, faults) });
    assert!(run.form());
    run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
    run.pass(SECOND);
    let text = "x".repeat(ROW_BYTES);
    let mut statements =
        vec!["CREATE TABLE sim.moved (k int, c int, s text static, v text, PRIMARY KEY (k, c))".to_owned()];
    for k in 0..ROWS {
        statements.push(format!("INSERT INTO sim.moved (k, c, v) VALUES ({k}, 1, '{text}')"));
    }
    statements.extend((0..ROWS / 4).map(|k| format!("INSERT INTO sim.moved (k, s) VALUES ({k}, 'static')")));
    statements.extend((0..ROWS / 6).map(|k| format!("DELETE FROM sim.moved WHERE k = {k} AND c > 0")));
    statements.push("INSERT INTO sim.moved (k, c, v) VALUES (1000, 1, 'first') IF NOT EXISTS".to_owned());
    statements.push("UPDATE sim.moved SET v = 'second' WHERE k = 1000 AND c = 1 IF v = 'first'".to_owned());
    run.execute(&statements);
    run.pass(SECOND);
    run
}

impl Run {
    /// The numbers of rows that a read of everything at ALL finds, with and without a value: deleted ones have a static column at most.
    pub(super) fn moved_rows(&mut self) -> (usize, usize) {
        let (slot, life) = (Slot::default(), self.lives().swap_remove(0));
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let read = statement(&life, "SELECT k, v FROM sim.moved", &[], Consistency::All, None).await;
            done.fill(read.map(|rows| rows.rows).map_err(|error| error.to_string()));
        });
        let rows = self.await_slot(&slot).unwrap().unwrap();
        let valued = rows.iter().filter(|row| row[1].is_some()).count();
        (valued, rows.len() - valued)
    }

    pub(super) fn step(&self) -> Option<PlanStep> {
        self.lives().iter().find_map(|life| life.node.plan()).map(|plan| plan.step)
    }

    pub(super) fn until_streaming(&self) {
        let end = self.now() + 60 * SECOND;
        while self.step() != Some(PlanStep::Streaming) {
            assert!(self.now() < end, "no plan streams: {:?}", self.step());
            self.pass(SECOND / 50);
        }
    }

    pub(super) fn until_moved(&mut self) {
        assert!(
            self.wait("plan", |run| run.no_plan() && run.all_see_all()),
            "{:?}",
            self.cluster.watch.lock().violations
        );
        self.pass(10 * SECOND);
    }

    /// The number of rows that a machine's disk holds.
    pub(super) fn rows_on(&self, machine: usize) -> usize {
        self.stored_values(machine, Family::Rows).len()
    }

    /// Has a machine's node leave.
    pub(super) fn leave(&self, machine: usize) {
        let life = self.cluster.machines[machine].life().unwrap();
        self.cluster.clockwork.spawn(Some(life.owner), async move { drop(life.node.leave(false).await) });
    }

    pub(super) fn crash_and_start(&mut self, machine: usize) {
        crash(&self.cluster, machine);
        self.pass(SECOND / 2);
        start(&self.cluster, machine);
    }
}

/// The rows that are read in the end: all, static ones of deleted rows among them, and the last decision.
pub(super) const WHOLE: (usize, usize) = (ROWS - ROWS / 6 + 1, ROWS / 6);

#[test]
fn a_machine_that_joins_gets_its_rows_and_others_lose_theirs() {
    let mut run = with_rows(3, 1, Faults::default(), 0);
    let held = run.rows_on(0);
    run.join(3, 0, &mut Random::new(2));
    run.pass(SECOND);
    run.until_moved();
    assert_eq!(run.moved_rows(), WHOLE);
    assert!(run.rows_on(3) > held / 2, "{} of {held}", run.rows_on(3));
    let on_all: usize = (0..4).map(|machine| run.rows_on(machine)).sum();
    assert_eq!(on_all, 3 * held, "nobody holds what is not its own");
    let reads = run.repairs();
    assert_eq!((reads.0, reads.1), (0, 0), "all replicas are equal without repair");
    // The decision is known to the new voters.
    run.execute(&["UPDATE sim.moved SET v = 'third' WHERE k = 1000 AND c = 1 IF v = 'second'".to_owned()]);
    assert!(!run.broken(), "{:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
}

/// Machines that join in one moment are one plan, and rows are moved once.
#[test]
fn machines_join_together() {
    for seed in 20..23 {
        let mut run = with_rows_and_spares(3, 3, seed, Faults::default(), 0);
        let held = run.rows_on(0);
        (3..6).for_each(|machine| run.join(machine, 0, &mut Random::new(seed + machine as u64)));
        run.until_streaming();
        let plan = run.lives()[0].node.plan().unwrap();
        assert_eq!(plan.kind.newcomers().len(), 3, "{seed}: {plan}");
        run.until_moved();
        assert_eq!(run.moved_rows(), WHOLE, "{seed}");
        let on_all: usize = (0..6).map(|machine| run.rows_on(machine)).sum();
        assert_eq!(on_all, 3 * held, "{seed}: nobody holds what is not its own");
        let reads = run.repairs();
        assert_eq!((reads.0, reads.1), (0, 0), "{seed}: all replicas are equal without repair");
        run.execute(&["UPDATE sim.moved SET v = 'third' WHERE k = 1000 AND c = 1 IF v = 'second'".to_owned()]);
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

/// Of machines that join together some lose power while rows are on their way, and so do a source and the driver.
#[test]
fn machines_join_together_whoever_dies() {
    for (seed, victims) in [(30, [3, 4]), (31, [0, 5]), (32, [1, 2])] {
        let mut run = with_rows_and_spares(3, 3, seed, Faults::default(), 20_000);
        (3..6).for_each(|machine| run.join(machine, 0, &mut Random::new(seed + machine as u64)));
        for victim in victims {
            run.until_streaming();
            run.pass(SECOND);
            assert_eq!(run.step(), Some(PlanStep::Streaming), "{seed}: it ended before anybody died");
            run.crash_and_start(victim);
        }
        run.until_moved();
        assert_eq!(run.moved_rows(), WHOLE, "{seed}");
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

#[test]
fn a_member_that_leaves_hands_its_rows_over() {
    let mut run = with_rows(3, 2, Faults::default(), 0);
    run.join(3, 0, &mut Random::new(3));
    run.pass(SECOND);
    run.until_moved();
    run.leave(1);
    run.pass(SECOND);
    run.until_moved();
    assert!(run.cluster.machines[1].life().is_none(), "it is still there");
    assert_eq!(run.moved_rows(), WHOLE);
    assert!(!run.broken(), "{:?}", run.cluster.watch.lock().violations);
    run.cluster.clear();
}

/// The source, the new replica and the driver lose power while rows are on their way, twice in a row.
#[test]
fn streaming_goes_on_whoever_dies() {
    for (seed, victims) in [(3, [3, 3]), (4, [1, 1]), (5, [0, 0]), (6, [3, 2]), (7, [0, 3])] {
        let mut run = with_rows(3, seed, Faults::default(), 20_000);
        run.join(3, 0, &mut Random::new(seed));
        for victim in victims {
            run.until_streaming();
            run.pass(SECOND);
            assert_eq!(run.step(), Some(PlanStep::Streaming), "{seed}: it ended before anybody died");
            run.crash_and_start(victim);
        }
        run.until_moved();
        assert_eq!(run.moved_rows(), WHOLE, "{seed}");
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

/// A member that is down for good is replaced; rows come from the others.
#[test]
fn a_dead_member_is_replaced() {
    for seed in 8..11 {
        let mut run = with_rows(3, seed, Faults::default(), 0);
        run.execute(&["DROP KEYSPACE alone".to_owned()]);
        let dead = run.cluster.machines[2].host();
        crash(&run.cluster, 2);
        run.cluster.machines[2].set_spare(true);
        run.pass(20 * SECOND);
        run.cluster.machines[3].options.lock().replace = Some(dead);
        run.join(3, 0, &mut Random::new(seed));
        run.pass(SECOND);
        run.until_moved();
        assert_eq!(run.moved_rows(), WHOLE, "{seed}");
        let life = run.cluster.machines[0].life().unwrap();
        assert!(
            life.node.plan().is_none()
                && life
                    .node
                    .ranges(&Replication::Simple { factor: COPIES as u32 })
                    .unwrap()
                    .iter()
                    .all(|range| !range.readers.contains(&dead))
        );
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

impl Run {
    /// Writes a row through a machine at a level; true if it is acknowledged.
    fn is_written(&mut self, machine: usize, k: usize, level: Consistency) -> bool {
        let (slot, life) = (Slot::default(), self.cluster.machines[machine].life().unwrap());
        let done = slot.clone();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let text = format!("INSERT INTO sim.moved (k, c, v) VALUES ({k}, 1, 'late')");
            done.fill(statement(&life, &text, &[], level, None).await.is_ok());
        });
        self.await_slot(&slot).unwrap()
    }

    /// Loses a machine for good, as far as anybody knows.
    fn lose(&mut self, machine: usize) {
        crash(&self.cluster, machine);
        self.cluster.machines[machine].set_spare(true);
        self.pass(20 * SECOND);
    }
}

/// No quorum needs the replica whose place a newcomer takes. What it alone acknowledged at ONE is in its hints, and comes when it is back.
#[test]
fn a_machine_that_joins_does_not_wait_for_a_dead_one() {
    const ALONE: usize = 20;
    for seed in 20..23 {
        let mut run = with_rows(3, seed, Faults::default(), 0);
        run.execute(&["DROP KEYSPACE alone".to_owned()]);
        run.isolate(2);
        for k in 0..ALONE {
            assert!(run.is_written(2, 2_000 + k, Consistency::One), "{seed}: {k}");
        }
        // What others missed is on its disk as hints.
        run.pass(5 * SECOND);
        run.lose(2);
        run.cut([]);
        let began = run.now();
        run.join(3, 0, &mut Random::new(seed));
        run.pass(SECOND);
        assert!(run.wait("plan", |run| run.no_plan() && run.all_see_all()));
        assert!(run.now() - began < 20 * SECOND, "{seed}: {} us", run.now() - began);
        run.cluster.machines[2].set_spare(false);
        start(&run.cluster, 2);
        run.until_moved();
        run.pass(HINTS);
        assert_eq!(run.moved_rows(), (WHOLE.0 + ALONE, WHOLE.1), "{seed}");
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

/// A write needs the newcomer in place of the dead member, which takes it from the first moment on.
#[test]
fn no_write_fails_while_a_dead_member_is_replaced() {
    for seed in 30..34 {
        let mut run = with_rows(3, seed, Faults::default(), 100_000);
        run.execute(&["DROP KEYSPACE alone".to_owned()]);
        let dead = run.cluster.machines[2].host();
        run.lose(2);
        run.cluster.machines[3].options.lock().replace = Some(dead);
        run.join(3, 0, &mut Random::new(seed));
        let (end, mut failed, mut count) = (run.now() + PATIENCE, Vec::new(), 0);
        let has_come = |run: &Run| run.cluster.machines[3].life().is_some_and(|life| life.node.readiness().is_ok());
        while !has_come(&run) {
            assert!(run.now() < end, "{seed}: it is not there");
            let at = run.now();
            if !run.is_written(count % 2, 3_000 + count, Consistency::Quorum) {
                failed.push((at, run.step()));
            }
            count += 1;
        }
        assert!(failed.is_empty(), "{seed}: {} of {count} writes failed: {failed:?}", failed.len());
        run.until_moved();
        assert_eq!(run.moved_rows(), (WHOLE.0 + count, WHOLE.1), "{seed}");
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.cluster.clear();
    }
}

/// I38: a page that comes after its plan was taken back is not applied.
#[test]
fn a_page_of_a_plan_that_was_taken_back_is_not_applied() {
    let late_rows = |faults| {
        let mut run = with_rows(3, 12, faults, 10_000);
        run.join(3, 0, &mut Random::new(12));
        run.pass(SECOND);
        run.until_moved();
        run.leave(1);
        run.until_streaming();
        run.pass(SECOND);
        let life = run.cluster.machines[0].life().unwrap();
        run.cluster.clockwork.spawn(Some(life.owner), async move { drop(life.node.abort_plan().await) });
        run.until("the plan is taken back", || run.no_plan());
        let rows = |run: &Run| (0..4).map(|machine| run.rows_on(machine)).collect::<Vec<_>>();
        let before = rows(&run);
        run.pass(2 * SECOND);
        let late: usize = rows(&run).iter().zip(before).map(|(now, before)| now.saturating_sub(before)).sum();
        // Everybody may be read still, and what was left behind goes.
        run.pass(20 * SECOND);
        assert_eq!(run.moved_rows(), WHOLE);
        run.cluster.clear();
        late
    };
    assert_eq!(late_rows(Faults::default()), 0);
    let stale = Faults { apply_stale_pages: true, ..Faults::default() };
    assert!(late_rows(stale) > 0, "the scenario shows nothing");
}
