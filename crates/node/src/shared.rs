//! What all parts of a node share: its store, its view of the cluster, its clocks.

use crate::client::access::Logins;
use crate::client::statements::Statements;
use crate::client::system_tables::Me;
use crate::cluster::events::ClusterEvent;
use crate::cluster::propose::Turn;
use crate::cluster::pulls::Pulls;
use crate::cluster::view::View;
use crate::ground::clock::Clock;
use crate::ground::metrics::Metrics;
use crate::ground::options::Options;
use crate::ground::world::{Class, To, World};
use crate::peers::control::{self, Answer, AskError, Control};
use crate::peers::header::{Header, Kind, Status};
use crate::peers::liveness::Liveness;
use crate::peers::load::PeerLoad;
use crate::replica::acceptor::Turns;
use crate::replica::syncs::Syncs;
use arc_swap::ArcSwap;
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_coordinator::{Refusal, ReplicaError};
use henge_gossip::Gossip;
use henge_metadata::{Epoch, Log};
use henge_storage::Store;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// Events that a slow client connection may lag behind before it misses some.
const EVENTS_MAX: usize = 1024;

/// The parts. One per node, shared by its cores and its background tasks.
pub(crate) struct Shared<W> {
    pub(crate) world: Arc<W>,
    pub(crate) store: Arc<Store>,
    pub(crate) me: Me,
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) liveness: Liveness,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) view: ArcSwap<View>,
    /// The metadata log; its lock is held to append, never across a wait.
    pub(crate) log: Mutex<Log>,
    /// Held by the proposal under way.
    pub(crate) turn: Turn,
    /// Held by the pull under way: many requests may find out at once that this node is behind.
    pub(crate) pulls: tokio::sync::Mutex<Pulls>,
    /// Gossip's state between rounds and messages.
    pub(crate) gossip: Mutex<Gossip>,
    /// Passwords that are being checked.
    pub(crate) logins: Logins,
    /// Prepared statements.
    pub(crate) statements: Statements,
    /// What peers have under way here.
    pub(crate) peer_load: PeerLoad,
    /// One request of Paxos on a partition at a time.
    pub(crate) acceptors: Turns,
    /// One addition to counters of a partition at a time.
    pub(crate) counters: Turns,
    /// Syncs that are shared, in periodic mode.
    pub(crate) syncs: Syncs,
    /// One proposal of this node on a partition at a time: it would only compete with itself.
    pub(crate) proposers: Turns,
    /// Told to clients who registered.
    pub(crate) events: broadcast::Sender<ClusterEvent>,
    /// There is no room for writes.
    pub(crate) disk_full: AtomicBool,
    /// Tables were dropped or truncated.
    pub(crate) tables_gone: tokio::sync::Notify,
    /// There may be indexes to build, or to remove.
    pub(crate) indexes_changed: tokio::sync::Notify,
    /// An index was built.
    pub(crate) index_built: tokio::sync::Notify,
    /// Whether reads and writes of some users are held to guardrails.
    pub(crate) holds_requests: bool,
    /// Draining: new client requests are refused.
    pub(crate) draining: AtomicBool,
}

impl<W: World> Shared<W> {
    /// The parts of a node that goes on after `lease`, with the log it has on disk.
    pub(crate) fn new(
        world: Arc<W>,
        store: Arc<Store>,
        me: Me,
        gossip: Gossip,
        options: Options,
        lease: Micros,
        log: Log,
    ) -> Self {
        let view = ArcSwap::from_pointee(View::empty(me.host));
        let logins = Logins::new(if options.authenticate { secret(&*world) } else { [0; 16] });
        Shared {
            clock: Clock::after(lease),
            liveness: Liveness::default(),
            metrics: Arc::default(),
            view,
            log: Mutex::new(log),
            turn: Turn::default(),
            gossip: Mutex::new(gossip),
            pulls: tokio::sync::Mutex::default(),
            logins,
            statements: Statements::default(),
            peer_load: PeerLoad::default(),
            acceptors: Turns::default(),
            counters: Turns::default(),
            syncs: Syncs::default(),
            proposers: Turns::default(),
            events: broadcast::Sender::new(EVENTS_MAX),
            disk_full: AtomicBool::new(false),
            tables_gone: tokio::sync::Notify::new(),
            indexes_changed: tokio::sync::Notify::new(),
            index_built: tokio::sync::Notify::new(),
            holds_requests: options.guardrails.concern_requests(),
            draining: AtomicBool::new(false),
            world,
            store,
            me,
            options,
        }
    }

    /// This node's id.
    pub(crate) fn local(&self) -> HostId {
        self.me.host
    }

    /// The newest epoch this node has applied.
    pub(crate) fn epoch(&self) -> Epoch {
        self.view.load().epoch()
    }

    /// A message with this node's epoch and clock in its header.
    pub(crate) fn message(&self, kind: Kind, body: &[u8]) -> Bytes {
        self.header(kind, Status::Ok).with_body(body)
    }

    /// A reply.
    pub(crate) fn reply(&self, status: Status, body: &[u8]) -> Bytes {
        self.header(Kind::Reply, status).with_body(body)
    }

    fn header(&self, kind: Kind, status: Status) -> Header {
        Header { kind, status, epoch: self.epoch(), clock: self.clock.last() }
    }

    /// Takes over the clock of a header that arrived; a stamp too far ahead is ignored and counted.
    pub(crate) fn witness(&self, header: &Header) {
        if self.clock.witness(header.clock, self.world.wall_us()).is_err() {
            self.metrics.clock_refusals.inc();
        }
    }

    /// Calls a peer about the cluster's own business.
    pub(crate) async fn ask(&self, to: To, question: &Control, patience: Duration) -> Result<Answer, AskError> {
        let message = self.message(Kind::Control, &control::encode(question));
        let deadline = self.world.mono() + patience;
        let reply = self.world.call(to, Class::Control, deadline, message).await?;
        let (header, body) = Header::split(&reply).map_err(|_| AskError::Unreadable(reply.len()))?;
        self.witness(&header);
        if header.status == Status::Unsupported {
            return Err(AskError::Unsupported);
        }
        control::decode(&body).map_err(|_| AskError::Unreadable(body.len()))
    }

    /// Waits for a while.
    pub(crate) async fn pause(&self, time: Duration) {
        self.world.sleep_until(self.world.mono() + time).await;
    }

    /// Whether this node is shutting down.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Refuses what takes room on the disk while only the reserve is left. What the node itself lives on is never asked for: its
    /// clock's lease, fences, the metadata log, and whatever makes room.
    pub(crate) fn check_room(&self) -> Result<(), ReplicaError> {
        if self.disk_full.load(Ordering::Relaxed) { Err(ReplicaError::Refused(Refusal::Full)) } else { Ok(()) }
    }

    /// A deadline from now.
    pub(crate) fn within(&self, time: Duration) -> Mono {
        self.world.mono() + time
    }
}

/// Sixteen random bytes.
fn secret<W: World>(world: &W) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&world.random("logins").to_le_bytes());
    bytes[8..].copy_from_slice(&world.random("logins").to_le_bytes());
    bytes
}
