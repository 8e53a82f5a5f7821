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
        let deed = match self.random.chance(1, 2) {
            true => Deed::Read(None),
            false => Deed::Write((self.run.clients.stamp(&mut self.random), self.numbers.len() as i64)),
        };
        let life = self.run.cluster.machines[client % 2].life().unwrap();
        let number = self.run.clients.run(&life, key, deed, Consistency::Quorum, None);
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
