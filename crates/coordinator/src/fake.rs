//! A scripted cluster for tests, in one thread: nodes `1`, `2`, ... in datacentres, node `1` coordinating.

use crate::{
    Datacenter, Event, Faults, KeyspacePlacement, PlacedKeyspace, Refusal, ReplicaError, SharedRead, SpeculationBudget,
};
use henge_base::{Bytes, HostId, Mono, Random};
use henge_model::{Mutation, Replication, Row, RowBlock, RowView, TokenRange};
use henge_ring::{Epoch, Placement, ReplicaSet};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

mod node;
mod replicas;
mod row;

pub(crate) use node::{Does, Node};
pub(crate) use row::{all, deleted_row, encode, key, one, probing, value};

/// The deadline of every request of a test.
pub(crate) const DEADLINE: Mono = Mono(1_000_000);
/// The clock of every test's reads, in seconds.
pub(crate) const NOW: i64 = 1_000;

/// Stamps of the coordinator's clock are above this.
pub(crate) const FIRST_STAMP: i64 = 1_000;

/// The cluster.
pub(crate) struct Fake {
    pub(crate) nodes: Mutex<BTreeMap<HostId, Node>>,
    /// The requests that were sent, in order.
    pub(crate) log: Mutex<Vec<String>>,
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) faults: Faults,
    /// The fate of hints: kept nowhere, or kept and on disk or not.
    pub(crate) hints: Option<bool>,
    pub(crate) budget: SpeculationBudget,
    /// The outcome of keeping a batch.
    pub(crate) batch_log: Result<(), (HostId, ReplicaError)>,
    /// The placement that this node knows of an epoch newer than those that requests were planned at.
    pub(crate) newest: Mutex<Option<KeyspacePlacement>>,
    /// A placement that it hears of when it catches up.
    pub(crate) ahead: Mutex<Option<KeyspacePlacement>>,
    /// Rows that proposals are told of while they wait, the last ones first.
    pub(crate) published: Mutex<Vec<Vec<RowBlock>>>,
    /// Reads that wait with the next SERIAL read.
    pub(crate) sharing: Mutex<Vec<SharedRead>>,
    clock: Arc<AtomicU64>,
    /// The last stamp that was given.
    stamps: AtomicI64,
    /// Times that a stamp is asked for in vain, as if the clock's lease were late.
    pub(crate) late_stamps: AtomicU64,
}

/// A future that ends after some polls, or never.
pub(crate) struct ScriptedAnswer<T> {
    outcome: Option<T>,
    polls: u32,
    ends: bool,
    /// The clock, of one that ends at a deadline.
    late: Option<(Arc<AtomicU64>, Mono)>,
}

impl<T> ScriptedAnswer<T> {
    /// The deadline until which a silent node is silent.
    pub(crate) fn until(mut self, deadline: Mono) -> ScriptedAnswer<T> {
        self.late = self.late.map(|(clock, _)| (clock, deadline));
        self
    }
}

impl<T: Unpin> Future for ScriptedAnswer<T> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if !self.ends {
            return Poll::Pending;
        }
        if self.polls > 0 {
            self.polls -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some((clock, deadline)) = &self.late {
            clock.fetch_max(deadline.0, Ordering::Relaxed);
        }
        Poll::Ready(self.outcome.take().unwrap())
    }
}

/// Runs a future of a test, which nothing but its own scripted futures wakes.
pub(crate) fn settle<T>(future: impl Future<Output = T> + Send) -> T {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(std::task::Waker::noop());
    for _ in 0..10_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("waits for a replica that it does not need");
}

/// The id of a node.
pub(crate) fn host(number: usize) -> HostId {
    HostId::random(&mut Random::new(number as u64))
}

fn name(host_id: HostId) -> usize {
    (1..100).find(|number| host(*number) == host_id).unwrap()
}

/// Datacentres are called by the letters of the alphabet.
fn datacenter(letter: char) -> Datacenter {
    Datacenter(letter as u16 - 'a' as u16)
}

impl Fake {
    /// Nodes by datacentre: `"ooo/oo"` are three in `a` and two in `b`. The letter is what a node does: o answers, d is down,
    /// r refuses, s is silent, n cannot be sent to, p never ends, l lies.
    pub(crate) fn new(nodes: &str) -> Fake {
        let mut map = BTreeMap::new();
        let mut place = 'a';
        for letter in nodes.chars() {
            if letter == '/' {
                place = (place as u8 + 1) as char;
                continue;
            }
            map.insert(host(map.len() + 1), node::node(datacenter(place), letter));
        }
        Fake {
            nodes: Mutex::new(map),
            log: Mutex::default(),
            events: Mutex::default(),
            faults: Faults::default(),
            hints: None,
            budget: SpeculationBudget::default(),
            batch_log: Ok(()),
            newest: Mutex::default(),
            ahead: Mutex::default(),
            published: Mutex::default(),
            sharing: Mutex::default(),
            clock: Arc::default(),
            stamps: AtomicI64::new(FIRST_STAMP),
            late_stamps: AtomicU64::new(0),
        }
    }

    /// A keyspace on all nodes: of so many copies (`"3"`), by datacentre (`"a3b2"`), or `"local"`.
    pub(crate) fn keyspace(&self, replication: &str) -> KeyspacePlacement {
        self.keyspace_with_readers(replication, usize::MAX)
    }

    /// The same with the first `readers` nodes as readers; the others are about to become some.
    pub(crate) fn keyspace_with_readers(&self, replication: &str, readers: usize) -> KeyspacePlacement {
        let numbers: Vec<u16> = (0..self.nodes.lock().unwrap().len() as u16).collect();
        let (read, pending) = numbers.split_at(readers.min(numbers.len()));
        let ids = (1..=numbers.len()).map(host).collect();
        let placement = Placement::new(ids, [(TokenRange::FULL.end, ReplicaSet::new(read, pending, 0))]);
        let placed = PlacedKeyspace {
            keyspace: "ks".into(),
            epoch: Epoch::default(),
            replication: Arc::new(replication_of(replication)),
            placement: Arc::new(placement),
            across: None,
        };
        placed.into()
    }

    /// A placement as that of a later epoch, from which on replicas refuse what was planned before.
    pub(crate) fn at_epoch(&self, index: u64, placed: KeyspacePlacement) -> KeyspacePlacement {
        self.nodes.lock().unwrap().values_mut().for_each(|node| node.since = index);
        PlacedKeyspace { epoch: Epoch { lineage: 0, index }, ..(*placed).clone() }.into()
    }

    pub(crate) fn set(&self, number: usize, change: impl FnOnce(&mut Node)) {
        change(self.nodes.lock().unwrap().get_mut(&host(number)).unwrap());
    }

    /// Puts a row on a node.
    pub(crate) fn put(&self, number: usize, key: &Bytes, row: &Row) {
        self.set(number, |node| node.apply(key, &encode(key, row)));
    }

    /// The row of a node at a key.
    pub(crate) fn row(&self, number: usize, key: &Bytes) -> Option<Row> {
        let nodes = self.nodes.lock().unwrap();
        nodes[&host(number)].rows.get(key).map(|row| RowView::parse(key, row).unwrap().to_row())
    }

    /// The timestamp of the register of conditional writes on a node.
    pub(crate) fn node_row(&self, number: usize) -> Option<i64> {
        self.row(number, &key(1, 1)).and_then(|row| Some(row.cells.first()?.timestamp))
    }

    /// The number of stamps given out.
    pub(crate) fn stamp_count(&self) -> i64 {
        self.stamps.load(Ordering::Relaxed) - FIRST_STAMP
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join(" ")
    }

    fn log_message(&self, what: &str, to: HostId) {
        self.log.lock().unwrap().push(format!("{what}{}", name(to)));
    }

    /// The time that has passed, in milliseconds.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        self.clock.load(Ordering::Relaxed) / 1_000
    }

    /// Ends after all that answer and before all that are silent.
    fn timer(&self, time: Duration) -> ScriptedAnswer<()> {
        let due = Mono(self.clock.load(Ordering::Relaxed)) + time;
        ScriptedAnswer { outcome: Some(()), polls: 10, ends: true, late: Some((Arc::clone(&self.clock), due)) }
    }

    fn script<T>(&self, does: Does, answer: impl FnOnce() -> T, lie: T) -> ScriptedAnswer<Result<T, ReplicaError>> {
        let outcome = match does {
            Does::Answers => Ok(answer()),
            Does::Lies => Ok(lie),
            Does::Refuses(refusal) => Err(ReplicaError::Refused(refusal)),
            Does::Silent | Does::Never | Does::Lost => Err(ReplicaError::Unknown),
            Does::NotSent => Err(ReplicaError::NotSent),
        };
        let late = (does == Does::Silent).then(|| (Arc::clone(&self.clock), DEADLINE));
        // Whoever is silent until the deadline comes after all that answer.
        let polls = if late.is_some() { 100 } else { 1 };
        ScriptedAnswer { outcome: Some(outcome), polls, ends: does != Does::Never, late }
    }

    fn fence(&self, to: HostId, epoch: Epoch, does: Does) -> Does {
        self.nodes.lock().unwrap()[&to].fence(epoch, does)
    }

    fn apply_mutation(&self, to: HostId, mutation: &Bytes, does: Does) -> ScriptedAnswer<Result<(), ReplicaError>> {
        let mutation = Mutation::decode(mutation.clone()).unwrap();
        let is_fenced = mutation.id.issued < self.nodes.lock().unwrap()[&to].fence;
        let does = if is_fenced && does == Does::Answers { Does::Refuses(Refusal::Fenced) } else { does };
        let apply = || {
            let mut nodes = self.nodes.lock().unwrap();
            let node = nodes.get_mut(&to).unwrap();
            mutation.rows.iter().for_each(|(key, row)| node.apply(key, row));
        };
        self.script(does, apply, ())
    }
}

/// A replication setting in a few letters.
pub(crate) fn replication_of(text: &str) -> Replication {
    if text == "local" {
        return Replication::Local;
    }
    if let Ok(factor) = text.parse() {
        return Replication::Simple { factor };
    }
    let letters: Vec<char> = text.chars().collect();
    let factor = |pair: &[char]| (pair[0].to_string(), pair[1].to_digit(10).unwrap());
    Replication::NetworkTopology { factors: letters.chunks(2).map(factor).collect() }
}
