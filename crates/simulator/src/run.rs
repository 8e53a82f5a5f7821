//! One run: a cluster is created from a seed, broken, healed, and checked against the invariants.

mod cold;
mod healed;
mod moves;
mod nodes;
mod operations;
mod purged;
mod report;
mod rotation;
mod seen_entries;
mod shape;
mod stored;
mod wide_rows;

use crate::checks;
use crate::client::{Clients, statement};
use crate::clockwork::Clockwork;
use crate::cluster::Cluster;
use crate::columns;
use crate::counts::COUNTS;
use crate::heal::heal;
use crate::history::{Ending, OperationKind};
use crate::lasting::LASTING;
use crate::linear::linear;
use crate::machine::{Life, Machine};
use crate::pairs::PAIRS;
use crate::power::start;
use crate::registers::{self, SharedTable};
use crate::report::Report;
use crate::slot::Slot;
use crate::storm::{FaultCounts, StormKind, befall_disk, inject_fault};
use crate::swap::{FAR_SCHEMA, SWAPS};
use crate::wide::WideClients;
use crate::wire::Violation;
use henge_base::Random;
use henge_model::Consistency;
use henge_node::{Faults, Options};
use henge_storage::SyncMode;
use operations::operate;
use parking_lot::Mutex;
use seen_entries::SeenEntries;
pub(crate) use shape::RunKind;
use shape::Shape;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const CLIENTS: u64 = 4;
const SECOND: u64 = 1_000_000;
/// The longest simulated time that a cluster may take to form, and to heal.
const PATIENCE: u64 = 60 * SECOND;
/// The bound on a node's calls in flight in runs that test it: a few operations suffice to reach it.
const SHORT_TAIL: usize = 12;
/// The longest simulated time until all hints are delivered once every machine is up: a few rounds of delivery.
const HINTS: u64 = 30 * SECOND;
/// The seconds that purges stay behind the present. Shorter than on real machines, whose clients may be slower.
const PURGE_MARGIN_SECONDS: u64 = 5;
/// The seconds between two sweeps of a table.
const PURGE_INTERVAL_SECONDS: u64 = 3;
/// The seconds between two removals of acceptors that nobody needs.
const ACCEPTOR_PURGE_SECONDS: u64 = 5;

/// Runs a seed. `faults` are deliberate bugs.
pub fn run(seed: u64, faults: Faults) -> Report {
    run_seed(seed, faults, RunKind::Faults)
}

/// The same with other faults.
pub(crate) fn run_seed(seed: u64, faults: Faults, kind: RunKind) -> Report {
    let mut random = Random::new(seed);
    let mut run = Run::draw(&mut random, faults, kind);
    run.everything();
    run.report(seed)
}

struct Run {
    cluster: Arc<Cluster>,
    clients: Arc<Clients>,
    wide: Arc<WideClients>,
    random: Random,
    shape: Shape,
    fault_counts: FaultCounts,
    /// The simulated time at which the cluster had healed.
    calm: u64,
    entries: Mutex<SeenEntries>,
    /// The number of registers that were written once.
    cold: usize,
}

impl Run {
    #[cfg(test)]
    fn new(random: &mut Random, faults: Faults) -> Run {
        Run::draw(random, faults, RunKind::Faults)
    }

    fn draw(random: &mut Random, faults: Faults, kind: RunKind) -> Run {
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let shape = Shape::draw(random, kind);
        let (auto_repair, repair_interval) = (shape.compares, Duration::from_secs(1));
        let of = |number| {
            let datacenter = shape.datacenter(number);
            let acceptor_purge_interval = Duration::from_secs(ACCEPTOR_PURGE_SECONDS);
            Options { datacenter, auto_repair, repair_interval, acceptor_purge_interval, ..options(number, faults) }
        };
        Run::of(clockwork, shape, random, of)
    }

    fn of(clockwork: Arc<Clockwork>, shape: Shape, random: &mut Random, options: impl Fn(usize) -> Options) -> Run {
        let sync = if shape.is_periodic { SyncMode::Unsynced } else { SyncMode::Synced };
        let mut hosts = random.fork("hosts");
        let tail_of = |options: &Options| if shape.has_short_tail { SHORT_TAIL } else { options.tail_max };
        let machine = |n| {
            let options = options(n);
            Machine::new(Options { sync, tail_max: tail_of(&options), ..options }, &mut hosts)
        };
        let machines: Vec<Machine> = (0..shape.machines).map(machine).collect();
        machines.iter().skip(shape.machines - shape.spares).for_each(|machine| machine.set_spare(true));
        let cluster = Cluster::new(clockwork, machines, random.fork("cluster"));
        let clients = Clients::new(Arc::clone(&cluster));
        let wide = WideClients::new(Arc::clone(&clients));
        Run {
            cluster,
            clients,
            wide,
            random: random.fork("run"),
            shape,
            fault_counts: FaultCounts::default(),
            calm: 0,
            entries: Mutex::default(),
            cold: 0,
        }
    }

    fn everything(&mut self) {
        if !self.form() || (self.shape.rotates && !self.spread()) {
            return;
        }
        self.storm();
        heal(&self.cluster);
        if !self.wait("heal", |run| run.all_see_all() && run.no_plan()) || (self.shape.rotates && !self.gather()) {
            return;
        }
        self.calm = self.now();
        self.pass(Run::aftermath());
        if self.shape.table == SharedTable::Grace {
            // The repair that must happen within the grace.
            self.read_all(Consistency::All);
        }
        self.progress();
        self.pass(HINTS);
        if self.shape.storm == StormKind::Links {
            // No node lost its memory, so hints alone must have brought all replicas up to date.
            self.check_stored();
        }
        self.read_all(Consistency::All);
        self.check_stored();
        self.read_wide_rows();
        self.read_pairs();
        self.read_counts();
        self.read_lasting();
        self.quiet();
        self.check_purge();
        self.read_wide_rows();
        self.check_nodes();
        self.check_logs();
        self.check_log_ends();
        self.check_columns();
        self.check_settled();
        self.read_cold();
        let found = checks::history(&self.clients.history.lock(), self.shape.table != SharedTable::Unrepaired);
        self.record_violations(found);
        self.check_wide_rows();
        let found = linear(&self.clients.swaps.lock());
        self.record_violations(found);
    }

    /// The simulated time for which a healed cluster may still be affected: full disks are checked only now and then; a
    /// lost call keeps its place in the tail until it times out, and then may lower the peer until that answers a probe.
    fn aftermath() -> u64 {
        Options::default().range_timeout.as_micros() as u64 + 2 * SECOND
    }

    /// Starts the machines at random times and creates the schema. True if all nodes know it in time.
    fn form(&mut self) -> bool {
        self.form_of(self.shape.machines - self.shape.spares)
    }

    /// The same with the first machines only: others may join later.
    fn form_of(&mut self, machines: usize) -> bool {
        for machine in 0..machines {
            let (cluster, at) = (Arc::clone(&self.cluster), self.random.below(SECOND));
            self.cluster.clockwork.at(at, move || start(&cluster, machine));
        }
        self.wait("forming", |run| run.see_each_other(machines))
            && registers::SCHEMA.into_iter().all(|text| self.schema(text))
            && self.schema(self.shape.table.statement())
            && self.schema(registers::INDEX)
            && self.schema(SWAPS)
            && self.schema(PAIRS)
            && self.schema(COUNTS)
            && self.schema(columns::TABLE)
            && self.schema(LASTING)
            && (!self.shape.has_far_swaps() || FAR_SCHEMA.into_iter().all(|text| self.schema(text)))
            && self.schema(self.wide_table())
            && self.wait("schema", |run| run.all_know_all_tables())
    }

    fn all_know_all_tables(&self) -> bool {
        let knows = |life: &Life, key| life.core.prepare(registers::texts(key).select, None).is_ok();
        self.lives().iter().all(|life| (0..registers::EARLY).all(|key| knows(life, key)))
    }

    fn schema(&mut self, text: &'static str) -> bool {
        let slot = Slot::default();
        let done = slot.clone();
        let Some(life) = self.lives().into_iter().next() else { return false };
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            done.fill(statement(&life, text, &[], Consistency::One, None).await.map_err(|e| e.to_string()));
        });
        let outcome = self.await_slot(&slot);
        if !matches!(outcome, Some(Ok(_))) {
            self.cluster.record_violation("schema", format!("{text}: {outcome:?}"));
        }
        matches!(outcome, Some(Ok(_)))
    }

    /// Runs faults and clients together for a random time.
    fn storm(&mut self) {
        let seconds = if self.shape.disks { (60, 90) } else { (10, 30) };
        let end = self.now() + self.random.between(seconds.0, seconds.1) * SECOND;
        let mut next_fault = self.now();
        let (mut next_wide, mut wide_random) = (vec![self.now(); CLIENTS as usize], self.random.fork("wide"));
        let mut next_operation = vec![self.now(); CLIENTS as usize];
        let (mut next_rotation, mut rotation) = (self.now(), self.random.fork("rotation"));
        let mut next_move = self.now();
        if self.shape.spares > 0 {
            // A machine that is set back takes most of a storm.
            self.fault_counts.mishaps = 1;
        }
        while self.now() < end {
            // A machine on a wrong disk is no replica.
            let are_well = self.fault_counts.busy_until <= self.now();
            if self.shape.rotates && are_well && next_rotation <= self.now() {
                self.rotate(&mut rotation);
                next_rotation = self.now() + SECOND;
            }
            if self.shape.spares > 0 && next_move <= self.now() {
                self.move_members(&mut rotation);
                next_move = self.now() + SECOND;
            }
            if next_fault <= self.now() {
                let mut random = self.random.fork("strike");
                self.random.next_u64();
                self.check_nodes();
                self.check_logs();
                next_fault = self.now()
                    + match self.shape.disks {
                        true => befall_disk(&self.cluster, &mut random, &mut self.fault_counts),
                        false => inject_fault(&self.cluster, self.shape.storm, &mut random, &mut self.fault_counts),
                    };
            }
            for due in &mut next_operation {
                if *due <= self.cluster.clockwork.now() {
                    operate(&self.clients, self.shape.is_periodic, &mut self.random);
                    if self.shape.has_cold_writes() && self.random.chance(1, 12) {
                        self.write_cold();
                    }
                    *due = self.cluster.clockwork.now() + self.random.below(200_000);
                }
            }
            for due in next_wide.iter_mut().filter(|due| **due <= self.cluster.clockwork.now()) {
                self.wide.begin_any(&mut wide_random);
                *due = self.cluster.clockwork.now() + wide_random.below(200_000);
            }
            let soonest = next_operation.iter().chain(&next_wide).copied().min().unwrap_or(end).min(next_fault);
            self.cluster.clockwork.run_until(soonest.max(self.now() + 1));
        }
        self.cluster.clockwork.run_until(self.fault_counts.busy_until.max(self.now()));
    }

    fn must_be_good(&self, rule: &'static str, numbers: &[usize]) {
        let history = self.clients.history.lock();
        for operation in numbers.iter().map(|n| &history.operations[*n]).filter(|o| o.ending != Ending::Ok) {
            self.cluster.record_violation(rule, format!("on a healthy cluster: {operation:?}"));
        }
    }

    /// Reads every register through every node, one after the other: repairs of all at once would exceed a short tail.
    fn read_all(&mut self, consistency: Consistency) {
        let mut numbers = Vec::new();
        for life in self.lives() {
            for key in 0..registers::ALL {
                numbers.push(self.clients.run(&life, key, OperationKind::Read(None), consistency, None));
                let newest = self.clients.history.lock().written_versions(key).max();
                let newest = newest.filter(|_| registers::is_shared(key));
                numbers.extend(newest.map(|v| self.clients.run(&life, key, OperationKind::Find(v), consistency, None)));
                self.pass(SECOND / 4);
            }
        }
        self.pass(10 * SECOND);
        self.must_be_good("I31", &numbers);
    }

    fn lives(&self) -> Vec<Life> {
        self.cluster.machines.iter().filter_map(Machine::life).collect()
    }

    fn wait(&mut self, what: &'static str, done: impl Fn(&Run) -> bool) -> bool {
        let end = self.now() + PATIENCE;
        while !done(self) {
            if self.now() >= end || self.broken() {
                self.cluster.record_violation("I31", format!("{what} took longer than {PATIENCE} us"));
                return false;
            }
            self.pass(SECOND / 10);
        }
        true
    }

    fn await_slot<T: Clone + Send + 'static>(&mut self, slot: &Slot<T>) -> Option<T> {
        let end = self.now() + PATIENCE;
        while self.now() < end {
            if let Some(value) = slot.take() {
                return Some(value);
            }
            self.pass(SECOND / 100);
        }
        None
    }

    fn broken(&self) -> bool {
        !self.cluster.watch.lock().violations.is_empty()
    }

    fn record_violations(&self, violations: Vec<Violation>) {
        violations.into_iter().for_each(|v| self.cluster.record_violation(v.rule, v.what));
    }

    fn now(&self) -> u64 {
        self.cluster.clockwork.now()
    }

    fn pass(&self, time: u64) {
        self.cluster.clockwork.run_until(self.now() + time);
    }
}

fn options(number: usize, faults: Faults) -> Options {
    let address = |n: usize| SocketAddr::from(([10, 0, 0, n as u8 + 1], 7000));
    Options {
        address: address(number),
        rpc_address: SocketAddr::from(([10, 0, 0, number as u8 + 1], 9042)),
        // The first machine creates the cluster; the others join it.
        seeds: vec![address(0)],
        bootstrap: number == 0,
        num_tokens: 4,
        disk_reserve: 1,
        // Hints and read repair have to do by themselves; runs in which replicas are compared say so.
        auto_repair: false,
        purge_interval: Duration::from_secs(PURGE_INTERVAL_SECONDS),
        purge_margin: Duration::from_secs(PURGE_MARGIN_SECONDS),
        faults,
        ..Options::default()
    }
}

#[cfg(test)]
mod tests;
