//! A whole node without sockets: the parts joined, and its background work started.

mod backup;
mod figures;
mod health;
mod inspection;
mod members;
mod membership;
mod merged_rows;
mod partition_key_text;
mod pending_hints;
mod plan_preview;
mod plan_report;
mod planned_change;
mod range_moves;
mod recovery;
mod renewal;
mod schema_items;
mod serve;
mod shutdown;
mod telemetry;
mod upgrade;

use crate::client::core::{Clients, Core};
use crate::client::error::Error;
use crate::client::make_superuser;
use crate::client::statements::Statements;
use crate::client::system_tables::{SchemaRows, SystemTables};
use crate::cluster::admittance::restore_sightings;
use crate::cluster::events::ClusterEvent;
use crate::cluster::gains::Gains;
use crate::cluster::membership::JoinError;
use crate::cluster::override_log::{OverrideError, Voter};
use crate::cluster::propose::ChangeError;
use crate::cluster::recalls::{Recalls, stored_claims};
use crate::cluster::vote::stored_seat;
use crate::cluster::{Cluster, MetadataFault};
use crate::coordinator::forwarding::ForwardedWrites;
use crate::coordinator::hint_queue::HintQueue;
use crate::coordinator::proposal_queue::ProposalQueue;
use crate::coordinator::settled_batches::SettledBatches;
use crate::coordinator::{Coordinator, Parts};
use crate::ground::context::Context;
use crate::ground::identity::Identity;
use crate::ground::options::Options;
use crate::ground::repairs::TableRepair;
use crate::ground::sampled_figures::NodeFigures;
use crate::ground::standing::Standing;
use crate::ground::world::{Lane, World};
use crate::peers::Peers;
use crate::replica::LocalReplica;
use crate::replica::stream_sink::make_room_at_start;
use crate::replica::table_counts::TableRequests;
use crate::work::acceptor_purge::AcceptorPurge;
use crate::work::addresses::AddressAnnouncement;
use crate::work::batch_removal::BatchRemoval;
use crate::work::batch_replay::BatchReplay;
use crate::work::cleanup::Cleanup;
use crate::work::clock_watch::ClockWatch;
use crate::work::dropped_tables::DroppedTables;
use crate::work::hint_delivery::HintDelivery;
use crate::work::hint_writer::HintWriter;
use crate::work::index_build::IndexBuilder;
use crate::work::lease::{self, LeaseRenewal};
use crate::work::member_search::MemberSearch;
use crate::work::periodic_sync::PeriodicSync;
use crate::work::plan_driver::PlanDriver;
use crate::work::purge::Purge;
use crate::work::repair::Repair;
use crate::work::settling::Settling;
use crate::work::sightings::SightingWriter;
use crate::work::space::SpaceWatch;
use crate::work::streaming::Streaming;
use crate::work::voters::VoterWatch;
use crate::work::worker::{self, Worker};
use henge_base::{ClusterId, HostId};
use henge_metadata::{Command, EntryHash, Epoch, Position, RangeReplicas};
use henge_model::{Replication, StorageId, Table};
use henge_ring::PlacedRange;
use henge_storage::{EngineError, Store, SyncMode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

pub use members::{MemberReport, Ownership};
pub use merged_rows::{MergeError, MergedRows};
pub use partition_key_text::UnknownPlace;
pub use pending_hints::PendingHints;
pub use plan_report::{Gainer, PlanReport};
pub use planned_change::UnknownChange;
pub use recovery::StartError;
pub use renewal::{RenewError, RenewedCluster, renew};

/// A shutdown waits so long for hints that are being written.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A node. Cheap to clone.
pub struct Node<W> {
    parts: Arc<Parts<W>>,
    clients: Arc<Clients>,
}

impl<W> Clone for Node<W> {
    fn clone(&self) -> Self {
        Node { parts: Arc::clone(&self.parts), clients: Arc::clone(&self.clients) }
    }
}

impl<W: World> Node<W> {
    /// A node from its store. Nothing runs yet: call [`Node::start`].
    pub fn open(world: Arc<W>, store: Arc<Store>, identity: Identity, options: Options) -> Result<Self, StartError> {
        if !options.faults.outlive_failed_syncs {
            let ends = Arc::clone(&world);
            store.on_failure(move |error| ends.fatal(&error.to_string()));
        }
        let (recovered, seat) = (recovery::recover_own(&store, options.versions)?, stored_seat(&store)?);
        let lease = lease::stored_lease(&store)?;
        let context = Arc::new(Context::new(world, identity, options, lease));
        let peers = Arc::new(Peers::new(Arc::clone(&context)));
        let recalls = Recalls::new(lease, stored_claims(&store)?);
        let gains = Gains::of(&recovered.0, context.host());
        let cluster =
            Cluster::new(Arc::clone(&context), Arc::clone(&peers), Arc::clone(&store), recovered, seat, recalls);
        restore_sightings(&store, peers.sightings())?;
        let cluster = Arc::new(cluster);
        if let Some(gains) = &gains {
            make_room_at_start(&store, gains, context.wall_us(), context.options.purge_margin)?;
        }
        let replica = Arc::new(LocalReplica::new(Arc::clone(&context), store));
        replica.stream_status.set_held(gains.map(|gains| gains.index));
        let hints = HintQueue::new(Arc::clone(&context), Arc::clone(&peers), Arc::clone(&replica));
        let statements = Arc::new(Statements::new(context.options.statement_bytes_max));
        let clients = Arc::new(Clients::new(&context, Arc::clone(&statements)));
        let computed = Arc::new(SystemTables {
            context: Arc::clone(&context),
            peers: Arc::clone(&peers),
            cluster: Arc::clone(&cluster),
            replica: Arc::clone(&replica),
            statements,
            schema_rows: SchemaRows::default(),
        });
        let proposals = ProposalQueue::new(Arc::clone(&context));
        let hints = Arc::new(hints);
        let settled_batches = SettledBatches::default();
        let forwarded = ForwardedWrites::new(context.identity.start);
        let parts = Parts { context, peers, cluster, replica, hints, settled_batches, forwarded, computed, proposals };
        let parts = Arc::new(parts);
        Ok(Node { parts, clients })
    }

    fn parts(&self) -> &Parts<W> {
        &self.parts
    }

    /// Begins background work on this core.
    pub fn start(&self) {
        let Parts { context, peers, cluster, replica, hints, .. } = self.parts();
        let (world, coordinator) = (&context.world, Coordinator::start(Arc::clone(&self.parts)));
        world.spawn("recalls", Arc::clone(cluster).run_recalls());
        world.spawn("gossip", Arc::clone(cluster).run_gossip());
        let (context, replica) = (|| Arc::clone(context), || Arc::clone(replica));
        self.run_worker(ClockWatch::new(context(), Arc::clone(cluster), Arc::clone(peers)));
        self.run_worker(SightingWriter { cluster: Arc::clone(cluster) });
        self.run_worker(LeaseRenewal { context: context(), replica: replica() });
        self.run_worker(HintWriter { context: context(), replica: replica(), queue: Arc::clone(hints) });
        let (own_replica, queue) = (coordinator.replica().clone(), Arc::clone(hints));
        self.run_worker(HintDelivery::new(context(), Arc::clone(peers), Arc::clone(cluster), own_replica, queue));
        self.run_worker(BatchReplay::new(coordinator.clone()));
        self.run_worker(BatchRemoval::new(coordinator.clone()));
        self.run_worker(SpaceWatch { context: context() });
        self.run_worker(Purge::new(coordinator.clone()));
        self.run_worker(AcceptorPurge::new(coordinator.clone()));
        self.run_worker(Settling::new(coordinator.clone()));
        self.run_worker(PlanDriver::new(coordinator.clone()));
        let moving = coordinator.clone();
        cluster.set_room_maker(Arc::new(coordinator.replica().clone()));
        self.run_worker(Repair::new(coordinator.clone()));
        self.run_worker(IndexBuilder::new(coordinator));
        self.run_worker(AddressAnnouncement { cluster: Arc::clone(cluster) });
        self.run_worker(MemberSearch::new(Arc::clone(cluster)));
        self.run_worker(VoterWatch { context: context(), cluster: Arc::clone(cluster), peers: Arc::clone(peers) });
        self.run_worker(DroppedTables { cluster: Arc::clone(cluster), replica: replica() });
        self.run_worker(Streaming::new(moving.clone()));
        self.run_worker(Cleanup::new(moving));
        if self.parts.context.options.sync == SyncMode::Unsynced {
            self.run_worker(PeriodicSync { context: context(), replica: replica() });
        }
    }

    fn run_worker<K: Worker>(&self, worker: K) {
        let context = Arc::clone(&self.parts.context);
        self.parts.context.world.spawn(K::NAME, worker::run(context, worker));
    }

    /// Creates the cluster or joins it; returns at once for a node that is a member.
    pub async fn become_member(&self) -> Result<(), JoinError> {
        self.parts.cluster.become_member().await
    }

    /// Returns once this node is no newcomer any more: it serves clients from then on.
    pub async fn complete_join(&self) -> Result<(), JoinError> {
        self.parts.cluster.complete_join().await
    }

    /// Waits until every other member is up, or for `patience`: a node that serves before it has heard of its peers would refuse
    /// what they could well answer.
    pub async fn meet(&self, patience: Duration) {
        self.parts.cluster.meet(patience).await;
    }

    /// True if the cluster has any role.
    pub fn has_roles(&self) -> bool {
        !self.parts.cluster.view().state.roles.is_empty()
    }

    /// Makes a superuser with a password, if there is no role at all in the cluster or if `anew`. Says whether it did.
    pub async fn make_superuser(&self, name: &str, password: &str, anew: bool) -> Result<bool, Error> {
        let Parts { context, cluster, .. } = self.parts();
        make_superuser(context, cluster, &self.clients, (name, password), anew).await
    }

    /// A handle for the calling core; its tasks are spawned here.
    pub fn core(&self) -> Core<W> {
        Core::new(Coordinator::start(Arc::clone(&self.parts)), Arc::clone(&self.clients))
    }

    /// Changes of members and schema, for clients who registered.
    pub fn events(&self) -> broadcast::Receiver<ClusterEvent> {
        self.parts.cluster.subscribe()
    }

    /// The tables of all keyspaces.
    pub fn tables(&self) -> Vec<Arc<Table>> {
        self.parts.cluster.view().state.schema.tables().cloned().collect()
    }

    /// Reads and writes of a table that this node served as a replica since it started.
    pub fn table_requests(&self, table: StorageId) -> TableRequests {
        self.parts.replica.table_requests(table)
    }

    /// The cluster's id, once this node is in one.
    pub fn cluster(&self) -> Option<ClusterId> {
        let view = self.parts.cluster.view();
        (view.epoch().index > 0).then_some(view.state.cluster_id)
    }

    /// Succeeds if this node is a member and serves; the reason if not.
    pub fn readiness(&self) -> Result<(), &'static str> {
        if self.clients.is_ending() {
            return Err("shutting down");
        }
        if !self.is_member() {
            return Err("not a member of a cluster yet");
        }
        if self.is_newcomer() {
            return Err("joining: the rows of its ranges are on their way");
        }
        let context = &self.parts.context;
        if context.standing.get() == Standing::Unconfirmed {
            return Err("no other member has confirmed yet that this data directory is no older copy");
        }
        let refused = context.clock.check(context.now());
        refused.map_err(|_| "this node's clock is not trusted, so it coordinates no writes; its log says why")
    }

    /// The host that this node is.
    pub fn host(&self) -> HostId {
        self.parts.context.host()
    }

    /// All members, as an operator is told of them.
    pub fn members(&self) -> Vec<MemberReport> {
        members::list(&self.parts)
    }

    /// The parts of the ring that members own, of a keyspace or of all that users have; `None` if there is no such keyspace.
    pub fn ownership(&self, keyspace: Option<&str>) -> Option<Ownership> {
        members::ownership(&self.parts.cluster.view().state, keyspace)
    }

    /// The keyspaces, with their replication as it is shown, and the cluster's name.
    pub fn keyspaces(&self) -> (String, Vec<(String, Replication)>) {
        let view = self.parts.cluster.view();
        let shown =
            view.schema.keyspaces.values().map(|keyspace| (keyspace.name.clone(), keyspace.replication.clone()));
        (view.state.name.clone(), shown.collect())
    }

    /// True if this node is a member of a cluster.
    pub fn is_member(&self) -> bool {
        self.parts.cluster.is_member()
    }

    /// The first broken rule of the metadata log and of the state that it adds up to, as this node has them; for simulations.
    pub fn check(&self) -> Result<(), MetadataFault> {
        self.parts.cluster.check()
    }

    /// The number of other members that seem up; for simulations.
    pub fn peers_up(&self) -> usize {
        self.parts.peers.liveness().up().len()
    }

    /// The voters on the next entry of the metadata log.
    pub fn voters(&self) -> Vec<Voter> {
        self.parts.cluster.voters()
    }

    /// The ranges of a replication setting, with their replicas; `None` if no keyspace has it.
    pub fn ranges(&self, setting: &Replication) -> Option<Vec<RangeReplicas>> {
        let view = self.parts.cluster.view();
        let placement = view.state.placements.get(setting)?;
        let replicas = |placed: PlacedRange<'_>| RangeReplicas {
            end: placed.range.end,
            readers: placed.read.to_vec(),
            pending: placed.write.iter().filter(|host| !placed.read.contains(*host)).collect(),
        };
        Some(placement.ranges().map(replicas).collect())
    }

    /// Gives the ranges of a replication setting other replicas, which have the data: one step of a move. Gives the epoch of the step.
    pub async fn move_ranges(&self, setting: Replication, ranges: Vec<RangeReplicas>) -> Result<Epoch, ChangeError> {
        self.parts.cluster.change(Command::MoveRanges { setting, ranges }).await.map(|(epoch, _)| epoch)
    }

    /// Begins a new lineage of the metadata log behind the entry of this hash, on an operator's word that most voters are lost for good.
    pub async fn begin_lineage(&self, hash: EntryHash) -> Result<Position, OverrideError> {
        self.parts.cluster.begin_lineage(hash).await
    }

    /// The end of this node's metadata log.
    pub fn log_end(&self) -> Position {
        self.parts.cluster.log_end()
    }

    /// The place of an entry in this node's metadata log; `None` if it does not have it, or no longer.
    pub fn log_position(&self, index: u64) -> Option<Position> {
        self.parts.cluster.log_position(index)
    }

    /// Pauses delivery of hints, or lets it go on. A restart lets it go on.
    pub fn set_handoff_paused(&self, is_paused: bool) {
        self.parts.hints.set_paused(is_paused);
    }

    /// True if hints are kept for replicas that are down.
    pub fn is_handoff_enabled(&self) -> bool {
        self.parts.context.options.hinted_handoff
    }

    /// True while delivery of hints is paused.
    pub fn is_handoff_paused(&self) -> bool {
        self.parts.hints.is_paused()
    }

    /// Removes the hints for a replica, or all; gives their number. They are recorded as missed. Reads and writes the disk.
    pub fn truncate_hints(&self, target: Option<HostId>) -> Result<u64, EngineError> {
        self.parts.hints.truncate(target)
    }

    /// Compares what this node holds with all other replicas now, and mends it; by table. `None` if too many such requests wait.
    pub async fn repair(&self, keyspace: Option<String>, table: Option<String>) -> Option<Vec<TableRepair>> {
        let done = self.parts.context.repairs.ask(keyspace, table)?;
        // It ends only with the node.
        done.await.ok()
    }

    /// The hints that wait for each replica. Reads the disk.
    pub fn pending_hints(&self) -> Vec<PendingHints> {
        pending_hints::list(&self.parts)
    }

    /// Figures for metrics, read now; cheap enough for every scrape.
    pub fn figures(&self) -> NodeFigures {
        figures::read(&self.parts, self.readiness().is_ok())
    }

    /// Brings what was accepted to disk. The last thing before a clean end.
    pub async fn settle(&self) -> Result<(), EngineError> {
        // Those that waited for room: the reserve has it. And those that ended with the cores.
        let queue = &self.parts.hints;
        let queued = queue.take();
        if !queued.is_empty() {
            let hints = queued.iter().map(|queued| queued.hint.clone()).collect();
            self.parts.replica.on_disk(Lane::Background, move |store| store.add_hints(hints)).await?;
            queue.confirm(queued);
        }
        // What its writer took before is being written.
        if self.parts.context.within(SETTLE_TIMEOUT, queue.wait_until_written()).await.is_none() {
            tracing::warn!("some hints were not written in time");
        }
        let missed = queue.take_missed();
        if !missed.is_empty() {
            self.parts.replica.on_disk(Lane::Background, move |store| store.add_missed(&missed)).await?;
        }
        self.parts.replica.on_disk(Lane::Background, Store::close).await
    }
}
