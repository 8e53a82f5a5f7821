//! The links that one thread opens: a QUIC endpoint, and its connections to peers.

use crate::handler::{Class, Destination};
use crate::link::{self, Link};
use crate::state::EndpointState;
use henge_base::HostId;
use parking_lot::Mutex;
use quinn_proto::{ConnectionId, ConnectionIdGenerator, RandomConnectionIdGenerator};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// Bytes of the first connection id that a caller chooses for its peer: at least 8, at most 20 (RFC 9000, 7.2).
const FIRST_ID_BYTES: usize = 16;

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
    pub(crate) fn link(self: &Arc<Self>, state: &Arc<EndpointState>, to: Destination, class: Class) -> Arc<Link> {
        let mut links = self.links.lock();
        if let Some(link) = links.get(&(to, class)) {
            return Arc::clone(link);
        }
        let link = Arc::new(Link::new(to, class));
        links.insert((to, class), Arc::clone(&link));
        drop(links);
        self.runtime.spawn(link::run(Arc::clone(state), Arc::clone(self), Arc::clone(&link)));
        link
    }

    /// Begins a connection.
    pub(crate) fn connect(
        &self,
        mut config: quinn::ClientConfig,
        to: SocketAddr,
        class: Class,
        server_name: &str,
    ) -> Result<quinn::Connecting, quinn::ConnectError> {
        config.initial_dst_cid_provider(Arc::new(move || first_id(class)));
        self.quinn.connect_with(config, to, server_name)
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

/// A first connection id, random but for its first byte: the class, by which the peer chooses a thread for the
/// connection before it can read the hello.
fn first_id(class: Class) -> ConnectionId {
    let mut id = RandomConnectionIdGenerator::new(FIRST_ID_BYTES).generate_cid();
    id[0] = class.number();
    id
}

/// The class that a caller's first connection id names. It may say what it likes: the hello decides what is served.
pub(crate) fn class_hint(id: &ConnectionId) -> Option<Class> {
    Class::ALL.into_iter().find(|class| Some(&class.number()) == id.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_id_names_the_class() {
        for class in Class::ALL {
            let id = first_id(class);
            assert_eq!((id.len(), class_hint(&id)), (FIRST_ID_BYTES, Some(class)));
            assert_ne!(id, first_id(class), "the rest is random");
        }
        assert_eq!(class_hint(&ConnectionId::new(&[9; 16])), None);
        assert_eq!(class_hint(&ConnectionId::new(&[])), None);
    }
}
