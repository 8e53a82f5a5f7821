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
mod stored;
mod storm;
mod wide_rows;

use crate::checks;
use crate::client::{Clients, statement};
use crate::clockwork::Clockwork;
use crate::cluster::Cluster;
use crate::columns;
use crate::counts::COUNTS;
use crate::delays::delayed_reads;
use crate::heal::heal;
use crate::history::{Ending, OperationKind};
use crate::lasting::LASTING;
use crate::linear::linear;
use crate::machine::{Life, Machine};
use crate::pairs::PAIRS;
use crate::plan::Plan;
use crate::power::start;
use crate::registers::{self, SharedTable};
use crate::report::Report;
use crate::shape::{RunKind, Shape, TOKENS};
use crate::slot::Slot;
use crate::small_limits;
use crate::storm::FaultCounts;
use crate::swap::{FAR_SCHEMA, SWAPS};
use crate::wide::WideClients;
use crate::wire::Violation;
use henge_base::Random;
use henge_model::Consistency;
use henge_node::{Faults, Options};
use henge_storage::SyncMode;
use parking_lot::Mutex;
use seen_entries::SeenEntries;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const SECOND: u64 = 1_000_000;
/// The longest simulated time that a cluster may take to form, and to heal.
const PATIENCE: u64 = 60 * SECOND;
/// The bound on a node's calls in flight in runs that test it: a few operations suffice to reach it.
const SHORT_TAIL: usize = 12;
/// The longest simulated time until all hints are delivered once every machine is up: a few rounds of delivery.
const HINTS: u64 = 30 * SECOND;
/// The seconds that purges stay behind the present: longer than a machine stands still, whose clients' stamps are as old. Shorter than on
/// real machines, whose clients may be slower.
const PURGE_MARGIN_SECONDS: u64 = 9;
/// The seconds between two sweeps of a table.
const PURGE_INTERVAL_SECONDS: u64 = 3;
/// The seconds between two removals of acceptors that nobody needs.
const ACCEPTOR_PURGE_SECONDS: u64 = 5;

/// Runs a seed. `faults` are deliberate bugs.
pub fn run(seed: u64, faults: Faults) -> Report {
    run_plan(&Plan::draw(seed, RunKind::Faults), faults)
}

/// Runs a plan.
pub(crate) fn run_plan(plan: &Plan, faults: Faults) -> Report {
    let mut run = Run::of_plan(plan.clone(), faults);
    run.everything();
    run.report()
}

struct Run {
    cluster: Arc<Cluster>,
    clients: Arc<Clients>,
    wide: Arc<WideClients>,
    random: Random,
    plan: Plan,
    shape: Shape,
    fault_counts: FaultCounts,
    /// The number of operations that clients began in the storm.
    begun: u64,
    /// The time at which the storm began.
    storm_began: u64,
    /// The simulated time at which the cluster had healed.
    calm: u64,
    entries: Mutex<SeenEntries>,
    /// The number of registers that were written once.
    cold: usize,
}

impl Run {
    /// The run of a seed.
    #[cfg(test)]
    fn new(seed: u64, faults: Faults) -> Run {
        Run::of_plan(Plan::draw(seed, RunKind::Faults), faults)
    }

    fn of_plan(plan: Plan, faults: Faults) -> Run {
        let (shape, mut random) = (plan.shape, Random::new(plan.seed));
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let (auto_repair, repair_interval) = (shape.compares, Duration::from_secs(1));
        let of = |number| {
            let (datacenter, num_tokens) = (shape.datacenter(number), shape.tokens);
            let acceptor_purge_interval = Duration::from_secs(ACCEPTOR_PURGE_SECONDS);
            let options = options(number, faults);
            Options { datacenter, num_tokens, auto_repair, repair_interval, acceptor_purge_interval, ..options }
        };
        Run { plan, ..Run::of(clockwork, shape, &mut random, of) }
    }

    /// A run without a plan.
    fn of(clockwork: Arc<Clockwork>, shape: Shape, random: &mut Random, options: impl Fn(usize) -> Options) -> Run {
        let sync = if shape.is_periodic { SyncMode::Unsynced } else { SyncMode::Synced };
        let mut hosts = random.fork("hosts");
        let small = small_limits::draw(&mut random.fork("limits"));
        let limits_of = |options: &Options| if shape.has_small_limits { small } else { options.limits };
        let tail_of = |options: &Options| if shape.has_short_tail { SHORT_TAIL } else { options.tail_max };
        let machine = |n| {
            let options = options(n);
            let (tail_max, limits) = (tail_of(&options), limits_of(&options));
            Machine::new(Options { sync, tail_max, limits, ..options }, &mut hosts)
        };
        let machines: Vec<Machine> = (0..shape.machines).map(machine).collect();
        machines.iter().skip(shape.machines - shape.spares).for_each(|machine| machine.set_spare(true));
        let cluster = Cluster::new(clockwork, machines, random.fork("cluster"));
        if shape.has_small_limits {
            cluster.watch.lock().bytes_max = small_limits::message_bytes_max(&shape);
        }
        let clients = Clients::new(Arc::clone(&cluster));
        clients.history.lock().copies = shape.copies_at_levels();
        let wide = WideClients::new(Arc::clone(&clients));
        Run {
            cluster,
            clients,
            wide,
            random: random.fork("run"),
            plan: Plan::calm(shape),
            shape,
            fault_counts: FaultCounts::default(),
            begun: 0,
            storm_began: 0,
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
            self.read_wide_rows_through(1);
            self.read_all(Consistency::All);
        }
        self.progress();
        self.pass(HINTS);
        if !self.shape.crashes() {
            // No node lost its memory, so hints alone must have brought all replicas up to date.
            self.check_stored();
        }
        self.check_stored_pairs();
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
        self.check_delays();
        self.check_wide_rows();
        let found = linear(&self.clients.swaps.lock());
        self.record_violations(found);
    }

    /// I45, where clients wait for their answers, and nodes have room for what is in flight.
    fn check_delays(&self) {
        let shape = &self.shape;
        if !(shape.has_leavers || shape.has_short_tail || shape.has_small_limits || shape.spares > 0 || shape.rotates) {
            let found = delayed_reads(&self.plan, self.storm_began, &self.clients.history.lock().operations);
            self.record_violations(found);
        }
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
            && registers::leveled_schema(self.shape.copies_at_levels(), self.shape.table)
                .iter()
                .all(|text| self.schema(text))
            && (!self.shape.has_far_swaps() || FAR_SCHEMA.into_iter().all(|text| self.schema(text)))
            && self.schema(self.wide_table())
            && self.wait("schema", |run| run.all_know_all_tables())
    }

    fn all_know_all_tables(&self) -> bool {
        let knows = |life: &Life, key| life.core.prepare(registers::texts(key).select, None).is_ok();
        self.lives().iter().all(|life| (0..registers::EARLY).all(|key| knows(life, key)))
    }

    fn schema(&mut self, text: &str) -> bool {
        let (slot, statement_text) = (Slot::default(), text.to_owned());
        let done = slot.clone();
        let Some(life) = self.lives().into_iter().next() else { return false };
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            done.fill(statement(&life, &statement_text, &[], Consistency::One, None).await.map_err(|e| e.to_string()));
        });
        let outcome = self.await_slot(&slot);
        if !matches!(outcome, Some(Ok(_))) {
            self.cluster.record_violation("schema", format!("{text}: {outcome:?}"));
        }
        matches!(outcome, Some(Ok(_)))
    }

    fn must_be_good(&self, rule: &'static str, numbers: &[usize]) {
        let history = self.clients.history.lock();
        for operation in numbers.iter().map(|n| &history.operations[*n]).filter(|o| o.ending != Ending::Ok) {
            self.cluster.record_violation(rule, format!("on a healthy cluster: {operation:?}"));
        }
    }

    /// Reads every register through every reader, one after the other: repairs of all at once would exceed a short tail.
    fn read_all(&mut self, consistency: Consistency) {
        let mut numbers = Vec::new();
        for life in self.readers() {
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

    /// The nodes through which everything is read in the end: all, or in a large cluster some of them.
    fn readers(&self) -> Vec<Life> {
        self.lives().into_iter().step_by(self.shape.scale() as usize).collect()
    }

    fn lives(&self) -> Vec<Life> {
        self.cluster.machines.iter().filter_map(Machine::life).collect()
    }

    fn wait(&mut self, what: &'static str, done: impl Fn(&Run) -> bool) -> bool {
        let end = self.now() + PATIENCE;
        while !done(self) {
            if self.now() >= end || self.broken() {
                let hindrances = self.hindrances();
                self.cluster.record_violation("I31", format!("{what} took longer than {PATIENCE} us: {hindrances}"));
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
        num_tokens: TOKENS,
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
