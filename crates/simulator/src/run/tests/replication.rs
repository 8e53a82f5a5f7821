//! Keyspaces that get another replication while clients write: no acknowledged row is missing, whoever dies meanwhile.

use super::moves::{WHOLE, with_rows};
use super::topology::Wish;
use super::*;
use henge_node::{PlanStep, Replication};

fn simple(keyspace: &str, copies: usize) -> String {
    format!(
        "ALTER KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': {copies}}}"
    )
}

impl Run {
    /// Has a keyspace altered, and runs until its rows have moved.
    fn alter_and_wait(&mut self, text: &str) {
        self.execute(&[text.to_owned()]);
        assert!(self.wait("plan", |run| run.no_plan()), "{text}: {:?}", self.cluster.watch.lock().violations);
        self.check_nodes();
        self.check_logs();
    }

    /// The copies of each range of a setting that some keyspace has; 0 if they differ, or some are pending.
    fn copies_of(&self, setting: &Replication) -> usize {
        let ranges = self.lives()[0].node.ranges(setting).unwrap_or_default();
        let copies: BTreeSet<usize> = ranges.iter().map(|range| range.readers.len()).collect();
        let is_settled = copies.len() == 1 && ranges.iter().all(|range| range.pending.is_empty());
        copies.into_iter().next().filter(|_| is_settled).unwrap_or(0)
    }
}

#[test]
fn copies_come_and_go_under_load() {
    for seed in 200..204 {
        let mut run = Run::with_spare_machines(4, 4, seed);
        run.load(2 * SECOND);
        for copies in [2, 4, 1, 3] {
            run.execute(&[simple("sim", copies)]);
            run.load_until_plan_ends();
            assert_eq!(run.copies_of(&Replication::Simple { factor: copies as u32 }), copies, "{seed}");
        }
        run.load(SECOND);
        run.check_history();
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.end_well();
    }
}

/// Each row is on all of its replicas without a repair, and on no others.
#[test]
fn rows_lie_where_the_new_replication_says() {
    let mut run = with_rows(4, 210, Faults::default(), 0);
    let held: usize = (0..4).map(|machine| run.rows_on(machine)).sum::<usize>() / 3;
    for copies in [2, 4, 3] {
        run.alter_and_wait(&simple("sim", copies));
        run.pass(10 * SECOND);
        assert_eq!(run.moved_rows(), WHOLE, "{copies}");
        let on_all: usize = (0..4).map(|machine| run.rows_on(machine)).sum();
        assert_eq!(on_all, copies * held, "nobody holds what is not its own");
    }
    assert_eq!(run.repairs(), (0, 0));
    run.execute(&["UPDATE sim.moved SET v = 'third' WHERE k = 1000 AND c = 1 IF v = 'second'".to_owned()]);
    run.end_well();
}

/// Rows that a quorum of three copies acknowledged are there when one copy is left, although that one missed them.
#[test]
fn a_copy_that_is_left_alone_has_what_it_missed() {
    let missing = |faults| (0..4).map(|left_out| rows_missing_of_one_copy(left_out, faults)).sum::<usize>();
    assert_eq!(missing(Faults { drop_hints: true, ..Faults::default() }), 0);
    let lost = missing(Faults { drop_hints: true, lower_without_merging: true, ..Faults::default() });
    assert!(lost > 0, "the scenario shows nothing");
}

/// Writes rows at QUORUM that a machine misses, takes the copies down to one, and counts the rows that are not there.
fn rows_missing_of_one_copy(left_out: usize, faults: Faults) -> usize {
    let mut run = with_rows(4, 215, faults, 0);
    let others: Vec<(usize, usize)> = (0..4).flat_map(|n| [(n, left_out), (left_out, n)]).collect();
    run.cut(others.into_iter().filter(|(one, other)| one != other));
    run.pass(20 * SECOND);
    let life = run.cluster.machines[(left_out + 1) % 4].life().unwrap();
    for k in 2000..2030 {
        let (slot, life) = (Slot::default(), life.clone());
        let done = slot.clone();
        run.cluster.clockwork.spawn(Some(life.owner), async move {
            let text = format!("INSERT INTO sim.moved (k, c, v) VALUES ({k}, 1, 'late')");
            done.fill(statement(&life, &text, &[], Consistency::Quorum, None).await.is_ok());
        });
        assert_eq!(run.await_slot(&slot), Some(true), "{k}");
    }
    drop(life);
    run.cut([]);
    assert!(run.wait("sight", |run| run.see_each_other(4)));
    run.alter_and_wait(&simple("sim", 1));
    let missing = WHOLE.0 + 30 - run.moved_rows().0;
    run.end_well();
    missing
}

/// The gaining machines and the driver lose power at each step, twice in a row.
#[test]
fn copies_come_whoever_dies() {
    for (seed, victims) in [(220, [1, 1]), (221, [0, 0]), (222, [3, 2])] {
        let mut run = with_rows(4, seed, Faults::default(), 40_000);
        run.execute(&["DROP KEYSPACE alone".to_owned(), simple("sim", 4)]);
        for victim in victims {
            run.until_streaming();
            run.pass(SECOND / 2);
            assert_eq!(run.step(), Some(PlanStep::Streaming), "{seed}: it ended before anybody died");
            run.crash_and_start(victim);
        }
        assert!(run.wait("plan", |run| run.no_plan()));
        run.execute(&[simple("sim", 2)]);
        for victim in victims {
            run.pass(SECOND / 2);
            run.crash_and_start(victim);
        }
        assert!(run.wait("plan", |run| run.no_plan()));
        run.pass(10 * SECOND);
        assert_eq!(run.moved_rows(), WHOLE, "{seed}");
        run.end_well();
    }
}

#[test]
fn a_change_of_copies_is_taken_back() {
    let mut run = with_rows(4, 230, Faults::default(), 10_000);
    run.execute(&[simple("sim", 4)]);
    run.until_streaming();
    assert_eq!(run.wish(0, Wish::Abort), Ok(()));
    assert!(run.wait("plan", |run| run.no_plan()));
    assert_eq!(run.copies_of(&Replication::Simple { factor: 3 }), 3);
    run.pass(10 * SECOND);
    assert_eq!(run.moved_rows(), WHOLE);
    run.end_well();
}

/// Machines of a second datacentre join without ranges, get them by ALTER KEYSPACE, and give them back.
#[test]
fn a_datacentre_is_added_and_removed() {
    for seed in 240..242 {
        let mut random = Random::new(seed);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let east = |n: usize| if n >= 3 { "east" } else { "west" }.to_owned();
        let shape = Shape { spares: 2, ..Shape::plain(5, StormKind::Crashes) };
        let mut run = Run::of(clockwork, shape, &mut random, |n| Options {
            datacenter: east(n),
            ..options(n, Faults::default())
        });
        assert!(run.form());
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        let topology = |factors: &str| {
            format!("ALTER KEYSPACE sim WITH replication = {{'class': 'NetworkTopologyStrategy', {factors}}}")
        };
        run.load(SECOND);
        run.alter_and_wait(&topology("'west': 3"));
        for machine in 3..5 {
            run.join(machine, 0, &mut random);
            run.pass(SECOND);
            run.load_until_plan_ends();
            assert!(run.wait("sight", |run| run.see_each_other(machine + 1)));
        }
        run.execute(&[topology("'west': 3, 'east': 2")]);
        run.load_until_plan_ends();
        assert_eq!(run.lives()[4].node.plan(), None);
        run.load(SECOND);
        run.execute(&[topology("'west': 3")]);
        run.load_until_plan_ends();
        run.check_history();
        assert!(!run.broken(), "{seed}: {:?}", run.cluster.watch.lock().violations);
        run.end_well();
    }
}
