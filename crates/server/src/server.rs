//! `henge server`: a node with its sockets, from start to clean end.
//!
//! - `running_server`: the parts of a server, and how they are opened.

mod running_server;

use crate::admin;
use crate::admin_socket;
use crate::args::ServerOptions;
use crate::client_tls::ClientTls;
use crate::config::Config;
use crate::connection::ClientSettings;
use crate::cores::ServingCore;
use crate::descriptors::{AcceptErrors, connections_max};
use crate::http::{Pages, SnapshotSizes, router};
use crate::http_server;
use crate::intake::Intake;
use crate::logging::{self, Log};
use crate::metrics::{NodeInfo, ServerMetrics};
use crate::open_connections::OpenConnections;
use crate::operations::{OperatedParts, Operations};
use crate::otlp::{self, Collector};
use crate::panics;
use crate::refusals::log_refused_connection;
use crate::signals::{reload_on_hangup, shutdown_signal};
use crate::sockets::Sockets;
use crate::superuser;
use crate::supervisor::{self, Change};
use anyhow::Context;
use henge_node::{ClientService, Metrics};
pub(crate) use running_server::seed;
use running_server::{RunningCore, RunningServer, open};
use rustix::fs::Mode;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

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
    let log = Arc::new(logging::start(&config.server.log_level, config.server.log_json)?);
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        reload_on_hangup(options.clone(), Arc::clone(&log))?;
        run(config, log).await
    })?;
    // What still runs, such as the threads of cores that did not end in time, ends with the process.
    runtime.shutdown_background();
    Ok(0)
}

async fn run(config: Config, log: Arc<Log>) -> anyhow::Result<()> {
    let mut stopped = Box::pin(shutdown_signal()?);
    let sockets = Sockets::bind(&config)?;
    warn_of_open_passwords(&config);
    warn_of_idle_guardrails(&config);
    let mut running = open(&config)?;
    // After the certificate between nodes, which may be the same file: where that is missing, the error names the way to it.
    let tls = config.client_tls.as_ref().map(ClientTls::open).transpose()?;
    if let Some(tls) = &tls {
        let _ = running.client_tls.set(tls.clone());
    }
    let endpoint = config.server.otlp_endpoint.clone();
    let authorities = config.server.otlp_authorities.as_deref();
    let collector = endpoint.map(|endpoint| Collector::new(endpoint, authorities)).transpose()?;
    if let Some(listener) = sockets.metrics {
        serve_pages(listener, &running, &config, tls.clone());
    }
    serve_admin(sockets.admin, &running, log)?;
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
    running.export = collector.map(|c| otlp::start(c, config.node.cluster_name.clone(), running.node.clone()));
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
    running: RunningServer,
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

/// Answers the requests in flight, refuses those that still come, and ends the connections of clients.
async fn end_clients(running: &RunningServer, cores: Vec<ServingCore>) {
    running.stop.send_replace(true);
    let joined = futures_util::future::join_all(cores.into_iter().map(ServingCore::join));
    // Connections end by themselves before that, whether their clients read or not.
    if tokio::time::timeout(JOIN_TIMEOUT, joined).await.is_err() {
        tracing::warn!("connections of clients did not end in time, and are cut off");
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

fn serve_pages(listener: TcpListener, running: &RunningServer, config: &Config, tls: Option<ClientTls>) {
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

fn serve_admin(port: Option<TcpListener>, running: &RunningServer, log: Arc<Log>) -> anyhow::Result<()> {
    let path = running.directory.path();
    let operations = Arc::new(Operations::new(OperatedParts {
        node: running.node.clone(),
        store: Arc::clone(&running.store),
        engine: Arc::clone(&running.engine),
        snapshots: running.directory.snapshots(),
        data_directory: path.to_owned(),
        log,
    }));
    let socket = admin_socket::listen(path).with_context(|| format!("the admin socket in {}", path.display()))?;
    tokio::spawn(http_server::serve(socket, admin::router(Arc::clone(&operations))));
    if let Some(port) = port {
        tokio::spawn(http_server::serve(port, admin::router(operations)));
    }
    Ok(())
}

/// Notes the cluster: the endpoint refuses peers of others, and the data directory tells it to a restart.
fn record_cluster(running: &mut RunningServer) -> anyhow::Result<()> {
    if let Some(cluster) = running.node.cluster() {
        running.endpoint.set_cluster(cluster);
        if running.directory.cluster().is_none() {
            running.directory.set_cluster(cluster)?;
        }
    }
    Ok(())
}

/// Has each core serve clients.
fn serve_clients(config: &Config, running: &RunningServer, tls: Option<ClientTls>) -> Vec<ServingCore> {
    let clients = Arc::clone(&running.clients);
    let settings = ClientSettings {
        core: 0,
        max_frame: config.server.max_frame,
        intake: Intake::new(config.intake),
        clients,
        tls,
        sample_share: config.server.otlp_endpoint.is_some().then_some(config.server.sample_share),
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
                let (Some(core), Ok(stream)) = (core, stream.into_std()) else { continue };
                let refusal = if open >= max_connections {
                    format!("{open} are open, as many as native_transport_max_concurrent_connections allows")
                } else if let Some(counted) = all.admit(peer.ip()) {
                    core.hand_over(stream, counted);
                    continue;
                } else {
                    format!(
                        "its address has {max_of_address} open (native_transport_max_concurrent_connections_per_ip)"
                    )
                };
                metrics.connections_refused.inc();
                log_refused_connection(peer.ip(), &refusal);
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
async fn close(running: RunningServer, cores: Vec<ServingCore>) -> anyhow::Result<()> {
    tracing::info!("shutting down");
    supervisor::tell(Change::Stopping);
    // Peers turn to others at once, and all clients are told that this node goes down, before it refuses the first request.
    running.node.announce_shutdown().await;
    end_clients(&running, cores).await;
    running.node.drain();
    running.node.settle().await?;
    running.directory.durable().write(running.store.durable())?;
    running.endpoint.close().await;
    if let Some(export) = running.export {
        export.finish().await;
    }
    tracing::info!("stopped");
    Ok(())
}
