//! Hints: docs/protocols/hints.md.

use super::*;
use henge_storage::{Hint, HintId};

const KEYS: usize = 12;

impl Run {
    /// Executes a statement through the first machine at a level; the error, if it fails.
    fn write_at(&mut self, text: &str, level: Consistency) -> Result<usize, String> {
        let (slot, text) = (Slot::default(), text.to_owned());
        let (done, life) = (slot.clone(), self.cluster.machines[0].life().unwrap());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement(&life, &text, &[], level, None).await;
            done.fill(outcome.map(|rows| rows.rows.len()).map_err(|error| error.to_string()));
        });
        self.await_slot(&slot).unwrap()
    }

    /// Writes rows whose only replica is down at ANY, through the first machine; gives their keys.
    fn write_to_absent(&mut self) -> Vec<usize> {
        self.execute(&[
            "CREATE KEYSPACE one WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}".to_owned(),
            "CREATE TABLE one.t (k int PRIMARY KEY)".to_owned(),
        ]);
        crash(&self.cluster, 1);
        crash(&self.cluster, 2);
        self.pass(20 * SECOND);
        let insert = |k| format!("INSERT INTO one.t (k) VALUES ({k})");
        let absent: Vec<usize> = (0..KEYS).filter(|k| self.write_at(&insert(*k), Consistency::One).is_err()).collect();
        assert!(!absent.is_empty(), "all rows belong to the first machine");
        // What is acknowledged before it is on disk is acknowledged long before.
        self.cluster.machines[0].stall_us.store(SECOND / 4, Ordering::Relaxed);
        for k in &absent {
            assert_eq!(self.write_at(&insert(*k), Consistency::Any), Ok(0), "{k}");
        }
        self.cluster.machines[0].stall_us.store(0, Ordering::Relaxed);
        absent
    }

    /// Number of these keys that are found at ONE.
    fn count_found(&mut self, keys: &[usize]) -> usize {
        let select = |k: &usize| format!("SELECT k FROM one.t WHERE k = {k}");
        keys.iter().filter(|k| self.write_at(&select(k), Consistency::One) == Ok(1)).count()
    }

    fn pause_handoff(&self, is_paused: bool) {
        self.cluster.machines[0].life().unwrap().node.set_handoff_paused(is_paused);
    }
}

/// A write that was acknowledged at ANY while all its replicas were down is read once they are up, though the coordinator lost power meanwhile.
#[test]
fn a_write_at_any_outlives_a_power_cut_of_its_coordinator() {
    let lost = |seed, faults| {
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(seed), faults);
        let absent = run.write_to_absent();
        crash(&run.cluster, 0);
        (0..3).for_each(|machine| start(&run.cluster, machine));
        assert!(run.wait("all machines", |run| run.all_see_all()));
        run.pass(HINTS);
        let lost = absent.len() - run.count_found(&absent);
        run.cluster.clear();
        lost
    };
    for seed in 0..3 {
        assert_eq!(lost(seed, Faults::default()), 0, "seed {seed}");
    }
    let early = Faults { ack_any_early: true, ..Faults::default() };
    assert!((0..5).any(|seed| lost(seed, early) > 0), "the scenario shows nothing");
}

/// A hint whose range has moved is delivered to the replicas that have it now.
#[test]
fn a_hint_whose_range_has_moved_goes_where_it_belongs() {
    let found = |faults| {
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(3), faults);
        let absent = run.write_to_absent();
        // As if each of the two that are down had held the other's ranges.
        let (hosts, life) = (run.cluster.hosts(), run.cluster.machines[0].life().unwrap());
        let exchanged = [(hosts[1], hosts[2]), (hosts[2], hosts[1])].map(|(from, to)| {
            let (ids, hints): (Vec<HintId>, Vec<Hint>) =
                life.store.hints_of(from, None, 99).unwrap().into_iter().unzip();
            (ids, hints.into_iter().map(|hint| Hint { to, ..hint }).collect())
        });
        exchanged.into_iter().for_each(|(ids, hints)| life.store.replace_hints(&ids, hints).unwrap());
        drop(life);
        (1..3).for_each(|machine| start(&run.cluster, machine));
        assert!(run.wait("all machines", |run| run.all_see_all()));
        run.pass(HINTS);
        let left = run.cluster.machines[0].life().unwrap().store.hint_total();
        let outcome = (absent.len() - run.count_found(&absent), left);
        run.cluster.clear();
        outcome
    };
    assert_eq!(found(Faults::default()), (0, 0), "lost, and left");
    assert!(found(Faults { forget_moved: true, ..Faults::default() }).0 > 0, "the scenario shows nothing");
}

/// One target whose disk stands still delays no other.
#[test]
fn a_slow_target_delays_no_other() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(4), Faults::default());
    (1..3).for_each(|machine| crash(&run.cluster, machine));
    run.pass(20 * SECOND);
    for k in 0..KEYS {
        let insert = format!("INSERT INTO sim.registers (k, c, v) VALUES ({k}, 0, 1)");
        assert_eq!(run.write_at(&insert, Consistency::One), Ok(0));
    }
    run.pass(SECOND);
    run.pause_handoff(true);
    (1..3).for_each(|machine| start(&run.cluster, machine));
    assert!(run.wait("all machines", |run| run.all_see_all()));
    run.pass(10 * SECOND);
    let rows = |run: &Run, machine| run.stored_values(machine, Family::Rows).len();
    assert_eq!((rows(&run, 1), rows(&run, 2)), (0, 0), "delivery is paused");
    run.cluster.machines[1].stall_us.store(13 * SECOND, Ordering::Relaxed);
    run.pause_handoff(false);
    run.pass(6 * SECOND);
    assert_eq!((rows(&run, 1), rows(&run, 2)), (0, KEYS));
    run.cluster.machines[1].stall_us.store(0, Ordering::Relaxed);
    run.pass(HINTS);
    assert_eq!(rows(&run, 1), KEYS);
    run.cluster.clear();
}

/// Of a machine that is down for longer than hints are kept, no more are kept, after a restart of the holder either; the rest is counted
/// by range.
#[test]
fn the_window_of_hints_outlives_a_restart() {
    let mut run =
        three(6, |n| Options { max_hint_window: std::time::Duration::from_secs(30), ..options(n, Faults::default()) });
    crash(&run.cluster, 2);
    run.pass(20 * SECOND);
    let hint_count = |run: &Run| {
        let (life, host) = (run.cluster.machines[0].life().unwrap(), run.cluster.hosts()[2]);
        (
            life.store.hint_count(host),
            life.store.missed_writes().unwrap().iter().map(|(_, missed)| missed.count).sum::<u64>(),
        )
    };
    let insert = |k| format!("INSERT INTO sim.registers (k, c, v) VALUES ({k}, 0, 1)");
    assert_eq!(run.write_at(&insert(1), Consistency::Quorum), Ok(0));
    run.pass(SECOND);
    assert_eq!(hint_count(&run), (1, 0));
    run.pass(40 * SECOND);
    crash(&run.cluster, 0);
    start(&run.cluster, 0);
    run.pass(10 * SECOND);
    assert_eq!(run.write_at(&insert(2), Consistency::Quorum), Ok(0));
    run.pass(SECOND);
    assert_eq!(hint_count(&run), (1, 1));
    run.cluster.clear();
}
