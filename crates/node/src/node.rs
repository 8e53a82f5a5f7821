//! A whole node without sockets: the parts joined, and its background work begun.

use crate::client::access;
use crate::client::error::Error;
use crate::client::system_tables::Me;
use crate::cluster::catch_up::{self, publish};
use crate::cluster::events::ClusterEvent;
use crate::cluster::gossip::{self, Talk};
use crate::cluster::membership::{self, JoinError};
use crate::cluster::propose::{ChangeError, change};
use crate::cluster::view::View;
use crate::coordinator::Core;
use crate::coordinator::batches;
use crate::coordinator::counters;
use crate::coordinator::hints::{self, HintQueue};
use crate::ground::metrics::Metrics;
use crate::ground::options::Options;
use crate::ground::world::{Lane, To, World};
use crate::peers::control::{self, Answer, Control};
use crate::peers::header::{Header, Kind, Status};
use crate::peers::load::PeerRequest;
use crate::replica::acceptor;
use crate::replica::serve;
use crate::replica::slots::Slots;
use crate::replica::writer;
use crate::shared::Shared;
use crate::work::indexes;
use crate::work::purge;
use crate::work::space;
use henge_base::{Bytes, ClusterId, HostId};
use henge_coordinator::ReplicaError;
use henge_metadata::{ClusterState, Entry, Log};
use henge_model::Table;
use henge_storage::{Store, SyncMode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::broadcast;

/// Name of the local fact that holds the clock's lease.
const LEASE: &str = "clock_lease";
/// How often the lease is looked at.
const LEASE_TICK: Duration = Duration::from_millis(50);

/// A node.
pub struct Node<W> {
    shared: Arc<Shared<W>>,
    hints: Arc<HintQueue>,
    slots: Arc<Slots<Result<(), ReplicaError>>>,
    talk: Arc<Talk>,
}

impl<W> Clone for Node<W> {
    fn clone(&self) -> Self {
        Node {
            shared: Arc::clone(&self.shared),
            hints: Arc::clone(&self.hints),
            slots: Arc::clone(&self.slots),
            talk: Arc::clone(&self.talk),
        }
    }
}

/// Who a node is: from its data directory.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its host id.
    pub host: HostId,
    /// Raised and synced at every start.
    pub generation: u64,
}

/// A node could not start from what its store holds.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] henge_storage::EngineError),
    /// An entry of the metadata log on disk is damaged or out of order.
    #[error("entry {index} of the metadata log on disk cannot be used: {reason}")]
    Log {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl<W: World> Node<W> {
    /// A node from its store. Nothing runs yet: call [`Node::start`].
    pub fn open(world: Arc<W>, store: Arc<Store>, identity: Identity, options: Options) -> Result<Self, StartError> {
        if !options.faults.outlive_failed_syncs {
            let ends = Arc::clone(&world);
            store.on_failure(move |error| ends.fatal(&error.to_string()));
        }
        let (state, log) = recover(&store)?;
        let lease = store.local(LEASE)?.and_then(|b| b.as_ref().try_into().ok()).map_or(0, i64::from_be_bytes);
        let me = Me {
            host: identity.host,
            generation: i32::try_from(identity.generation).unwrap_or(i32::MAX),
            native_port: options.rpc_address.port(),
        };
        let view = View::new(state, identity.host);
        let gossip = henge_gossip::Gossip::new(identity.host, identity.generation);
        let shared = Arc::new(Shared::new(world, store, me, gossip, options, lease, log));
        publish(&shared, view);
        let hints = Arc::new(HintQueue::default());
        let talk = Arc::new(Talk { kick: tokio::sync::Notify::new(), hints: Arc::clone(&hints) });
        Ok(Node { shared, hints, slots: Arc::default(), talk })
    }

    /// Begins background work on this core.
    pub fn start(&self) {
        let world = &self.shared.world;
        world.spawn("lease", renew_lease(Arc::clone(&self.shared)));
        world.spawn("gossip", gossip::run(Arc::clone(&self.shared), Arc::clone(&self.talk)));
        world.spawn("hints", hints::keep(Arc::clone(&self.shared), Arc::clone(&self.hints)));
        world.spawn("delivery", hints::deliver(Arc::clone(&self.shared), Arc::clone(&self.hints)));
        world.spawn("batches", batches::replay(self.core()));
        world.spawn("space", space::watch(Arc::clone(&self.shared)));
        world.spawn("purge", purge::sweep_all(self.core()));
        world.spawn("indexes", indexes::keep(self.core()));
        world.spawn("strays", purge::remove_strays(Arc::clone(&self.shared)));
        if self.shared.options.sync == SyncMode::Unsynced {
            world.spawn("sync", writer::sync_periodically(Arc::clone(&self.shared)));
        }
    }

    /// Creates the cluster or joins it; returns at once for a node that is a member.
    pub async fn become_member(&self) -> Result<(), JoinError> {
        membership::become_member(&self.shared).await?;
        self.talk.kick.notify_one();
        Ok(())
    }

    /// Waits until every other member is up, or for `patience`: a node that serves before it has heard of its peers would refuse
    /// what they could well answer.
    pub async fn meet(&self, patience: Duration) {
        let end = self.shared.within(patience);
        let all_up = || {
            let up = self.shared.liveness.up();
            self.shared.view.load().state.members.keys().all(|m| *m == self.shared.local() || up.contains(m))
        };
        while !all_up() && self.shared.world.mono() < end {
            self.shared.pause(Duration::from_millis(10)).await;
        }
        // What was agreed while this node was away, clients who find it back take for granted.
        for peer in self.shared.liveness.up().iter() {
            catch_up::level_with(&self.shared, To::Host(*peer)).await;
        }
    }

    /// Whether the cluster has any role.
    pub fn has_roles(&self) -> bool {
        !self.shared.view.load().state.roles.is_empty()
    }

    /// Makes a superuser with a password, if there is no role at all in the cluster or if `anew`. Says whether it did.
    pub async fn make_superuser(&self, name: &str, password: &str, anew: bool) -> Result<bool, Error> {
        access::make_superuser(&self.shared, name, password, anew).await
    }

    /// A handle for the calling core; its tasks are spawned here.
    pub fn core(&self) -> Core<W> {
        Core::start(Arc::clone(&self.shared), Arc::clone(&self.hints), Arc::clone(&self.slots))
    }

    /// Serves a request from a peer.
    pub async fn serve(&self, core: &Core<W>, from: HostId, message: Bytes) -> Bytes {
        let Ok((header, body)) = Header::split(&message) else { return self.shared.reply(Status::Unsupported, &[]) };
        self.shared.witness(&header);
        let _under_way = match self.take_in(from, &header, message.len()) {
            Ok(under_way) => under_way,
            Err(refusal) => return self.shared.reply(refusal, &[]),
        };
        match header.kind {
            Kind::Write => serve::serve_write(core, from, &header, body).await,
            Kind::ReadRows | Kind::ReadDigest => serve::serve_read(core, from, &header, body).await,
            Kind::Count => counters::serve(core, from, &header, &body).await,
            Kind::Batch => batches::serve(&self.shared, &header, &body).await,
            Kind::Paxos => acceptor::serve(core, from, &header, body).await,
            Kind::Control => match control::decode::<Control>(&body) {
                Ok(question) => {
                    let answer = self.answer(from, question).await;
                    self.shared.reply(Status::Ok, &control::encode(&answer))
                }
                Err(_) => self.shared.reply(Status::Unsupported, &[]),
            },
            Kind::Gossip | Kind::Reply => self.shared.reply(Status::Unsupported, &[]),
        }
    }

    /// Counts a peer's request as under way; the cluster's own business is always taken in.
    fn take_in(&self, from: HostId, header: &Header, bytes: usize) -> Result<Option<PeerRequest>, Status> {
        if header.kind == Kind::Control {
            return Ok(None);
        }
        let Options { peer_requests_max, peer_bytes_max, .. } = self.shared.options;
        match self.shared.peer_load.admit(from, bytes, peer_requests_max, peer_bytes_max) {
            Some(under_way) => Ok(Some(under_way)),
            None => {
                self.shared.metrics.peer_requests_refused.inc();
                Err(Status::Overloaded)
            }
        }
    }

    /// Takes a message that nobody answers.
    pub fn hear(&self, from: HostId, message: &Bytes) {
        let Ok((header, body)) = Header::split(message) else { return };
        self.shared.witness(&header);
        if header.kind == Kind::Gossip {
            gossip::heard(&self.shared, &self.talk, from, &body);
        }
    }

    async fn answer(&self, from: HostId, question: Control) -> Answer {
        match question {
            Control::Probe { .. } => {
                let epoch = self.shared.epoch();
                let epoch = (epoch.index > 0).then_some(epoch);
                Answer::Here { host: self.shared.local(), seeds: self.shared.options.seeds.clone(), epoch }
            }
            Control::Pull { after } => catch_up::entries_after(&self.shared, after),
            Control::Advance { epoch } => {
                catch_up::towards_at_once(&self.shared, epoch, To::Host(from)).await;
                Answer::Agreed { epoch: self.shared.epoch(), changed: false }
            }
            Control::Propose { command, forwarded } => {
                if self.shared.epoch().index == 0 {
                    return Answer::NotReady("this node has no cluster yet".to_owned());
                }
                match change(&self.shared, command, forwarded).await {
                    Ok((epoch, changed)) => Answer::Agreed { epoch, changed },
                    Err(ChangeError::Refused(refused)) => Answer::Refused(refused),
                    Err(ChangeError::Unreachable(reason)) => Answer::NotReady(reason),
                }
            }
        }
    }

    /// Changes of members and schema, for clients who registered.
    pub fn events(&self) -> broadcast::Receiver<ClusterEvent> {
        self.shared.events.subscribe()
    }

    /// The tables of all keyspaces.
    pub fn tables(&self) -> Vec<Arc<Table>> {
        self.shared.view.load().state.schema.tables().cloned().collect()
    }

    /// The metrics.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// The cluster's id, once this node is in one.
    pub fn cluster(&self) -> Option<ClusterId> {
        let view = self.shared.view.load();
        (view.epoch().index > 0).then_some(view.state.cluster_id)
    }

    /// Whether this node is a member and serves; the reason if not.
    pub fn readiness(&self) -> Result<(), &'static str> {
        if self.shared.is_draining() {
            return Err("shutting down");
        }
        let member = self.shared.view.load().state.members.contains_key(&self.shared.local());
        if member { Ok(()) } else { Err("not a member of a cluster yet") }
    }

    /// Refuses new requests from now on; what is under way goes on.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Release);
    }

    /// Brings what was accepted to disk. The last thing before a clean end.
    pub async fn settle(&self) -> Result<(), henge_storage::EngineError> {
        let shared = Arc::clone(&self.shared);
        self.shared.world.disk(Lane::Background, move || shared.store.close()).await
    }
}

/// The state that the log on disk adds up to.
fn recover(store: &Store) -> Result<(ClusterState, Log), StartError> {
    let (mut state, mut log) = (ClusterState::default(), Log::default());
    for (index, bytes) in store.entries()? {
        let bad = |reason: String| StartError::Log { index, reason };
        let entry = Entry::decode(&bytes).map_err(|e| bad(e.to_string()))?;
        state.apply(&entry).map_err(|e| bad(e.to_string()))?;
        log.append(entry).map_err(|e| bad(e.to_string()))?;
    }
    Ok((state, log))
}

/// Keeps the clock's lease ahead of its stamps.
async fn renew_lease<W: World>(shared: Arc<Shared<W>>) {
    loop {
        if let Some(lease) = shared.clock.due(shared.world.wall_us()) {
            let job = Arc::clone(&shared);
            match shared.world.disk(Lane::Background, move || job.store.put_local(LEASE, &lease.to_be_bytes())).await {
                Ok(_) => shared.clock.renewed(lease),
                Err(error) => tracing::error!(%error, "the clock's lease could not be extended"),
            }
        }
        shared.pause(LEASE_TICK).await;
    }
}
