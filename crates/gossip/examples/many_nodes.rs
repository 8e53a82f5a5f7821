//! Gossip of a large cluster, simulated: how fast news spreads, what it costs, and how often it errs.
//!
//! `cargo run --release -p henge-gossip --example many_nodes -- NODES SEED`

use henge_base::{HostId, Mono, Random};
use henge_gossip::{Event, Fact, Gossip, Members, Message};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Lost messages, per thousand.
const LOSS_PERMILLE: u64 = 10;
/// The longest delay of a message, in milliseconds.
const DELAY_MS_MAX: u64 = 100;
/// Seconds without any fault but lost messages in which suspicions are counted, and links: an unused one stays open for so long.
const QUIET_SECONDS: usize = 120;

struct Cluster {
    hosts: Vec<HostId>,
    at: BTreeMap<HostId, usize>,
    members: Arc<Members>,
    nodes: Vec<Option<Gossip>>,
    now: Mono,
    /// Messages under way by the time at which they arrive.
    letters: BTreeMap<(Mono, u64), (usize, usize, Vec<u8>)>,
    sent: u64,
    random: Random,
    bytes: Vec<u64>,
    largest: usize,
    /// The peers that each node had an exchange with, by the time of the last one.
    links: Vec<BTreeMap<usize, Mono>>,
    events: Vec<(usize, Event)>,
}

impl Cluster {
    fn new(size: usize, seed: u64) -> Cluster {
        let mut random = Random::new(seed);
        let hosts: Vec<HostId> = (0..size).map(|_| HostId::random(&mut random)).collect();
        let members: Arc<Members> = Arc::new(hosts.iter().enumerate().map(|(at, host)| (*host, at as u16)).collect());
        let node = |host: &HostId| {
            let mut gossip = Gossip::new(*host, 1);
            gossip.set_members(Arc::clone(&members));
            gossip.set(Fact::Epoch { lineage: 0, index: 1 });
            gossip.set(Fact::Load { bytes: 1 << 40 });
            Some(gossip)
        };
        Cluster {
            nodes: hosts.iter().map(node).collect(),
            at: hosts.iter().enumerate().map(|(at, host)| (*host, at)).collect(),
            members,
            now: Mono(1_000_000),
            letters: BTreeMap::new(),
            sent: 0,
            random,
            bytes: vec![0; size],
            largest: 0,
            links: vec![BTreeMap::new(); size],
            events: Vec::new(),
            hosts,
        }
    }

    fn send(&mut self, from: usize, to: usize, message: &Message) {
        let bytes = message.encode(&self.members);
        self.bytes[from] += bytes.len() as u64;
        self.largest = self.largest.max(bytes.len());
        for (one, other) in [(from, to), (to, from)] {
            self.links[one].insert(other, self.now);
        }
        if self.random.below(1000) >= LOSS_PERMILLE {
            let due = self.now + Duration::from_millis(self.random.between(1, DELAY_MS_MAX));
            self.sent += 1;
            self.letters.insert((due, self.sent), (from, to, bytes));
        }
    }

    fn round(&mut self) {
        // Nodes have their rounds at different moments of the second.
        let end = self.now + Duration::from_secs(1);
        let size = self.nodes.len() as u64;
        for at in 0..self.nodes.len() {
            self.deliver_until(end.min(Mono(end.0 - 1_000_000 + at as u64 * 1_000_000 / size)));
            let now = self.now;
            let Some(node) = self.nodes[at].as_mut() else { continue };
            node.tick(now);
            let partners = node.draw_partners(&mut self.random, now);
            let opening = node.open();
            let events = node.poll(now);
            self.events.extend(events.into_iter().map(|event| (at, event)));
            for partner in partners {
                self.send(at, self.at[&partner], &opening);
            }
        }
        self.deliver_until(end);
    }

    fn deliver_until(&mut self, until: Mono) {
        while let Some(entry) = self.letters.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((due, _), (from, to, bytes)) = entry.remove_entry();
            self.now = due;
            let Some(node) = self.nodes[to].as_mut() else { continue };
            let Ok(message) = Message::decode(&bytes, &self.members) else { continue };
            if let Some(answer) = node.on_message(self.hosts[from], message, due) {
                self.send(to, from, &answer);
            }
        }
        self.now = until;
    }

    /// Rounds until something holds for every running node.
    fn rounds_until(&mut self, holds: impl Fn(&Gossip) -> bool) -> usize {
        let mut rounds = 0;
        while !self.nodes.iter().flatten().all(&holds) && rounds < 300 {
            self.round();
            rounds += 1;
        }
        rounds
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let (size, seed) = (arguments.next().unwrap_or(1000) as usize, arguments.next().unwrap_or(1));
    let mut cluster = Cluster::new(size, seed);
    let hosts = cluster.hosts.clone();
    let up = |count: usize| {
        let hosts = hosts.clone();
        move |node: &Gossip| hosts.iter().filter(|host| node.is_up(**host)).count() >= count
    };
    println!("{size} nodes, seed {seed}, {} per thousand of the messages lost", LOSS_PERMILLE);
    println!("all are up everywhere after {} s", cluster.rounds_until(up(size - 1)));

    cluster.events.clear();
    cluster.bytes.fill(0);
    (0..QUIET_SECONDS).for_each(|_| cluster.round());
    let suspicions = cluster.events.iter().filter(|(_, event)| matches!(event, Event::Down(_))).count();
    let mean = cluster.bytes.iter().sum::<u64>() / (size * QUIET_SECONDS) as u64;
    let most = cluster.bytes.iter().max().copied().unwrap_or_default() / QUIET_SECONDS as u64;
    let pairs = size * (size - 1);
    println!("sent by a node: {mean} B/s in the mean, {most} B/s at most; largest message {} B", cluster.largest);
    println!("false suspicions: {suspicions} in {QUIET_SECONDS} s of {pairs} pairs");
    let since = Mono(cluster.now.0 - QUIET_SECONDS as u64 * 1_000_000);
    let links = cluster.links.iter().map(|links| links.values().filter(|at| **at >= since).count());
    let links: Vec<usize> = links.collect();
    println!(
        "links used in {QUIET_SECONDS} s: {} in the mean, {} at most",
        links.iter().sum::<usize>() / size,
        links.iter().max().unwrap_or(&0)
    );

    if let Some(node) = cluster.nodes[0].as_mut() {
        node.set(Fact::Epoch { lineage: 0, index: 2 });
    }
    let first = hosts[0];
    let told = Fact::Epoch { lineage: 0, index: 2 };
    let knows = |node: &Gossip| node.host_facts()[0].host == first || node.facts(first).any(|fact| fact == told);
    println!("a new epoch of one node is known everywhere after {} s", cluster.rounds_until(knows));

    let dead: BTreeSet<usize> = [1].into();
    let (began, host) = (cluster.now, hosts[1]);
    cluster.nodes[1] = None;
    cluster.rounds_until(|node| !node.is_up(host));
    println!("a node that stops is down everywhere after {} s", cluster.now.since(began).as_secs());
    cluster.events.clear();
    (0..30).for_each(|_| cluster.round());
    let back = cluster.events.iter().filter(|(at, event)| !dead.contains(at) && *event == Event::Up(host)).count();
    println!("and comes up again on {back} nodes in the 30 s after");
}
