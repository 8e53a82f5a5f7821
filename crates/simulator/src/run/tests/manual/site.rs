//! A cluster of one or two datacentres, each with three replicas and a machine that only coordinates.

use super::super::*;
use crate::client::statement_at;
use henge_base::Bytes;
use henge_coordinator::{ReadError, WriteError};
use henge_model::{PartitionKey, Rows};
use henge_node::Error;
use std::collections::BTreeMap;

/// Machines of each datacentre. The first holds no copy of the keys that are asked for.
const MACHINES: usize = 4;
/// Copies in each datacentre.
pub(super) const COPIES: usize = 3;

/// The answer to a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Ok,
    Unavailable,
    /// The level is not for such statements.
    Invalid,
}

/// Numbers of replicas that are down, by datacentre; the coordinator's own comes first.
pub(super) type Down = [usize; 2];

/// A cluster that has formed, with a table that it replicates three times in each datacentre.
pub(super) struct Site {
    pub(super) run: Run,
    datacenters: usize,
    keys: Box<dyn Iterator<Item = i32>>,
}

/// The result of a statement with the microseconds that it took.
pub(super) struct Reply {
    pub(super) result: Result<Rows, String>,
    pub(super) answer: Answer,
    pub(super) time: u64,
}

impl Site {
    pub(super) fn new(datacenters: usize, hinted_handoff: bool) -> Site {
        let mut random = Random::new(1);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let machines = MACHINES * datacenters;
        let shape = Shape::plain(machines, StormKind::Links);
        let of = |number: usize| Options {
            datacenter: format!("dc{}", number / MACHINES + 1),
            hinted_handoff,
            ..options(number, Faults::default())
        };
        let mut run = Run::of(clockwork, shape, &mut random, of);
        assert!(run.form());
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        let copies: Vec<String> = (1..=datacenters).map(|dc| format!("'dc{dc}': {COPIES}")).collect();
        run.execute(&[
            format!(
                "CREATE KEYSPACE levels WITH replication = {{'class': 'NetworkTopologyStrategy', {}}}",
                copies.join(", ")
            ),
            "CREATE TABLE levels.t (k int PRIMARY KEY, v int)".to_owned(),
            // The serial level is fixed before anything is measured, or a node is away.
            "CREATE TABLE levels.serial (k int PRIMARY KEY, v int) WITH serial_consistency = 'SERIAL'".to_owned(),
            "CREATE TABLE levels.local_serial (k int PRIMARY KEY, v int) WITH serial_consistency = 'LOCAL_SERIAL'"
                .to_owned(),
        ]);
        run.pass(5 * SECOND);
        let replicas = (0..machines).filter(|machine| machine % MACHINES != 0).map(|m| run.cluster.machines[m].host());
        let replicas: BTreeSet<_> = replicas.collect();
        let placed = run.lives()[0].core.coordinator().keyspace_placement("levels").unwrap();
        let is_there = move |key: &i32| {
            let token = PartitionKey::from_components(&[&key.to_be_bytes()]).unwrap().token();
            placed.placement.replicas(token).unwrap().read.iter().collect::<BTreeSet<_>>() == replicas
        };
        Site { run, datacenters, keys: Box::new((0..).filter(is_there)) }
    }

    /// A key that nobody has asked for, of which all machines but the first of each datacentre hold copies.
    pub(super) fn fresh_key(&mut self) -> i32 {
        self.keys.next().unwrap()
    }

    /// The first machine of a datacentre.
    pub(super) fn coordinator(datacenter: usize) -> usize {
        datacenter * MACHINES
    }

    /// Some machines with copies: so many of each datacentre, the first ones or the last ones.
    pub(super) fn replicas(&self, counts: Down, are_first: bool) -> BTreeSet<usize> {
        let of = |(datacenter, count): (usize, usize)| {
            let all = (1..=COPIES).map(move |n| Site::coordinator(datacenter) + n);
            let skipped = if are_first { 0 } else { COPIES - count };
            all.skip(skipped).take(count)
        };
        counts.into_iter().take(self.datacenters).enumerate().flat_map(of).collect()
    }

    /// All sets of machines with copies.
    pub(super) fn replica_sets(&self) -> Vec<BTreeSet<usize>> {
        let all: Vec<usize> = self.replicas([COPIES, COPIES], true).into_iter().collect();
        let set =
            |bits: u32| all.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, m)| *m).collect();
        (0..1 << all.len()).map(set).collect()
    }

    /// The numbers of machines of a set in each datacentre.
    pub(super) fn counts(down: &BTreeSet<usize>) -> Down {
        [0, 1].map(|datacenter| down.iter().filter(|machine| *machine / MACHINES == datacenter).count())
    }

    /// All counts of replicas that can be down.
    pub(super) fn all_counts(&self) -> Vec<Down> {
        let far = if self.datacenters == 1 { 0 } else { COPIES };
        (0..=COPIES).flat_map(|near| (0..=far).map(move |far| [near, far])).collect()
    }

    /// Cuts machines off from all others, and waits until the coordinators know; all others are heard again.
    pub(super) fn cut_off(&mut self, down: &BTreeSet<usize>) {
        let mut network = NetworkState { link_delays: self.link_delays(), ..NetworkState::healthy() };
        down.iter().for_each(|m| network.isolate(&BTreeSet::from([*m]), self.run.cluster.machines.len(), true));
        *self.run.cluster.network.lock() = network;
        self.await_down(down);
    }

    /// Cuts the power of machines, and waits until the coordinators know; all others run.
    pub(super) fn power_off(&mut self, down: &BTreeSet<usize>) {
        for machine in 0..self.run.cluster.machines.len() {
            match down.contains(&machine) {
                true => crash(&self.run.cluster, machine),
                false => crate::power::revive(&self.run.cluster, machine),
            }
        }
        self.await_down(down);
    }

    fn await_down(&mut self, down: &BTreeSet<usize>) {
        let coordinators: Vec<usize> = (0..self.datacenters).map(Site::coordinator).collect();
        let known = |run: &Run| {
            let alive = |from: usize, to: usize| {
                let coordinator = run.cluster.machines[from].life().unwrap().core.coordinator().clone();
                coordinator.alive(run.cluster.machines[to].host())
            };
            let machines = 0..run.cluster.machines.len();
            machines.into_iter().all(|to| coordinators.iter().all(|from| alive(*from, to) != down.contains(&to)))
        };
        assert!(self.run.wait("detection", known), "{down:?}");
        self.run.pass(2 * SECOND);
    }

    /// Links between datacentres take 100 ms in each direction, those within one 10 ms: far more than anything else takes.
    fn link_delays(&self) -> BTreeMap<(usize, usize), (u64, u64)> {
        let all = 0..self.run.cluster.machines.len();
        let delay = |from: usize, to: usize| if from / MACHINES == to / MACHINES { NEAR_US } else { FAR_US };
        all.clone().flat_map(|a| all.clone().map(move |b| ((a, b), (delay(a, b), delay(a, b))))).collect()
    }

    /// Executes a statement through a machine, at a level. A conditional one has a serial level, and commits at the quorum that
    /// belongs to it.
    pub(super) fn ask(&mut self, machine: usize, text: &str, level: Consistency) -> Reply {
        match level {
            Consistency::Serial if !text.starts_with("SELECT") => {
                self.ask_at(machine, text, Consistency::Quorum, level)
            }
            Consistency::LocalSerial if !text.starts_with("SELECT") => {
                self.ask_at(machine, text, Consistency::LocalQuorum, level)
            }
            _ => self.ask_at(machine, text, level, Consistency::Serial),
        }
    }

    /// Executes a statement at a level and a serial level.
    pub(super) fn ask_at(&mut self, machine: usize, text: &str, level: Consistency, serial: Consistency) -> Reply {
        let (slot, text) = (Slot::default(), text.to_owned());
        let life = self.run.cluster.machines[machine].life().unwrap();
        let (done, cluster) = (slot.clone(), Arc::clone(&self.run.cluster));
        let owner = life.owner;
        self.run.cluster.clockwork.spawn(Some(owner), async move {
            let began = cluster.clockwork.now();
            let result = statement_at(&life, &text, &[], (level, serial), None).await;
            let answer = answer_of(&result);
            done.fill((result.map_err(|error| error.to_string()), answer, cluster.clockwork.now() - began));
        });
        let (result, answer, time) = self.run.await_slot(&slot).unwrap();
        Reply { result, answer, time }
    }

    pub(super) fn end(self) {
        assert!(!self.run.broken(), "{:?}", self.run.cluster.watch.lock().violations);
        self.run.cluster.clear();
    }
}

/// Microseconds of a message within a datacentre.
const NEAR_US: u64 = 10_000;
/// Microseconds of a message between datacentres.
const FAR_US: u64 = 100_000;
/// A round trip between datacentres, in microseconds.
pub(super) const FAR_ROUND_TRIP_US: u64 = 2 * FAR_US;
/// A round trip within a datacentre, in microseconds.
pub(super) const NEAR_ROUND_TRIP_US: u64 = 2 * NEAR_US;

fn answer_of(result: &Result<Rows, Error>) -> Answer {
    use henge_query::Error::{Invalid, Read, Write};
    match result {
        Ok(_) => Answer::Ok,
        Err(Error::Query(Read(ReadError::Unavailable { .. }) | Write(WriteError::Unavailable { .. }))) => {
            Answer::Unavailable
        }
        Err(Error::Query(
            Invalid(_) | henge_query::Error::Cql(_) | Read(ReadError::Invalid(_)) | Write(WriteError::Invalid(_)),
        )) => Answer::Invalid,
        Err(error) => panic!("while all know who is down: {error}"),
    }
}

/// The number that a read of one value found; `None` without a row.
pub(super) fn value(rows: &Rows) -> Option<i32> {
    let bytes: &Bytes = rows.rows.first()?.first()?.as_ref()?;
    Some(i32::from_be_bytes(bytes.as_ref().try_into().ok()?))
}
