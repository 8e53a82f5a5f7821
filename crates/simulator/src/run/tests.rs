//! Directed scenarios.

use super::*;
use crate::history::{Swap, SwapKind};
use crate::network::NetworkState;
use crate::power::crash;
use crate::shape::StormKind;
use henge_base::Bytes;
use henge_coordinator::Replicas;
use henge_storage::{Engine, Family, Flow, ScanRange, Tier};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

mod acceptors;
mod barriers;
mod batches;
mod callers;
mod clocks;
mod contention;
mod disks;
mod epochs;
mod forwarding;
mod goodput;
mod handover;
mod hints;
mod identity;
mod latency;
mod manual;
mod metadata;
mod moves;
mod overload;
mod plans;
mod reads;
mod repair;
mod replication;
mod serial_scope;
mod shutdowns;
mod tables;
mod topology;
mod versions;
mod wide_rows;

impl Run {
    /// A run with three machines that have formed a cluster.
    fn three(is_periodic: bool, table: SharedTable, random: &mut Random, faults: Faults) -> Run {
        Run::of_machines(3, is_periodic, table, random, faults)
    }

    /// A run with machines that have formed a cluster.
    fn of_machines(machines: usize, is_periodic: bool, table: SharedTable, random: &mut Random, faults: Faults) -> Run {
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let shape = Shape { is_periodic, table, ..Shape::plain(machines, StormKind::Crashes) };
        let mut run = Run::of(clockwork, shape, random, |n| options(n, faults));
        assert!(run.form());
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        // What the last change of the schema left under way ends.
        run.pass(SECOND);
        run
    }

    fn stored_bytes(&self) -> u64 {
        self.lives().iter().map(|life| life.store.figures().live_data_bytes).sum()
    }

    /// Executes statements one after another through one node.
    fn execute(&mut self, statements: &[String]) {
        for text in statements {
            let (slot, text) = (Slot::default(), text.clone());
            let done = slot.clone();
            let life = self.lives().swap_remove(0);
            self.cluster.clockwork.spawn(Some(life.owner), async move {
                done.fill(statement(&life, &text, &[], Consistency::One, None).await.map_err(|e| e.to_string()));
            });
            let outcome = self.await_slot(&slot);
            assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
        }
    }
}

/// A deletion is purged once it is known to be on all copies, as it is with a single copy. With three it is not known,
/// so it stays.
#[test]
fn what_is_deleted_leaves_the_disk_once_that_is_safe() {
    for (factor, table, leaves) in [
        (1, "", true),
        (3, "", false),
        (
            3,
            "WITH gc_grace_seconds = 10 AND compaction = {'class': 'UnifiedCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}",
            true,
        ),
    ] {
        let mut run = Run::new(7, Faults::default());
        assert!(run.form());
        let replication = format!("{{'class': 'SimpleStrategy', 'replication_factor': {factor}}}");
        run.execute(&[
            format!("CREATE KEYSPACE other WITH replication = {replication}"),
            format!("CREATE TABLE other.t (k int, c int, v text, PRIMARY KEY (k, c)) {table}"),
        ]);
        run.pass(5 * SECOND);
        let empty = run.stored_bytes();
        let text = "x".repeat(200);
        let rows = (0..30).map(|k| format!("INSERT INTO other.t (k, c, v) VALUES ({k}, 1, '{text}')"));
        run.execute(&rows.collect::<Vec<_>>());
        let full = run.stored_bytes();
        assert!(full > empty + 30 * 200);
        let clauses = ["", "AND c = 1", "AND c > 0"];
        let deletions = (0..30).map(|k| format!("DELETE FROM other.t WHERE k = {k} {}", clauses[k % 3]));
        run.execute(&deletions.collect::<Vec<_>>());
        run.pass(60 * SECOND);
        let deleted = run.stored_bytes();
        run.pass(300 * SECOND);
        let left = run.stored_bytes();
        assert_eq!(left < empty + 500, leaves, "{factor} replicas: {empty}, {full}, {deleted}, then {left} bytes");
        run.cluster.clear();
    }
}

impl Run {
    /// Cuts these links from now on, as (from, to).
    fn cut(&self, cut: impl IntoIterator<Item = (usize, usize)>) {
        *self.cluster.network.lock() = NetworkState { cut: cut.into_iter().collect(), ..NetworkState::healthy() };
    }

    /// Cuts a machine off from all others.
    fn isolate(&self, machine: usize) {
        let mut network = NetworkState::healthy();
        network.isolate(&BTreeSet::from([machine]), self.cluster.machines.len(), true);
        *self.cluster.network.lock() = network;
    }

    /// Begins a statement without waiting for its outcome.
    fn begin_text(&self, machine: usize, text: &'static str) {
        let life = self.cluster.machines[machine].life().unwrap();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let _ = statement(&life, text, &[], Consistency::One, None).await;
        });
    }

    fn begin(&self, machine: usize, kind: SwapKind, patience: Option<u64>) -> usize {
        self.clients.swap(&self.cluster.machines[machine].life().unwrap(), 0, kind, patience)
    }

    fn until(&self, what: &str, done: impl Fn() -> bool) {
        let end = self.now() + 10 * SECOND;
        while !done() {
            assert!(self.now() < end, "{what} takes too long");
            self.pass(50);
        }
    }

    fn end(&self, swap: usize) -> Swap {
        let end = self.now() + 10 * SECOND;
        while self.clients.swaps.lock()[swap].ended.is_none() && self.now() < end {
            self.pass(SECOND / 1_000);
        }
        self.clients.swaps.lock()[swap].clone()
    }

    /// The values that a machine's disk holds in a family.
    fn stored_values(&self, machine: usize, family: Family) -> Vec<Bytes> {
        let mut held = Vec::new();
        let all = ScanRange { family, start: &[], end: &[], reversed: false };
        let engine = self.cluster.machines[machine].engine();
        let scanned = engine.scan(&all, Tier::Disk, &mut |_, value| {
            held.push(Bytes::copy_from_slice(value));
            Flow::Continue
        });
        scanned.unwrap();
        held
    }

    /// Waits until the acceptor state on a machine's disk changes.
    fn until_heard(&self, machine: usize) {
        let before = self.stored_values(machine, Family::Paxos);
        self.until("an acceptor", || self.stored_values(machine, Family::Paxos) != before);
    }

    /// Waits until a machine's disk holds a row.
    fn until_decided(&self, machine: usize) {
        self.until("a decision", || !self.stored_values(machine, Family::Rows).is_empty());
    }
}

/// A later round depends on a machine that has just learned an earlier decision and then loses power; the round
/// overwrites the value that is accepted elsewhere. Returns the violations.
fn decided_then_dark(seed: u64, faults: Faults) -> Vec<Violation> {
    let mut random = Random::new(seed);
    let run = Run::three(true, SharedTable::Default, &mut random, faults);
    // The first two machines accept it; only the second learns that it is decided.
    run.isolate(2);
    run.begin(1, SwapKind::Swap { from: None, to: 1 }, Some(SECOND / 5));
    run.until_heard(0);
    run.until_heard(0);
    run.cut([(1, 0), (1, 2)]);
    run.until_decided(1);
    run.pass(SECOND / 5);
    // The third machine promises the next round and gets the decision; the next proposal then reaches only the first.
    run.isolate(0);
    let second = run.begin(1, SwapKind::Swap { from: Some(1), to: 2 }, None);
    run.until_decided(2);
    run.cut([]);
    run.until_heard(1);
    crash(&run.cluster, 2);
    let second = run.end(second);
    assert!(second.applied, "{second:?}");
    run.isolate(1);
    start(&run.cluster, 2);
    for _ in 0..20 {
        run.pass(SECOND / 2);
        let read = run.begin(0, SwapKind::Read, None);
        if run.end(read).ending == Ending::Ok {
            let found = linear(&run.clients.swaps.lock());
            run.cluster.clear();
            return found;
        }
    }
    panic!("seed {seed}: two of three machines do not answer");
}

#[test]
fn what_was_decided_outlives_a_power_cut_in_periodic_mode() {
    let rash = Faults { unsynced_commits: true, ..Faults::default() };
    assert!((0..10).any(|seed| !decided_then_dark(seed, rash).is_empty()), "the scenario shows nothing");
    for seed in 0..10 {
        assert!(decided_then_dark(seed, Faults::default()).is_empty(), "seed {seed}");
    }
}

/// A run with three machines with options of their own, which have formed a cluster; no link is cut.
fn three(seed: u64, options: impl Fn(usize) -> Options) -> Run {
    let mut random = Random::new(seed);
    let clockwork = Clockwork::new(random.fork("clockwork"));
    let shape = Shape::plain(3, StormKind::Links);
    let mut run = Run::of(clockwork, shape, &mut random, options);
    assert!(run.form());
    run
}

/// True if a machine that was off during many large schema changes knows the last of them in the end.
fn catches_up(faults: Faults) -> bool {
    let mut run = three(11, |n| options(n, faults));
    crash(&run.cluster, 2);
    // Each entry holds a table with a long comment; together they exceed one message.
    const TABLES: usize = 40;
    let comment = "long ".repeat(100_000);
    let table = |n: usize| format!("CREATE TABLE late.t{n} (k int PRIMARY KEY) WITH comment = '{comment}'");
    let keyspace = "CREATE KEYSPACE late WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}";
    let statements: Vec<String> = std::iter::once(keyspace.to_owned()).chain((0..TABLES).map(table)).collect();
    run.execute(&statements);
    start(&run.cluster, 2);
    run.pass(12 * SECOND);
    let level = run.lives().iter().all(|life| life.core.prepare("SELECT * FROM late.t39", None).is_ok());
    run.cluster.clear();
    level
}

#[test]
fn a_machine_that_missed_many_large_changes_of_the_schema_catches_up() {
    assert!(!catches_up(Faults { catch_up_by_entries: true, ..Faults::default() }), "the scenario shows nothing");
    assert!(catches_up(Faults::default()));
}

/// A machine that lacks the newest schema is sent a batch-log entry and hints of a table that it does not know. Returns
/// the number of the rows on its disk in the end.
fn rows_of_one_that_was_behind(seed: u64, faults: Faults) -> usize {
    let mut run = three(seed, |n| options(n, faults));
    crash(&run.cluster, 1);
    run.execute(&[
        "CREATE KEYSPACE new WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}".to_owned(),
        "CREATE TABLE new.t (k int PRIMARY KEY)".to_owned(),
        // The second machine is owed this row as a hint.
        "INSERT INTO new.t (k) VALUES (1)".to_owned(),
    ]);
    // A write may have to time out before its hint is stored.
    run.pass(4 * SECOND);
    // The first machine withholds log entries; only the third can bring the second up to date.
    crash(&run.cluster, 0);
    run.cluster.machines[0].options.lock().faults.withhold_entries = true;
    start(&run.cluster, 0);
    crash(&run.cluster, 2);
    start(&run.cluster, 1);
    run.pass(20 * SECOND);
    // Only the second machine stores this batch, and nobody answers the client: completing it is up to the second.
    run.begin_text(0, "BEGIN BATCH INSERT INTO new.t (k) VALUES (2); INSERT INTO new.t (k) VALUES (3) APPLY BATCH");
    run.until("a batch that is kept", || !run.stored_values(1, Family::Batchlog).is_empty());
    crash(&run.cluster, 0);
    run.pass(60 * SECOND);
    assert!(run.stored_values(1, Family::Rows).is_empty(), "it knows no table");
    start(&run.cluster, 0);
    run.pass(20 * SECOND);
    start(&run.cluster, 2);
    run.pass(60 * SECOND);
    let rows = run.stored_values(1, Family::Rows).len();
    run.cluster.clear();
    rows
}

#[test]
fn a_machine_that_is_behind_loses_neither_hints_nor_batches() {
    assert_eq!(rows_of_one_that_was_behind(12, Faults::default()), 3);
    // Chance decides how far the coordinator of the batch comes before its power is cut.
    let rows = |faults: Faults| (12..40).map(move |seed| rows_of_one_that_was_behind(seed, faults));
    let unknown = Faults { unknown_when_behind: true, ..Faults::default() };
    assert!(rows(unknown).any(|rows| rows == 2), "the hint is lost");
    let dropped = Faults { drop_behind: true, ..Faults::default() };
    assert!(rows(dropped).any(|rows| rows == 2), "the hint is dropped");
    let replayed = Faults { replay_when_behind: true, ..Faults::default() };
    assert!(rows(replayed).any(|rows| rows == 1), "the batch is lost");
}
