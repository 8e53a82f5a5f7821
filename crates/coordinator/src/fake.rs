//! A scripted cluster for tests, in one thread: nodes `1`, `2`, ... in datacentres, node `1` coordinating.

use crate::{
    Boxed, Count, Datacenter, Event, Faults, Local, Logged, Placed, ReadKind, ReadReply, Refusal, ReplicaError,
    Replicas, WriteError,
};
use henge_base::{Bytes, HostId, Micros, Mono, Random};
use henge_model::{
    Cell, CellKind, ColumnId, Columns, Deletion, Digester, IndexId, Key, KeyRange, Marker, Mutation, Probe, Projection,
    ReadCommand, Replication, Row, RowBlock, RowSink, RowView, StorageId, Strip, Terms, Token, TokenRange, encode_row,
    merge_encoded, strip_row,
};
use henge_paxos::{Acceptor, Permission, Prepared, Reply, Request};
use henge_ring::{PlacedRange, Placement};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

/// When every request of a test must be answered.
pub(crate) const DEADLINE: Mono = Mono(1_000_000);
/// The clock of every test's reads, in seconds.
pub(crate) const NOW: i64 = 1_000;

/// What a node does with what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Answers,
    Refuses(Refusal),
    /// No answer by the deadline.
    Silent,
    NotSent,
    /// Its future never ends: a test that waits for it hangs.
    Never,
    /// Answers nonsense.
    Lies,
}

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) datacenter: Option<Datacenter>,
    pub(crate) alive: bool,
    pub(crate) writes: Does,
    /// What it does with its first reads; it answers the later ones.
    pub(crate) reads: Vec<Does>,
    pub(crate) mends: Does,
    pub(crate) rows: BTreeMap<Bytes, Bytes>,
    /// What it does with its first Paxos requests; it answers the later ones.
    pub(crate) paxos: Vec<Does>,
    pub(crate) acceptors: BTreeMap<Bytes, Acceptor>,
    /// Rows in one answer at most, as if they were large.
    pub(crate) block_rows: usize,
}

/// The cluster.
pub(crate) struct Fake {
    pub(crate) nodes: Mutex<BTreeMap<HostId, Node>>,
    /// What was sent, in order.
    pub(crate) log: Mutex<Vec<String>>,
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) faults: Faults,
    clock: Arc<AtomicU64>,
    stamps: AtomicI64,
}

/// A future that ends after some polls, or never.
pub(crate) struct Scripted<T> {
    outcome: Option<T>,
    polls: u32,
    ends: bool,
    /// The clock, of one that ends at the deadline.
    late: Option<Arc<AtomicU64>>,
}

impl<T: Unpin> Future for Scripted<T> {
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
        if let Some(clock) = &self.late {
            clock.store(DEADLINE.0, Ordering::Relaxed);
        }
        Poll::Ready(self.outcome.take().unwrap())
    }
}

/// Runs a future of a test, which nothing but its own scripted futures wakes.
pub(crate) fn settle<T>(future: impl Future<Output = T> + Send) -> T {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(std::task::Waker::noop());
    for _ in 0..1_000 {
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
            map.insert(host(map.len() + 1), node(datacenter(place), letter));
        }
        Fake {
            nodes: Mutex::new(map),
            log: Mutex::default(),
            events: Mutex::default(),
            faults: Faults::default(),
            clock: Arc::default(),
            stamps: AtomicI64::new(1_000),
        }
    }

    /// A keyspace on all nodes: of so many copies (`"3"`), by datacentre (`"a3b2"`), or `"local"`.
    pub(crate) fn keyspace(&self, replication: &str) -> Placed {
        let all = (1..=self.nodes.lock().unwrap().len()).map(host).collect();
        let placement = Placement { ranges: vec![PlacedRange::settled(TokenRange::FULL, all)] };
        Placed { replication: Arc::new(replication_of(replication)), placement: Arc::new(placement) }
    }

    pub(crate) fn set(&self, number: usize, change: impl FnOnce(&mut Node)) {
        change(self.nodes.lock().unwrap().get_mut(&host(number)).unwrap());
    }

    /// Puts a row on a node.
    pub(crate) fn put(&self, number: usize, key: &Bytes, row: &Row) {
        self.set(number, |node| node.apply(key, &encoded(key, row)));
    }

    /// What a node holds at a key.
    pub(crate) fn row(&self, number: usize, key: &Bytes) -> Option<Row> {
        let nodes = self.nodes.lock().unwrap();
        nodes[&host(number)].rows.get(key).map(|row| RowView::parse(key, row).unwrap().to_row())
    }

    /// The timestamp of the register of conditional writes on a node.
    pub(crate) fn node_row(&self, number: usize) -> Option<i64> {
        self.row(number, &key(1, 1)).and_then(|row| Some(row.cells.first()?.timestamp))
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join(" ")
    }

    fn said(&self, what: &str, to: HostId) {
        self.log.lock().unwrap().push(format!("{what}{}", name(to)));
    }

    fn scripted<T>(&self, does: Does, answer: impl FnOnce() -> T, lie: T) -> Scripted<Result<T, ReplicaError>> {
        let outcome = match does {
            Does::Answers => Ok(answer()),
            Does::Lies => Ok(lie),
            Does::Refuses(refusal) => Err(ReplicaError::Refused(refusal)),
            Does::Silent | Does::Never => Err(ReplicaError::Unknown),
            Does::NotSent => Err(ReplicaError::NotSent),
        };
        let late = (does == Does::Silent).then(|| Arc::clone(&self.clock));
        // Whoever is silent until the deadline comes after all that answer.
        let polls = if late.is_some() { 20 } else { 1 };
        Scripted { outcome: Some(outcome), polls, ends: does != Does::Never, late }
    }

    fn applied(&self, to: HostId, mutation: &Bytes, does: Does) -> Scripted<Result<(), ReplicaError>> {
        let mutation = Mutation::decode(mutation.clone()).unwrap();
        let apply = || {
            let mut nodes = self.nodes.lock().unwrap();
            let node = nodes.get_mut(&to).unwrap();
            mutation.rows.iter().for_each(|(key, row)| node.apply(key, row));
        };
        self.scripted(does, apply, ())
    }
}

fn node(datacenter: Datacenter, letter: char) -> Node {
    let does = match letter {
        'o' | 'd' => Does::Answers,
        'r' => Does::Refuses(Refusal::Other),
        's' => Does::Silent,
        'n' => Does::NotSent,
        'p' => Does::Never,
        'l' => Does::Lies,
        other => panic!("no node is {other}"),
    };
    Node {
        datacenter: Some(datacenter),
        alive: letter != 'd',
        writes: does,
        reads: vec![does; 2],
        mends: does,
        rows: BTreeMap::new(),
        paxos: vec![does; 3],
        acceptors: BTreeMap::new(),
        block_rows: usize::MAX,
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

impl Node {
    fn apply(&mut self, key: &Bytes, row: &Bytes) {
        let before = self.rows.get(key).cloned();
        let merged = merge_encoded(key, before.iter().chain([row]).map(|row| &row[..]));
        self.rows.insert(key.clone(), merged.into());
    }

    fn vote(&mut self, request: Request) -> Reply {
        let acceptor = self.acceptors.entry(Bytes::copy_from_slice(request.key())).or_default();
        match request {
            Request::Prepare { ballot, is_write, reads, .. } => match acceptor.prepare(ballot, is_write) {
                Prepared::Rejected(by) => Reply::Rejected { by },
                Prepared::Permitted(permission) => {
                    let rows = |read: &Bytes| self.block(&ReadCommand::decode(read.clone()).unwrap(), 100).encode();
                    Reply::Permitted(Permission { rows: reads.iter().map(rows).collect(), ..permission })
                }
            },
            Request::Propose { proposal, .. } => {
                acceptor.propose(&proposal).map_or_else(|by| Reply::Rejected { by }, |()| Reply::Done)
            }
            Request::Commit { proposal, .. } => {
                acceptor.commit(&proposal);
                let mutation = Mutation::decode(proposal.update.unwrap()).unwrap();
                mutation.rows.iter().for_each(|(key, row)| self.apply(key, row));
                Reply::Done
            }
        }
    }

    fn block(&self, command: &ReadCommand, most: usize) -> RowBlock {
        let mut block = RowBlock::default();
        let mut live = 0;
        for (key, row) in self.in_order(command) {
            if live >= command.limit || block.rows.len() >= most {
                block.more = true;
                break;
            }
            let view = RowView::parse(&key, &row).unwrap();
            let mut stripped = Vec::new();
            let (columns, purge_before) = (&command.columns, command.purge_before);
            let strip = Strip { columns, purge_before, covered_by: None };
            if strip_row(&key, &view, &strip, &mut stripped) {
                live += u32::from(view.is_live(command.now_seconds));
                block.rows.push((key, stripped.into()));
            }
        }
        block
    }

    fn in_order(&self, command: &ReadCommand) -> Vec<(Bytes, Bytes)> {
        let pair = |(key, row): (&Bytes, &Bytes)| (key.clone(), row.clone());
        let found = |(_, row): &(Bytes, Bytes)| command.probe.as_ref().is_none_or(|probe| has_value(row, &probe.terms));
        match &command.keys {
            KeyRange::Many(keys) => {
                keys.iter().filter_map(|key| self.rows.get(key).map(|row| (key.clone(), row.clone()))).collect()
            }
            KeyRange::One(key) => {
                self.rows.get(key.bytes()).map(|row| (key.to_bytes(), row.clone())).into_iter().collect()
            }
            KeyRange::Run { start, end, reversed } => {
                let mut rows: Vec<_> = self.rows.range(start.clone()..end.clone()).map(pair).filter(found).collect();
                if *reversed {
                    rows.reverse();
                }
                rows
            }
        }
    }

    fn digest(&self, command: &ReadCommand) -> ReadReply {
        let mut digester = Digester::new(command.now_seconds, command.purge_before);
        for (key, row) in self.block(command, usize::MAX).rows {
            digester.row(&key, &RowView::parse(&key, &row).unwrap(), &command.columns);
        }
        ReadReply::Digest(digester.finish())
    }
}

impl Replicas for Fake {
    type Write = Scripted<Result<(), ReplicaError>>;
    type Read = Scripted<Result<ReadReply, ReplicaError>>;

    fn local(&self) -> HostId {
        host(1)
    }

    fn datacenter(&self, host: HostId) -> Option<Datacenter> {
        self.nodes.lock().unwrap().get(&host)?.datacenter
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        let datacenter = Some(datacenter(name.chars().next()?));
        let nodes = self.nodes.lock().unwrap();
        nodes.values().any(|node| node.datacenter == datacenter).then_some(datacenter)?
    }

    fn alive(&self, host: HostId) -> bool {
        self.nodes.lock().unwrap()[&host].alive
    }

    /// By number, the own datacentre first.
    fn distance(&self, host: HostId) -> u32 {
        let remote = self.datacenter(host) != self.datacenter(self.local());
        name(host) as u32 + if remote { 100 } else { 0 }
    }

    fn placed(&self, _: &str) -> Option<Placed> {
        None
    }

    fn mono(&self) -> Mono {
        Mono(self.clock.load(Ordering::Relaxed))
    }

    fn try_local(&self, _: &ReadCommand, _: &Projection, _: &mut dyn RowSink) -> Local {
        Local::Miss
    }

    fn write(&self, to: HostId, mutation: Bytes, _: Mono) -> Self::Write {
        self.said("write", to);
        let does = self.nodes.lock().unwrap()[&to].writes;
        self.applied(to, &mutation, does)
    }

    fn owe(&self, to: HostId, _: Bytes) {
        self.said("owe", to);
    }

    fn mend(&self, to: HostId, mutation: Bytes, _: Mono) -> Self::Write {
        self.said("mend", to);
        let does = self.nodes.lock().unwrap()[&to].mends;
        self.applied(to, &mutation, does)
    }

    fn read(&self, to: HostId, command: Arc<ReadCommand>, kind: ReadKind, _: Mono) -> Self::Read {
        self.said(if kind == ReadKind::Rows { "rows" } else { "digest" }, to);
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.get_mut(&to).unwrap();
        let does = if node.reads.is_empty() { Does::Answers } else { node.reads.remove(0) };
        let answer = || match kind {
            ReadKind::Rows => ReadReply::Rows(node.block(&command, node.block_rows)),
            ReadKind::Digest => node.digest(&command),
        };
        let lie = RowBlock { rows: vec![(key(1, 1), Bytes::from_static(b"no row"))], context: Vec::new(), more: false };
        self.scripted(does, answer, ReadReply::Rows(lie))
    }

    fn paxos(&self, to: HostId, message: Bytes, _: Mono) -> Boxed<Result<Bytes, ReplicaError>> {
        let request = Request::decode(&message).unwrap();
        let what = match request {
            Request::Prepare { .. } => "prepare",
            Request::Propose { .. } => "propose",
            Request::Commit { .. } => "commit",
        };
        self.said(what, to);
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.get_mut(&to).unwrap();
        let does = if node.paxos.is_empty() { Does::Answers } else { node.paxos.remove(0) };
        Box::pin(self.scripted(does, || node.vote(request).encode(), Bytes::from_static(b"nonsense")))
    }

    fn commit(&self, to: HostId, message: Bytes, _: Bytes, _: Mono) -> Self::Write {
        self.said("commit", to);
        let mut nodes = self.nodes.lock().unwrap();
        let node = nodes.get_mut(&to).unwrap();
        let does = node.writes;
        let vote = || _ = node.vote(Request::decode(&message).unwrap());
        self.scripted(does, vote, ())
    }

    fn count_at(&self, leader: HostId, _: Count) -> Boxed<Result<(), WriteError>> {
        self.said("count", leader);
        Box::pin(std::future::ready(Ok(())))
    }

    fn log_batch(&self, _: Vec<Bytes>, created: Micros, _: Mono) -> Boxed<Result<Logged, ReplicaError>> {
        self.log.lock().unwrap().push("log".to_owned());
        Box::pin(std::future::ready(Ok(Logged { created, number: 1, hosts: vec![host(2)] })))
    }

    fn forget_batch(&self, _: Logged) {
        self.log.lock().unwrap().push("forget".to_owned());
    }

    fn queue(&self, _: &Bytes) -> Boxed<Box<dyn Send>> {
        Box::pin(std::future::ready(Box::new(()) as Box<dyn Send>))
    }

    fn stamp(&self, after: Micros) -> Option<Micros> {
        Some(self.stamps.fetch_max(after, Ordering::Relaxed).max(after) + 1)
            .inspect(|stamp| self.stamps.store(*stamp, Ordering::Relaxed))
    }

    fn random(&self) -> u64 {
        7
    }

    fn pause(&self, time: Duration) -> Boxed<()> {
        self.clock.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }

    fn count(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn faults(&self) -> Faults {
        self.faults
    }
}

/// Whether a row has a value that an index is asked for; here values are their own terms.
fn has_value(row: &[u8], terms: &Terms) -> bool {
    let row = RowView::parse_trusted(row).unwrap();
    row.cells().any(|cell| cell.live_value(NOW).is_some_and(|value| terms.contain(value)))
}

/// A read of the rows with a value.
pub(crate) fn probing(value: &'static str, limit: u32) -> ReadCommand {
    let terms = Terms::One(Bytes::from_static(value.as_bytes()));
    ReadCommand { probe: Some(Probe { index: IndexId(1), whole_partitions: false, terms }), ..all(limit, false) }
}

/// The key of a row in a partition.
pub(crate) fn key(partition: u8, row: u8) -> Bytes {
    Bytes::from(vec![0, 0, 0, 9, 0x80, 0, 0, 0, 0, 0, 0, partition, partition, row, 0, 0, 2])
}

/// A row that was inserted with one value.
pub(crate) fn value(timestamp: i64, text: &'static str) -> Row {
    let kind = CellKind::Live { value: Bytes::from_static(text.as_bytes()) };
    let cell = Cell { column: ColumnId(1), path: Bytes::new(), timestamp, kind };
    Row { marker: Some(Marker { timestamp, expiry: None }), deletion: None, cells: vec![cell] }
}

/// A row that was deleted.
pub(crate) fn deleted(timestamp: i64) -> Row {
    Row { deletion: Some(Deletion { timestamp, local_seconds: NOW - 1 }), ..Row::default() }
}

pub(crate) fn encoded(key: &[u8], row: &Row) -> Bytes {
    let mut out = Vec::new();
    encode_row(key, row, &mut out);
    out.into()
}

/// A read of one row.
pub(crate) fn one(key: &Bytes) -> ReadCommand {
    command(KeyRange::One(Key(key.clone())), 1)
}

/// A read of all rows.
pub(crate) fn all(limit: u32, reversed: bool) -> ReadCommand {
    let (start, end) = (Bytes::from_static(&[0, 0, 0, 9]), Bytes::from_static(&[0, 0, 0, 10]));
    command(KeyRange::Run { start, end, reversed }, limit)
}

fn command(keys: KeyRange, limit: u32) -> ReadCommand {
    ReadCommand {
        storage_id: StorageId(9),
        token: Token(1),
        keys,
        statics: false,
        columns: Columns::All,
        limit,
        now_seconds: NOW,
        purge_before: i64::MIN,
        probe: None,
    }
}
