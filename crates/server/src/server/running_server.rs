//! The parts of a running server, and how they are opened.

use crate::certificates;
use crate::client_tls::ClientTls;
use crate::clients::Clients;
use crate::config::Config;
use crate::core_thread::CoreThread;
use crate::logging;
use crate::node_backups::NodeBackups;
use crate::otlp::SpanExport;
use crate::peer_certificates::PeerCertificates;
use crate::peers::Peers;
use crate::process::Process;
use crate::restore;
use crate::world::ServerWorld;
use anyhow::Context;
use henge_backup::NodeManifest;
use henge_node::{Core, Identity, Node, World};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{DataDirectory, DurableRecord, Engine, Store};
use henge_transport::Endpoint;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// The time between two records of the durable sequence.
const RECORD_INTERVAL: Duration = Duration::from_secs(1);

/// The parts of a running server.
pub(super) struct RunningServer {
    pub(super) directory: DataDirectory,
    pub(super) node: Node<ServerWorld>,
    pub(super) store: Arc<Store>,
    pub(super) engine: Arc<RocksEngine>,
    pub(super) endpoint: Endpoint,
    pub(super) clients: Arc<Clients>,
    /// The encryption for clients, to be set once it is open.
    pub(super) client_tls: Arc<OnceLock<ClientTls>>,
    pub(super) stop: watch::Sender<bool>,
    /// The export of spans, once clients are served.
    pub(super) export: Option<SpanExport>,
    pub(super) cores: Vec<RunningCore>,
}

/// A core: its thread, and the node's handle for it.
pub(super) struct RunningCore {
    pub(super) thread: CoreThread,
    pub(super) core: Core<ServerWorld>,
}

/// Opens the data directory and what is in it, and starts the node, which serves nobody yet.
pub(super) fn open(config: &Config) -> anyhow::Result<RunningServer> {
    let seed = seed()?;
    let directory = restore::open_directory(config, seed)?;
    let (host, start, path) = (directory.host(), directory.generation(), directory.path().display());
    logging::name_node(host);
    let release = env!("CARGO_PKG_VERSION");
    tracing::info!(release, %host, start, data_directory = %path, peers = %config.node.address, "starting");
    let (identity, certificates) = identity(config, &directory)?;
    let engine = RocksEngine::open(
        &directory.engine_path(),
        &RocksOptions { memory_bytes: config.memory, ..RocksOptions::default() },
    )?;
    let engine = Arc::new(engine);
    let store = Arc::new(Store::open(Arc::clone(&engine) as Arc<dyn Engine>)?);
    directory.durable().check(store.sequence())?;
    let clients = Arc::new(Clients::default());
    let client_tls = Arc::<OnceLock<ClientTls>>::default();
    let process = Process {
        settings: config.visible_settings.clone(),
        clients: Arc::clone(&clients),
        cores: config.cores,
        client_tls: Arc::clone(&client_tls),
    };
    let world = Arc::new(ServerWorld::new(directory.path().to_owned(), seed.wrapping_mul(31), process)?);
    let _ = world.backups.set(Arc::new(node_backups(config, &directory, Arc::clone(&engine))));
    start_durable_record(Arc::clone(&store), directory.durable(), Arc::clone(&world))?;
    let start = ((seed >> 32) as u32).max(1);
    let who = Identity { host: directory.host(), generation: directory.generation(), start };
    let disk_reserve = config.server.disk_reserve.unwrap_or_else(|| default_disk_reserve(directory.path()));
    let options = henge_node::Options { disk_reserve, ..config.node.clone() };
    let node = Node::open(Arc::clone(&world), Arc::clone(&store), who, options)?;
    check_cluster(&directory, &node)?;
    let peers = Arc::new(Peers::default());
    let options = henge_transport::Options {
        cluster: node.cluster(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        ..henge_transport::Options::default()
    };
    let threads: Vec<CoreThread> =
        (0..config.cores).map(CoreThread::start).collect::<Result<_, _>>().context("threads cannot be started")?;
    let runtimes: Vec<Handle> = threads.iter().map(|thread| thread.runtime().clone()).collect();
    let endpoint = Endpoint::bind(config.node.bound_address(), &identity, peers.clone(), options, &runtimes)?;
    certificates.watch(directory.host(), directory.path().to_owned(), endpoint.clone())?;
    world.connect(endpoint.clone());
    node.start();
    let cores: Vec<RunningCore> = threads.into_iter().map(|thread| RunningCore::new(thread, &node)).collect();
    peers.connect(node.clone(), node.core(), cores.iter().map(|running| running.core.clone()).collect());
    let stop = watch::Sender::new(false);
    Ok(RunningServer { directory, node, store, engine, endpoint, clients, client_tls, stop, export: None, cores })
}

/// The parts of backups that this node makes of itself.
fn node_backups(config: &Config, directory: &DataDirectory, engine: Arc<RocksEngine>) -> NodeBackups {
    let node = NodeManifest {
        host_id: directory.host().to_string(),
        address: config.node.address.to_string(),
        datacenter: config.node.datacenter.clone(),
        rack: config.node.rack.clone(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        ..NodeManifest::default()
    };
    NodeBackups::new(directory.snapshots(), engine, node)
}

/// The identity between nodes, from the files that the settings name or from a folder of its own.
fn identity(
    config: &Config,
    directory: &DataDirectory,
) -> anyhow::Result<(henge_transport::Identity, PeerCertificates)> {
    let own = directory.path().join("certs");
    let given = config.server.certificates.as_ref();
    let folder = given.or(config.development_certificates.as_ref()).unwrap_or(&own);
    if given.is_none() {
        certificates::make_missing(folder, directory.host())?;
    }
    // Noted first: what changes while the files are read is read again.
    let certificates = PeerCertificates::note(folder);
    Ok((certificates::load(folder, directory.host(), directory.path())?, certificates))
}

impl RunningCore {
    fn new(thread: CoreThread, node: &Node<ServerWorld>) -> RunningCore {
        let core = {
            // The tasks of the handle run on the runtime that is entered.
            let _entered = thread.runtime().enter();
            node.core()
        };
        RunningCore { thread, core }
    }
}

/// The default of `disk_reserve`: a twentieth of the disk, between 32 MiB and 1 GiB.
fn default_disk_reserve(path: &Path) -> u64 {
    let total = rustix::fs::statvfs(path).map_or(0, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
    (total / 20).clamp(32 << 20, 1 << 30)
}

/// Refuses a data directory whose cluster is not that of the metadata log. It records its cluster after the log does, so that a record
/// without a log means that the engine has lost the log.
fn check_cluster(directory: &DataDirectory, node: &Node<ServerWorld>) -> anyhow::Result<()> {
    let Some(own) = directory.cluster() else { return Ok(()) };
    let engine = directory.engine_path();
    match node.cluster() {
        Some(log) => anyhow::ensure!(
            own == log,
            "the data directory is of cluster {own}, the metadata log in {} of cluster {log}",
            engine.display()
        ),
        None => anyhow::bail!(
            "the data directory is of cluster {own}, but {} holds no metadata log: its files are damaged or were removed; \
             restore the data directory from a snapshot",
            engine.display()
        ),
    }
    Ok(())
}

/// Starts the thread that records the durable sequence number, every second in which it changes. A record that is behind only says less.
fn start_durable_record(store: Arc<Store>, record: DurableRecord, world: Arc<ServerWorld>) -> std::io::Result<()> {
    let mut recorded = 0;
    let record_changes = move || loop {
        std::thread::sleep(RECORD_INTERVAL);
        let durable = store.durable();
        if durable > recorded {
            match record.write(durable) {
                Ok(()) => recorded = durable,
                Err(error) if error.is_fatal() => world.fatal(&error.to_string()),
                Err(error) => tracing::warn!(%error, "cannot write the record of the last write on disk"),
            }
        }
    };
    std::thread::Builder::new().name("durable".to_owned()).spawn(record_changes).map(|_| ())
}

/// 64 random bits from the system.
pub(crate) fn seed() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .context("/dev/urandom cannot be read")?;
    Ok(u64::from_le_bytes(bytes))
}
