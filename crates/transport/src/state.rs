//! The state that an endpoint shares with its links and connections.

use crate::handler::{Class, Handler};
use crate::hello::HelloError;
use crate::identity::peer_chain;
use crate::limits::LOGGED_REFUSALS_MAX;
use crate::options::Options;
use crate::steering::draw_core;
use crate::trust::Trust;
use henge_base::ClusterId;
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The state of an endpoint.
pub(crate) struct EndpointState {
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) options: Options,
    /// The core of each peer that the links of this node's first core are for.
    pub(crate) first_core: u8,
    client: RwLock<quinn::ClientConfig>,
    trust: watch::Sender<Trust>,
    cluster: Mutex<Option<ClusterId>>,
    refused: Mutex<BTreeSet<(IpAddr, String)>>,
    refusals: AtomicU64,
    jitter_seed: AtomicU64,
    closed: AtomicBool,
    /// Links for control that are up.
    control_links: AtomicUsize,
}

impl EndpointState {
    /// The state of an endpoint that is open. `seed` is for jitter alone.
    pub(crate) fn new(
        handler: Arc<dyn Handler>,
        options: Options,
        client: quinn::ClientConfig,
        trust: Trust,
        seed: u64,
    ) -> EndpointState {
        EndpointState {
            handler,
            cluster: Mutex::new(options.cluster),
            options,
            first_core: draw_core(),
            client: RwLock::new(client),
            trust: watch::Sender::new(trust),
            refused: Mutex::default(),
            refusals: AtomicU64::new(0),
            jitter_seed: AtomicU64::new(seed),
            closed: AtomicBool::new(false),
            control_links: AtomicUsize::new(0),
        }
    }

    /// Counts a link that is up from now on.
    pub(crate) fn link_up(&self, class: Class) {
        if class == Class::Control {
            self.control_links.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts one that was up.
    pub(crate) fn link_down(&self, class: Class) {
        if class == Class::Control {
            self.control_links.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Time after which a link of a class is closed on which nothing was sent, as things stand.
    pub(crate) fn unused_timeout(&self, class: Class) -> Duration {
        self.options.unused_timeout_of(class, self.control_links.load(Ordering::Relaxed))
    }

    pub(crate) fn set_cluster(&self, cluster: ClusterId) {
        *self.cluster.lock() = Some(cluster);
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// The number of refused or failed connections.
    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    pub(crate) fn client_config(&self) -> quinn::ClientConfig {
        self.client.read().clone()
    }

    /// Uses another certificate for connections from now on, and trusts other peers, also on connections that exist.
    pub(crate) fn replace_identity(&self, client: quinn::ClientConfig, trust: Trust) {
        *self.client.write() = client;
        self.trust.send_replace(trust);
    }

    /// Waits until the certificate of a connection's peer is not trusted any more; the reason.
    pub(crate) async fn distrust(&self, connection: &quinn::Connection) -> rustls::Error {
        let chain = peer_chain(connection).unwrap_or_default();
        let mut trust = self.trust.subscribe();
        loop {
            // Checked at first too: trust may have changed between the handshake and the subscription.
            if let Err(error) = trust.borrow_and_update().check(&chain) {
                return error;
            }
            if trust.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    pub(crate) fn cluster(&self) -> Option<ClusterId> {
        *self.cluster.lock()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// A pseudo-random fraction below one. Nothing depends on its quality.
    pub(crate) fn jitter(&self) -> f64 {
        let seed = self.jitter_seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        henge_base::Random::new(seed).below(1_000) as f64 / 1_000.0
    }

    /// Counts a refused connection, and logs it once for each address and reason.
    pub(crate) fn log_refusal(&self, address: IpAddr, error: &HelloError) {
        if matches!(error, HelloError::Abandoned) {
            return;
        }
        self.refusals.fetch_add(1, Ordering::Relaxed);
        let (reason, mut refused) = (error.to_string(), self.refused.lock());
        if refused.len() < LOGGED_REFUSALS_MAX && refused.insert((address, reason.clone())) {
            tracing::warn!(peer = %address, "no connection between nodes: {reason}");
        }
    }
}
