//! The time that requests take while one machine of three is dead, stands still, or does so most of the time.

use super::*;
use crate::history::Operation;

/// The longest time that a request may take, in microseconds.
const LATENCY_MAX: u64 = 300_000;
/// Clients that send one request after another, half of them through each machine that works.
const CLOSED_LOOPS: usize = 4;
/// The time between two looks at the clients, in microseconds.
const STEP: u64 = 10_000;

/// The lot of the third machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lot {
    Healthy,
    Stopped,
    Killed,
    /// Stopped 500 of every 600 ms.
    Stutters,
}

/// Reads and writes at QUORUM, one after another by each client, for a time in which something happens to the third machine.
struct Load {
    run: Run,
    random: Random,
    current: [Option<usize>; CLOSED_LOOPS],
    numbers: Vec<usize>,
}

impl Load {
    fn new(seed: u64, faults: Faults) -> Load {
        let mut random = Random::new(seed);
        let run = Run::three(false, SharedTable::Default, &mut random, faults);
        run.pass(2 * SECOND);
        Load { run, random, current: [None; CLOSED_LOOPS], numbers: Vec::new() }
    }

    fn begin(&mut self, client: usize) -> usize {
        let key = self.random.below(registers::SHARED as u64) as i64;
        let kind = match self.random.chance(1, 2) {
            true => OperationKind::Read(None),
            false => OperationKind::Write((self.run.clients.stamp(&mut self.random), self.numbers.len() as i64)),
        };
        let life = self.run.cluster.machines[client % 2].life().unwrap();
        let number = self.run.clients.run(&life, key, kind, Consistency::Quorum, None);
        self.numbers.push(number);
        number
    }

    /// Goes on until a time.
    fn go_on(&mut self, until: u64) {
        while self.run.now() < until {
            for client in 0..CLOSED_LOOPS {
                let has_ended = |number: usize| self.run.clients.history.lock().operations[number].ended.is_some();
                if self.current[client].is_none_or(has_ended) {
                    self.current[client] = Some(self.begin(client));
                }
            }
            self.run.pass(STEP);
        }
    }

    fn go_through(&mut self, lot: Lot) {
        let (third, began) = (2, self.run.now());
        let clockwork = Arc::clone(&self.run.cluster.clockwork);
        match lot {
            Lot::Healthy => {}
            Lot::Stopped => clockwork.pause(third),
            Lot::Killed => crash(&self.run.cluster, third),
            Lot::Stutters => {
                for round in 0..4 {
                    clockwork.pause(third);
                    self.go_on(began + round * 600_000 + 500_000);
                    clockwork.resume(third);
                    self.go_on(began + (round + 1) * 600_000);
                }
            }
        }
        self.go_on(began + 5 * SECOND / 2);
        clockwork.resume(third);
        self.go_on(began + 3 * SECOND);
    }

    /// The operations, once all of them have ended.
    fn finish(self) -> Vec<Operation> {
        self.run.pass(10 * SECOND);
        let history = self.run.clients.history.lock();
        let operations = self.numbers.iter().map(|number| history.operations[*number].clone()).collect();
        drop(history);
        assert!(!self.run.broken(), "{:?}", self.run.cluster.watch.lock().violations);
        self.run.cluster.clear();
        operations
    }
}

/// The operations of a run, and those that failed or took too long.
fn operations_and_delayed(seed: u64, lot: Lot, faults: Faults) -> (usize, Vec<Operation>) {
    let mut load = Load::new(seed, faults);
    let healthy_until = load.run.now() + SECOND / 2;
    load.go_on(healthy_until);
    load.go_through(lot);
    let operations = load.finish();
    let took = |operation: &Operation| operation.ended.map_or(u64::MAX, |ended| ended - operation.began);
    let is_delayed = |operation: &Operation| operation.ending != Ending::Ok || took(operation) > LATENCY_MAX;
    (operations.len(), operations.into_iter().filter(is_delayed).collect())
}

#[test]
fn no_request_waits_for_a_machine_that_it_does_not_need() {
    for lot in [Lot::Healthy, Lot::Stopped, Lot::Killed, Lot::Stutters] {
        let (all, delayed) = operations_and_delayed(1, lot, Faults::default());
        assert!(all > 800, "{lot:?}: only {all}");
        assert!(delayed.is_empty(), "{lot:?}: {} of {all}, as {:#?}", delayed.len(), delayed[0]);
    }
}

/// The check can fail: it does if reads wait for replicas that are silent.
#[test]
fn requests_would_wait_without_speculation() {
    let faults = Faults { wait_for_silent: true, ..Faults::default() };
    assert!(!operations_and_delayed(1, Lot::Stopped, faults).1.is_empty());
}

/// One statement of each kind, with its level.
const STATEMENTS: [(&str, Consistency); 9] = [
    ("INSERT INTO other.t (k, v) VALUES (1, 1)", Consistency::Quorum),
    ("SELECT v FROM other.t WHERE k = 1", Consistency::Quorum),
    ("SELECT v FROM other.t", Consistency::Quorum),
    ("SELECT k FROM other.t WHERE v = 1", Consistency::Quorum),
    ("SELECT v FROM other.t WHERE k IN (1, 2, 3)", Consistency::Quorum),
    ("UPDATE other.t SET v = 1 WHERE k = 1 IF v = 1", Consistency::Quorum),
    ("SELECT v FROM other.t WHERE k = 1", Consistency::Serial),
    (
        "BEGIN BATCH INSERT INTO other.t (k, v) VALUES (1, 1); INSERT INTO other.t (k, v) VALUES (2, 2) APPLY BATCH",
        Consistency::Quorum,
    ),
    ("UPDATE other.counts SET n = n + 1 WHERE k = 1", Consistency::Quorum),
];

impl Run {
    /// The error of a statement through a machine, and the microseconds that it took.
    fn time_statement(&mut self, machine: usize, text: &'static str, level: Consistency) -> (Option<String>, u64) {
        let (slot, began) = (Slot::default(), self.now());
        let (done, cluster) = (slot.clone(), Arc::clone(&self.cluster));
        let life = self.cluster.machines[machine].life().unwrap();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement(&life, text, &[], level, None).await;
            done.fill((outcome.err().map(|error| error.to_string()), cluster.clockwork.now()));
        });
        let (error, ended) = self.await_slot(&slot).unwrap();
        (error, ended - began)
    }
}

#[test]
fn no_kind_of_statement_waits_for_a_machine_that_it_does_not_need() {
    for lot in [Lot::Stopped, Lot::Killed] {
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(3), Faults::default());
        let replication = "{'class': 'SimpleStrategy', 'replication_factor': 3}";
        run.execute(&[
            format!("CREATE KEYSPACE other WITH replication = {replication}"),
            "CREATE TABLE other.t (k int PRIMARY KEY, v int)".to_owned(),
            "CREATE INDEX ON other.t (v)".to_owned(),
            "CREATE TABLE other.counts (k int PRIMARY KEY, n counter)".to_owned(),
        ]);
        run.pass(5 * SECOND);
        match lot {
            Lot::Killed => crash(&run.cluster, 2),
            _ => run.cluster.clockwork.pause(2),
        }
        let end = run.now() + 5 * SECOND;
        while run.now() < end {
            for (text, level) in STATEMENTS {
                for machine in 0..2 {
                    let (error, took) = run.time_statement(machine, text, level);
                    assert!(error.is_none() && took <= LATENCY_MAX, "{lot:?}: {text} at {level}: {took} us, {error:?}");
                }
            }
        }
        run.cluster.clear();
    }
}
