//! The cluster as this node knows it: the metadata log, members, placements, gossip.

pub(crate) mod admittance;
mod agree;
mod announce;
pub(crate) mod append;
pub(crate) mod catch_up;
pub(crate) mod departure;
pub(crate) mod events;
mod fork;
pub(crate) mod gains;
mod gossip;
pub(crate) mod identity_error;
mod log_looks;
pub(crate) mod membership;
mod newcomer;
mod newest;
pub(crate) mod override_log;
mod plan_checks;
pub(crate) mod propose;
mod pulls;
mod quiet_members;
mod recall;
pub(crate) mod recalls;
mod room;
pub(crate) mod search;
pub(crate) mod system_keyspaces;
mod table_changes;
pub(crate) mod view;
pub(crate) mod vote;

use crate::ground::context::Context;
use crate::ground::world::{To, World};
use crate::peers::Peers;
use arc_swap::{ArcSwap, Guard};
use departure::Departure;
use events::ClusterEvent;
use gains::RoomMaker;
use henge_base::HostId;
use henge_gossip::{Gossip, HostFacts};
use henge_metadata::{ClusterState, Epoch, Log, LogFault, Position, Seat, StateFault};
use henge_storage::Store;
use log_looks::LogLooks;
use parking_lot::{Mutex, RwLock};
use pulls::Pulls;
use quiet_members::QuietMembers;
use recalls::Recalls;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use view::View;

/// A broken rule of the metadata as a node has it, which only a bug can cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataFault {
    /// Of the log.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// Of the state that the log adds up to.
    #[error(transparent)]
    State(#[from] StateFault),
}

/// Events that a slow client connection may lag behind before it misses some.
const EVENTS_MAX: usize = 1024;
/// Between two looks whether all members are up.
const MEET_PAUSE: Duration = Duration::from_millis(10);
/// Members up to which a node that starts asks all of them for entries that it lacks.
const ALL_ASKED_MAX: usize = 32;

/// The cluster's metadata on this node, and what gossip says of its members.
pub(crate) struct Cluster<W> {
    context: Arc<Context<W>>,
    peers: Arc<Peers<W>>,
    store: Arc<Store>,
    view: ArcSwap<View>,
    /// The metadata log; its lock is never held across a wait.
    log: Mutex<Log>,
    /// Held while an entry is stored and applied.
    append_lock: tokio::sync::Mutex<()>,
    /// This node's part as a voter; held until a changed one is on disk.
    seat: tokio::sync::Mutex<Seat>,
    /// Held while this node has an entry agreed on: the next proposal sees what it did.
    proposal_lock: tokio::sync::Mutex<()>,
    log_looks: LogLooks,
    /// Held by the pull under way: many requests may find out at once that this node is behind.
    pulls: tokio::sync::Mutex<Pulls>,
    quiet_members: Arc<QuietMembers>,
    /// The answers of other members to this process.
    recalls: Recalls,
    /// Held while a process of another member is admitted.
    admission_lock: tokio::sync::Mutex<()>,
    /// Gossip's state between rounds and messages.
    gossip: Mutex<Gossip>,
    /// Begins a round of gossip at once.
    gossip_wakeup: Notify,
    departure: Departure,
    events: broadcast::Sender<ClusterEvent>,
    schema_changed: Notify,
    tables_dropped: Notify,
    plan_changed: Notify,
    /// Makes room for ranges that this node gains, once it runs.
    room_maker: OnceLock<Arc<dyn RoomMaker>>,
    /// Held while a view is put in place of another.
    publish_gate: RwLock<()>,
}

impl<W: World> Cluster<W> {
    /// The cluster in the state that the log on disk adds up to.
    pub(crate) fn new(
        context: Arc<Context<W>>,
        peers: Arc<Peers<W>>,
        store: Arc<Store>,
        (state, log): (ClusterState, Log),
        seat: Seat,
        recalls: Recalls,
    ) -> Self {
        let gossip = Gossip::new(context.host(), context.identity.generation);
        let cluster = Cluster {
            view: ArcSwap::from_pointee(View::empty(context.host())),
            log: Mutex::new(log),
            append_lock: tokio::sync::Mutex::default(),
            seat: tokio::sync::Mutex::new(seat),
            proposal_lock: tokio::sync::Mutex::default(),
            log_looks: LogLooks::default(),
            pulls: tokio::sync::Mutex::default(),
            quiet_members: Arc::default(),
            recalls,
            admission_lock: tokio::sync::Mutex::default(),
            gossip: Mutex::new(gossip),
            gossip_wakeup: Notify::new(),
            departure: Departure::default(),
            events: broadcast::Sender::new(EVENTS_MAX),
            schema_changed: Notify::new(),
            tables_dropped: Notify::new(),
            plan_changed: Notify::new(),
            room_maker: OnceLock::new(),
            publish_gate: RwLock::default(),
            context,
            peers,
            store,
        };
        cluster.publish(state);
        cluster
    }

    /// Has room made for ranges that this node gains, before it takes a write of them. The first caller is the only one.
    pub(crate) fn set_room_maker(&self, maker: Arc<dyn RoomMaker>) {
        let _ = self.room_maker.set(maker);
    }

    /// The newest epoch that this node has applied, laid out for a request. Not to be held across a wait.
    pub(crate) fn view(&self) -> Guard<Arc<View>> {
        self.view.load()
    }

    /// The same, for as long as the caller likes.
    pub(crate) fn current_view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// The newest epoch that this node has applied.
    pub(crate) fn epoch(&self) -> Epoch {
        self.view.load().epoch()
    }

    /// The end of the log.
    pub(crate) fn log_end(&self) -> Position {
        self.log.lock().end()
    }

    /// The first broken rule of the log in memory, and of the state that it adds up to.
    pub(crate) fn check(&self) -> Result<(), MetadataFault> {
        self.log.lock().check()?;
        Ok(self.view().state.check()?)
    }

    /// The place of an entry in the log; `None` if the log does not have it, or no longer.
    pub(crate) fn log_position(&self, index: u64) -> Option<Position> {
        self.log.lock().position_at(index)
    }

    /// True if this node is a member.
    pub(crate) fn is_member(&self) -> bool {
        self.view.load().state.members.contains_key(&self.context.host())
    }

    /// True if `host` is a member by this node's log.
    pub(crate) fn has_member(&self, host: HostId) -> bool {
        self.view.load().state.members.contains_key(&host)
    }

    /// The departure of this node.
    pub(crate) fn departure(&self) -> &Departure {
        &self.departure
    }

    /// Changes of members and schema, for clients who registered.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ClusterEvent> {
        self.events.subscribe()
    }

    /// Waits until the schema changes. For one task only.
    pub(crate) async fn schema_change(&self) {
        self.schema_changed.notified().await;
    }

    /// Waits until a table is dropped or truncated. For one task only.
    pub(crate) async fn dropped_table(&self) {
        self.tables_dropped.notified().await;
    }

    /// The members that this node gossips with, among them those that it has links to in a large cluster.
    pub(crate) fn gossip_partners(&self) -> Vec<HostId> {
        self.gossip.lock().partners().collect()
    }

    /// Everything that gossip has been told.
    pub(crate) fn gossip_facts(&self) -> Vec<HostFacts> {
        self.gossip.lock().host_facts()
    }

    /// Waits until every other member is up, or for `patience`: a node that serves before it has heard of its peers would refuse
    /// what they could well answer.
    pub(crate) async fn meet(&self, patience: Duration) {
        let end = self.context.deadline_after(patience);
        let all_up = || {
            let up = self.peers.liveness().up();
            let is_up = |member: &HostId| *member == self.context.host() || up.contains(member);
            self.view().state.members.keys().all(is_up)
        };
        while !all_up() && self.context.world.mono() < end {
            self.context.pause(MEET_PAUSE).await;
        }
        // What was agreed while this node was away, clients who find it back take for granted.
        for peer in self.best_informed() {
            self.pull_all(peer).await;
        }
    }

    /// The members that are up and know the newest entry if anybody does: all of few, the voters and some others of many.
    fn best_informed(&self) -> Vec<To> {
        let up = self.peers.liveness().up();
        if up.len() <= ALL_ASKED_MAX {
            return up.iter().map(|peer| To::Host(*peer)).collect();
        }
        let view = self.view();
        let voters = view.state.voters.iter().filter(|voter| up.contains(*voter)).map(|voter| To::Host(*voter));
        let mut asked: Vec<To> = voters.chain(self.others(To::Host(self.context.host()))).collect();
        asked.sort();
        asked.dedup();
        asked
    }
}
