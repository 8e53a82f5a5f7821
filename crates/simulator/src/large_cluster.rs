//! A cluster of many members, whole nodes all of them: how fast news spreads, what it costs, and how often it errs. They
//! start at once on disks that hold the metadata of a cluster that has grown already.

use crate::client::statement;
use crate::clockwork::Clockwork;
use crate::cluster::Cluster;
use crate::large_report::{LargeReport, SchemaTimes, Spread};
use crate::machine::{Life, Machine};
use crate::network::NetworkState;
use crate::power::start;
use crate::slot::Slot;
use crate::wall_clock::true_time;
use henge_base::{HostId, Random};
use henge_metadata::{Change, ClusterState, Command, CommandId, Entry, JoinDraft, Snapshot, propose};
use henge_model::{Consistency, Token};
use henge_node::{ClusterEvent, Options};
use henge_ring::{Member, PlacementChange, Ring};
use henge_storage::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const SECOND: u64 = 1_000_000;
const MILLISECOND: u64 = 1_000;
/// Lost messages, per thousand.
const LOSS_PERMILLE: u64 = 10;
/// A request or reply that was lost is sent again after so many microseconds. Gossip is not.
const RESEND_US: u64 = 100_000;
/// Members go on asking each other to be admitted for half a minute after all are up, and what they asked over is closed 45 seconds later.
const SETTLING_SECONDS: u64 = 75;
/// The longest simulated time until all are up, and until a change of the schema is everywhere, in seconds.
const PATIENCE_SECONDS: u64 = 120;
/// The tokens of a member.
const TOKENS: usize = 16;
const KEYSPACE: &str = "CREATE KEYSPACE sim WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}";
const TABLE: &str = "CREATE TABLE sim.t (k bigint PRIMARY KEY, v bigint)";

/// Runs a cluster of so many members, and measures it.
pub(crate) fn measure(members: usize, quiet_seconds: u64, seed: u64) -> anyhow::Result<LargeReport> {
    let mut random = Random::new(seed);
    let before = resident_bytes();
    let mut hosts = random.fork("hosts");
    let machines: Vec<Machine> = (0..members).map(|number| Machine::new(options(number), &mut hosts)).collect();
    let snapshot = Snapshot::of(&grown_cluster(&machines, &mut random.fork("metadata"))?);
    for machine in &machines {
        let store = Store::open(machine.engine()).map_err(|error| anyhow::anyhow!("{error}"))?;
        let first_index = snapshot.position.epoch.index + 1;
        store.put_log_snapshot(snapshot.bytes.clone(), first_index).map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    let cluster = Cluster::new(Clockwork::new(random.fork("clockwork")), machines, random.fork("cluster"));
    *cluster.network.lock() =
        NetworkState { loss: LOSS_PERMILLE, resend_us: Some(RESEND_US), ..NetworkState::healthy() };
    for number in 0..members {
        let (started, at) = (Arc::clone(&cluster), random.below(SECOND));
        cluster.clockwork.at(at, move || start(&started, number));
    }
    let large = LargeCluster { cluster };
    let rounds = large.seconds_until(|life| life.node.peers_up() == members - 1);
    let memory_bytes = resident_bytes().saturating_sub(before) / members;
    let (_, connections_after_start) = large.stay_quiet(SETTLING_SECONDS);
    let (suspicions, connections) = large.stay_quiet(quiet_seconds);
    let quiet = large.quiet_traffic(quiet_seconds);
    let (keyspace, table) = (large.change_schema(KEYSPACE), large.change_schema(TABLE));
    let violations = large.violations();
    large.cluster.clear();
    let (loss_permille, snapshot_bytes) = (LOSS_PERMILLE, snapshot.bytes.len());
    Ok(LargeReport {
        members,
        loss_permille,
        snapshot_bytes,
        memory_bytes,
        rounds,
        quiet_seconds,
        gossip: quiet[0],
        all: quiet[1],
        gossip_links: quiet[2],
        links: quiet[3],
        connections_after_start,
        connections,
        suspicions,
        keyspace,
        table,
        violations,
    })
}

/// The address of a machine, and of its clients.
fn address(number: usize, port: u16) -> SocketAddr {
    SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], port))
}

fn options(number: usize) -> Options {
    Options {
        address: address(number, 7000),
        rpc_address: address(number, 9042),
        seeds: (0..3).map(|seed| address(seed, 7000)).collect(),
        rack: format!("rack{}", number % 3),
        disk_reserve: 1,
        ..Options::default()
    }
}

/// The metadata of a cluster that all machines have joined.
fn grown_cluster(machines: &[Machine], random: &mut Random) -> anyhow::Result<ClusterState> {
    let mut state = ClusterState::default();
    let drafts: Vec<JoinDraft> = machines.iter().map(draft).collect();
    let first = drafts.first().cloned().ok_or_else(|| anyhow::anyhow!("a cluster has a member"))?;
    let bootstrap = Command::Bootstrap { name: Options::default().cluster_name, first };
    let entry = propose(&state, CommandId::random(random), &bootstrap, random, true_time(0))?;
    state.apply(&entry)?;
    let joined = drafts.iter().skip(1).map(|draft| Change::Joined(member(draft, random)));
    append(&mut state, joined.collect(), random)?;
    let mut changes = vec![Change::Voters(state.voters_without(&BTreeSet::new()))];
    changes.extend(spread_over_all(&state));
    append(&mut state, changes, random)?;
    Ok(state)
}

fn draft(machine: &Machine) -> JoinDraft {
    let options = machine.options.lock();
    JoinDraft {
        id: machine.host(),
        datacenter: options.datacenter.clone(),
        rack: options.rack.clone(),
        address: options.address,
        rpc_address: options.rpc_address,
        num_tokens: TOKENS as u32,
        speaks: options.versions,
    }
}

fn member(draft: &JoinDraft, random: &mut Random) -> Member {
    let JoinDraft { id, datacenter, rack, address, rpc_address, .. } = draft.clone();
    let tokens = (0..TOKENS).map(|_| Token(random.next_u64() as i64)).collect();
    Member { id, datacenter, rack, address, rpc_address, tokens }
}

/// The changes that place the ranges of all settings on the members that there are.
fn spread_over_all(state: &ClusterState) -> Vec<Change> {
    let members: Vec<Member> = state.members.values().cloned().collect();
    let (ring, numbers): (Ring, BTreeMap<HostId, u16>) = (Ring::new(&members), state.member_numbers().collect());
    let settings = state.schema.keyspaces.values().map(|keyspace| &keyspace.replication);
    let placed = settings.collect::<BTreeSet<_>>().into_iter().filter_map(|setting| {
        let (old, new) = (state.placements.get(setting)?, ring.place(setting));
        let number_of = |host: HostId| numbers.get(&host).copied();
        let change = PlacementChange::between(old, &new, state.epoch.index + 1, number_of);
        Some(Change::Placement { setting: setting.clone(), change })
    });
    placed.collect()
}

fn append(state: &mut ClusterState, changes: Vec<Change>, random: &mut Random) -> anyhow::Result<()> {
    let (epoch, previous, origin) = (state.epoch.next(), state.hash, CommandId::random(random));
    let entry = Entry { epoch, previous, origin, proposed: true_time(0), changes }.seal(state.active_version);
    Ok(state.apply(&entry)?)
}

/// Bytes of this process that are in memory; 0 if that is unknown.
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

/// A cluster that runs.
struct LargeCluster {
    cluster: Arc<Cluster>,
}

impl LargeCluster {
    fn now(&self) -> u64 {
        self.cluster.clockwork.now()
    }

    fn pass(&self, time: u64) {
        self.cluster.clockwork.run_until(self.now() + time);
    }

    fn lives(&self) -> Vec<Life> {
        self.cluster.machines.iter().filter_map(Machine::life).collect()
    }

    fn is_so_everywhere(&self, holds: impl Fn(&Life) -> bool) -> bool {
        let lives = self.lives();
        lives.len() == self.cluster.machines.len() && lives.iter().all(holds)
    }

    /// The seconds until something holds for all nodes.
    fn seconds_until(&self, holds: impl Fn(&Life) -> bool) -> Option<u64> {
        (1..=PATIENCE_SECONDS).find(|_| {
            self.pass(SECOND);
            self.is_so_everywhere(&holds)
        })
    }

    /// Lets time pass, and counts the false suspicions, and each second the connections that a node holds.
    fn stay_quiet(&self, seconds: u64) -> (usize, Spread) {
        let mut events: Vec<_> = self.lives().iter().map(|life| life.node.events()).collect();
        self.cluster.traffic.lock().clear();
        let (mut suspicions, mut connections) = (0, Vec::new());
        for _ in 0..seconds {
            self.pass(SECOND);
            for events in &mut events {
                while let Ok(event) = events.try_recv() {
                    suspicions += usize::from(matches!(event, ClusterEvent::Down(_)));
                }
            }
            connections.extend(self.cluster.traffic.lock().connections(self.now()));
        }
        (suspicions, Spread::of(&connections, 1))
    }

    /// Bytes of gossip and of all in each of so many seconds, links of gossip and of all.
    fn quiet_traffic(&self, seconds: u64) -> [Spread; 4] {
        let traffic = self.cluster.traffic.lock();
        [
            Spread::of(&traffic.gossip_bytes(), seconds),
            Spread::of(&traffic.bytes(), seconds),
            Spread::of(&traffic.gossip_links(), 1),
            Spread::of(&traffic.links(), 1),
        ]
    }

    /// Has a node that does not vote change the schema.
    fn change_schema(&self, text: &'static str) -> SchemaTimes {
        let (lives, began, slot) = (self.lives(), self.now(), Slot::default());
        let asked = lives.iter().find(|life| life.node.voters().iter().all(|voter| voter.host != life.node.host()));
        let Some(asked) = asked.or(lives.first()).cloned() else {
            return SchemaTimes { answered: None, everywhere: None, sent: Spread::default() };
        };
        let goal = asked.node.log_end().epoch.next();
        self.cluster.traffic.lock().clear();
        let (done, clockwork) = (slot.clone(), Arc::clone(&self.cluster.clockwork));
        self.cluster.clockwork.spawn(Some(asked.owner), async move {
            let outcome = statement(&asked, text, &[], Consistency::One, None).await;
            done.fill(outcome.map(|_| clockwork.now()).map_err(|error| error.to_string()));
        });
        let mut times = SchemaTimes { answered: None, everywhere: None, sent: Spread::default() };
        while self.now() - began < PATIENCE_SECONDS * SECOND && (times.answered.is_none() || times.everywhere.is_none())
        {
            self.pass(MILLISECOND);
            match slot.take() {
                Some(Ok(at)) => times.answered = Some(Duration::from_micros(at - began)),
                Some(Err(error)) => {
                    self.cluster.record_violation("schema", format!("{text}: {error}"));
                    return times;
                }
                None => {}
            }
            if times.everywhere.is_none() && self.is_so_everywhere(|life| life.node.log_end().epoch >= goal) {
                times.everywhere = Some(Duration::from_micros(self.now() - began));
            }
        }
        times.sent = Spread::of(&self.cluster.traffic.lock().bytes(), 1);
        times
    }

    fn violations(&self) -> Vec<String> {
        self.cluster.watch.lock().violations.iter().map(|broken| format!("{}: {}", broken.rule, broken.what)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth of what a node of a thousand may gossip in a second: 60 KB.
    const GOSSIP_BYTES_MAX: u64 = 6_000;

    #[test]
    fn a_hundred_nodes_meet_gossip_little_and_follow_the_schema() {
        let report = measure(100, 10, 1).unwrap();
        println!("{report}");
        assert_eq!(report.violations, Vec::<String>::new());
        assert!(report.rounds.is_some_and(|rounds| rounds <= 20), "{report}");
        assert_eq!(report.suspicions, 0, "{report}");
        assert!(report.gossip.mean > 100 && report.gossip.most < GOSSIP_BYTES_MAX, "{report}");
        // Whoever gossips with everybody has 99.
        assert!(report.gossip_links.mean < 50, "{report}");
        assert!(report.connections.mean < 150, "{report}");
        for times in [report.keyspace, report.table] {
            assert!(times.answered.is_some() && times.everywhere.is_some_and(|time| time.as_secs() < 10), "{report}");
        }
    }
}
