//! The links that one thread opens: a QUIC endpoint, and its connections to peers.

use crate::handler::{Class, Destination};
use crate::link::{self, Link};
use crate::state::EndpointState;
use henge_base::HostId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The links of one thread.
pub(crate) struct Dialer {
    quinn: quinn::Endpoint,
    runtime: Handle,
    links: Mutex<BTreeMap<(Destination, Class), Arc<Link>>>,
}

impl Dialer {
    /// A dialer over an endpoint whose tasks run on `runtime`.
    pub(crate) fn new(quinn: quinn::Endpoint, runtime: Handle) -> Dialer {
        Dialer { quinn, runtime, links: Mutex::default() }
    }

    /// The link to a destination, which is made when it is first used.
    pub(crate) fn link(&self, state: &Arc<EndpointState>, to: Destination, class: Class) -> Arc<Link> {
        let mut links = self.links.lock();
        if let Some(link) = links.get(&(to, class)) {
            return Arc::clone(link);
        }
        let link = Arc::new(Link::new(to, class));
        links.insert((to, class), Arc::clone(&link));
        drop(links);
        self.runtime.spawn(link::run(Arc::clone(state), self.quinn.clone(), Arc::clone(&link)));
        link
    }

    /// All links.
    pub(crate) fn links(&self) -> Vec<Arc<Link>> {
        self.links.lock().values().map(Arc::clone).collect()
    }

    /// Ends the links to a host, except for those to the address `except`.
    pub(crate) fn forget(&self, host: HostId, except: Option<SocketAddr>) {
        let mut links = self.links.lock();
        let gone: Vec<_> =
            links.keys().filter(|(to, _)| to.host == Some(host) && Some(to.address) != except).copied().collect();
        for key in gone {
            if let Some(link) = links.remove(&key) {
                link.end();
            }
        }
    }

    /// Ends all links and connections; peers are notified in the background.
    pub(crate) fn end(&self) {
        for link in std::mem::take(&mut *self.links.lock()).into_values() {
            link.end();
        }
        self.quinn.close(0u32.into(), b"shutting down");
    }

    /// Waits up to `patience` until peers have been notified of the end.
    pub(crate) async fn wait_idle(&self, patience: Duration) {
        let _ = tokio::time::timeout(patience, self.quinn.wait_idle()).await;
    }
}
