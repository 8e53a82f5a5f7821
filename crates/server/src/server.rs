//! `henge server`: a node with its sockets, from start to clean end.

use crate::admin;
use crate::admin_socket;
use crate::args::ServerOptions;
use crate::certificates;
use crate::client_tls::ClientTls;
use crate::clients::Clients;
use crate::config::Config;
use crate::connection::ClientSettings;
use crate::core_thread::CoreThread;
use crate::cores::ServingCore;
use crate::descriptors::{AcceptErrors, connections_max};
use crate::http::{Pages, SnapshotSizes, router};
use crate::http_server;
use crate::intake::Intake;
use crate::logging;
use crate::metrics::{NodeInfo, ServerMetrics};
use crate::open_connections::OpenConnections;
use crate::operations::Operations;
use crate::panics;
use crate::peer_certificates::PeerCertificates;
use crate::peers::Peers;
use crate::process::Process;
use crate::signals::{reload_on_hangup, shutdown_signal};
use crate::sockets::Sockets;
use crate::superuser;
use crate::supervisor::{self, Change};
use crate::world::ServerWorld;
use anyhow::Context;
use henge_node::{ClientService, Core, Identity, Metrics, Node, Random, World};
use henge_rocks::{RocksEngine, RocksOptions};
use henge_storage::{DataDirectory, DurableRecord, Engine, Store};
use henge_transport::Endpoint;
use rustix::fs::Mode;
use std::future::Future;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// The time between two records of the durable sequence.
const RECORD_INTERVAL: Duration = Duration::from_secs(1);
/// The longest wait for gossip with peers before clients are served.
const MEET_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest wait for connections of clients to end, once they were told to.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The beginning of the line that a node prints once it serves clients.
pub(crate) const READY: &str = "ready: clients are served on";

/// Runs a node until it is told to stop.
pub fn server(options: &ServerOptions) -> anyhow::Result<i32> {
    panics::abort_on_panic();
    // Files and folders of the node are its user's alone, those that RocksDB makes included.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let (config, warnings) = options.config()?;
    let log = logging::start(&config.server.log_level, config.server.log_json)?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        reload_on_hangup(options.clone(), log)?;
        run(config).await
    })?;
    // What still runs, such as the threads of cores that did not end in time, ends with the process.
    runtime.shutdown_background();
    Ok(0)
}

/// The parts of a running server.
struct Running {
    directory: DataDirectory,
    node: Node<ServerWorld>,
    store: Arc<Store>,
    engine: Arc<RocksEngine>,
    endpoint: Endpoint,
    clients: Arc<Clients>,
    stop: watch::Sender<bool>,
    cores: Vec<RunningCore>,
}

/// A core: its thread, and the node's handle for it.
struct RunningCore {
    thread: CoreThread,
    core: Core<ServerWorld>,
}

async fn run(config: Config) -> anyhow::Result<()> {
    let mut stopped = Box::pin(shutdown_signal()?);
    let sockets = Sockets::bind(&config)?;
    warn_of_open_passwords(&config);
    warn_of_idle_guardrails(&config);
    let mut running = open(&config)?;
    // After the certificate between nodes, which may be the same file: where that is missing, the error names the way to it.
    let tls = config.client_tls.as_ref().map(ClientTls::open).transpose()?;
    if let Some(listener) = sockets.metrics {
        serve_pages(listener, &running, &config, tls.clone());
    }
    serve_admin(sockets.admin, &running)?;
    tokio::select! {
        joined = running.node.become_member() => joined?,
        () = &mut stopped => return close(running, Vec::new()).await,
    }
    record_cluster(&mut running)?;
    tokio::select! {
        joined = running.node.complete_join() => joined?,
        () = &mut stopped => return close(running, Vec::new()).await,
    }
    if config.node.authenticate {
        superuser::make(&running.node, config.server.superuser_password.reveal(), config.server.superuser_reset)
            .await?;
    }
    running.node.meet(MEET_TIMEOUT).await;
    let listener = sockets.clients.listen()?;
    let service = running.node.client_service();
    let cores = serve_clients(&config, &running, tls);
    say!("{READY} {}", config.node.rpc_address);
    supervisor::tell(Change::Ready);
    tracing::info!(host = %running.directory.host(), address = %config.node.rpc_address, "ready");
    tokio::select! {
        () = accept(&listener, &cores, &config, running.node.metrics()) => {}
        () = &mut stopped => {}
        () = running.node.until_departure() => {
            drop(listener);
            return leave(running, cores, service, stopped).await;
        }
    }
    drop(listener);
    close(running, cores).await
}

/// Ends the requests of clients, serves peers until this node is no member any more, and stops.
async fn leave(
    running: Running,
    cores: Vec<ServingCore>,
    service: ClientService,
    stopped: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    tracing::info!("leaving: clients are served by the other members from now on");
    end_clients(&running, cores).await;
    drop(service);
    tokio::select! {
        () = running.node.until_gone() => {
            tracing::info!(host = %running.directory.host(), "this node is no member of the cluster any more, and ends");
        }
        () = stopped => {}
    }
    close(running, Vec::new()).await
}

/// Answers the requests in flight, and ends the connections of clients.
async fn end_clients(running: &Running, cores: Vec<ServingCore>) {
    running.stop.send_replace(true);
    let joined = futures_util::future::join_all(cores.into_iter().map(ServingCore::join));
    // Connections end by themselves before that, whether their clients read or not.
    if tokio::time::timeout(JOIN_TIMEOUT, joined).await.is_err() {
        tracing::warn!("connections of clients did not end in time, and are cut off");
    }
}

fn open(config: &Config) -> anyhow::Result<Running> {
    let seed = seed()?;
    if config.node.accept_older_copy {
        DataDirectory::accept_snapshot(&config.server.data_directory)?;
    }
    let directory = DataDirectory::open(&config.server.data_directory, &mut Random::new(seed))?;
    let (host, start, path) = (directory.host(), directory.generation(), directory.path().display());
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
    let process =
        Process { settings: config.visible_settings.clone(), clients: Arc::clone(&clients), cores: config.cores };
    let world = Arc::new(ServerWorld::new(directory.path().to_owned(), seed.wrapping_mul(31), process)?);
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
    certificates.watch(directory.host(), endpoint.clone())?;
    world.connect(endpoint.clone());
    node.start();
    let cores: Vec<RunningCore> = threads.into_iter().map(|thread| RunningCore::new(thread, &node)).collect();
    peers.connect(node.clone(), node.core(), cores.iter().map(|running| running.core.clone()).collect());
    Ok(Running { directory, node, store, engine, endpoint, clients, stop: watch::Sender::new(false), cores })
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
    Ok((certificates::load(folder, directory.host())?, certificates))
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

/// Warns of guardrails that apply to nobody: where clients do not log in, all of them are superusers.
fn warn_of_idle_guardrails(config: &Config) {
    if !config.node.authenticate && config.node.guardrails.are_set() {
        tracing::warn!("guardrails are set, but hold nobody: where clients do not log in, all of them are superusers");
    }
}

fn warn_of_open_passwords(config: &Config) {
    let encrypted = config.client_tls.as_ref().is_some_and(|tls| !tls.optional);
    if config.node.authenticate && !encrypted && !config.node.rpc_address.ip().is_loopback() {
        tracing::warn!("clients may send passwords unencrypted: see client_encryption_options");
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
                Err(error) => tracing::warn!(%error, "what is on disk cannot be recorded"),
            }
        }
    };
    std::thread::Builder::new().name("durable".to_owned()).spawn(record_changes).map(|_| ())
}

/// 64 random bits from the system.
fn seed() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .context("/dev/urandom cannot be read")?;
    Ok(u64::from_le_bytes(bytes))
}

fn serve_pages(listener: TcpListener, running: &Running, config: &Config, tls: Option<ClientTls>) {
    let limit = connections_max(config.server.max_connections);
    running.node.metrics().connections_limit.set(i64::try_from(limit).unwrap_or(i64::MAX));
    let info = NodeInfo::of(&config.node, running.directory.host().to_string());
    let pages = Pages {
        node: running.node.clone(),
        store: Arc::clone(&running.store),
        endpoint: running.endpoint.clone(),
        metrics: Arc::new(ServerMetrics::declare(running.node.metrics().registry(), &info)),
        tls,
        snapshots: Arc::new(SnapshotSizes::new(running.directory.snapshots())),
    };
    tokio::spawn(http_server::serve(listener, router(pages)));
}

fn serve_admin(port: Option<TcpListener>, running: &Running) -> anyhow::Result<()> {
    let (node, store, engine) = (running.node.clone(), Arc::clone(&running.store), Arc::clone(&running.engine));
    let operations = Arc::new(Operations::new(node, store, engine, running.directory.snapshots()));
    let path = running.directory.path();
    let socket = admin_socket::listen(path).with_context(|| format!("the admin socket in {}", path.display()))?;
    tokio::spawn(http_server::serve(socket, admin::router(Arc::clone(&operations))));
    if let Some(port) = port {
        tokio::spawn(http_server::serve(port, admin::router(operations)));
    }
    Ok(())
}

/// Notes the cluster: the endpoint refuses peers of others, and the data directory tells it to a restart.
fn record_cluster(running: &mut Running) -> anyhow::Result<()> {
    if let Some(cluster) = running.node.cluster() {
        running.endpoint.set_cluster(cluster);
        if running.directory.cluster().is_none() {
            running.directory.set_cluster(cluster)?;
        }
    }
    Ok(())
}

/// Has each core serve clients.
fn serve_clients(config: &Config, running: &Running, tls: Option<ClientTls>) -> Vec<ServingCore> {
    let clients = Arc::clone(&running.clients);
    let settings = ClientSettings {
        core: 0,
        max_frame: config.server.max_frame,
        intake: Intake::new(config.intake),
        clients,
        tls,
    };
    let start = |(number, on): (usize, &RunningCore)| {
        let settings = ClientSettings { core: number, ..settings.clone() };
        let (node, stop) = (running.node.clone(), running.stop.subscribe());
        ServingCore::start(on.thread.runtime(), on.core.clone(), node, stop, settings)
    };
    running.cores.iter().enumerate().map(start).collect()
}

/// Hands each connection to the core that has the fewest.
async fn accept(listener: &TcpListener, cores: &[ServingCore], config: &Config, metrics: &Metrics) {
    let max_connections = connections_max(config.server.max_connections);
    let max_of_address = config.server.max_address_connections.unwrap_or_else(|| max_connections.div_ceil(2));
    let all = OpenConnections::new(max_of_address);
    let mut errors = AcceptErrors::of("clients");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let open: usize = cores.iter().map(ServingCore::open).sum();
                let core = cores.iter().min_by_key(|c| c.open());
                if let (Some(core), Ok(stream)) = (core.filter(|_| open < max_connections), stream.into_std())
                    && let Some(counted) = all.admit(peer.ip())
                {
                    core.hand_over(stream, counted);
                } else {
                    metrics.connections_refused.inc();
                }
            }
            Err(error) => {
                // Most often the process is out of descriptors, until other connections close.
                errors.log(&error);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Answers the requests in flight, syncs everything, and closes the links to peers.
async fn close(running: Running, cores: Vec<ServingCore>) -> anyhow::Result<()> {
    tracing::info!("shutting down");
    supervisor::tell(Change::Stopping);
    // Peers turn to others at once, and clients are told that this node is down.
    tokio::join!(running.node.announce_shutdown(), end_clients(&running, cores));
    running.node.drain();
    running.node.settle().await?;
    running.directory.durable().write(running.store.durable())?;
    running.endpoint.close().await;
    tracing::info!("stopped");
    Ok(())
}
