//! One core's way into the node, for clients.

use crate::client::access::logins::Logins;
use crate::client::queue_delay::QueueDelay;
use crate::client::rates::Rates;
use crate::client::statements::Statements;
use crate::cluster::Cluster;
use crate::coordinator::Coordinator;
use crate::coordinator::barrier::{self, BarrierError};
use crate::ground::context::Context;
use crate::ground::world::World;
use henge_metadata::Epoch;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The state that clients of all cores share.
pub(crate) struct Clients {
    pub(super) logins: Logins,
    pub(super) statements: Arc<Statements>,
    /// True if reads and writes of some users are held to guardrails.
    pub(super) holds_requests: bool,
    /// True once the shutdown was announced.
    is_ending: AtomicBool,
    is_draining: AtomicBool,
    /// One conditional write at a time fixes the serial level of a table.
    pub(super) scope_lock: tokio::sync::Mutex<()>,
    pub(super) rates: Rates,
}

impl Clients {
    /// No client has come yet.
    pub(crate) fn new<W: World>(context: &Context<W>, statements: Arc<Statements>) -> Self {
        let options = &context.options;
        Clients {
            logins: Logins::new(if options.authenticate { secret(&*context.world) } else { [0; 16] }),
            statements,
            holds_requests: options.guardrails.concern_requests(),
            is_ending: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            scope_lock: tokio::sync::Mutex::default(),
            rates: Rates::new(&options.role_rates, &options.keyspace_rates),
        }
    }

    /// Notes that this node is about to shut down; requests are served all the same.
    pub(crate) fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
    }

    /// True if this node is about to shut down, so that clients should turn to others.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// Refuses new requests from now on; those under way go on.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// True if requests are refused, because this node is shutting down.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }
}

/// Sixteen random bytes.
fn secret<W: World>(world: &W) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&world.random("logins").to_le_bytes());
    bytes[8..].copy_from_slice(&world.random("logins").to_le_bytes());
    bytes
}

/// A core's handle. Cheap to clone.
pub struct Core<W> {
    coordinator: Coordinator<W>,
    pub(super) clients: Arc<Clients>,
    /// The waits of this core's requests.
    pub(super) queue_delay: Arc<QueueDelay>,
}

impl<W> Clone for Core<W> {
    fn clone(&self) -> Self {
        let (clients, queue_delay) = (Arc::clone(&self.clients), Arc::clone(&self.queue_delay));
        Core { coordinator: self.coordinator.clone(), clients, queue_delay }
    }
}

impl<W: World> Core<W> {
    /// The clients' way to a coordinator.
    pub(crate) fn new(coordinator: Coordinator<W>, clients: Arc<Clients>) -> Self {
        Core { coordinator, clients, queue_delay: Arc::default() }
    }

    /// The same handle with another coordinator of its core.
    pub(super) fn with_coordinator(&self, coordinator: Coordinator<W>) -> Self {
        Core { coordinator, ..self.clone() }
    }

    /// The coordinator of this core.
    pub fn coordinator(&self) -> &Coordinator<W> {
        &self.coordinator
    }

    /// Waits until no request that began before an epoch is under way on enough nodes, ending what takes too long.
    pub async fn pass_barrier(&self, epoch: Epoch) -> Result<(), BarrierError> {
        barrier::pass(&self.coordinator, epoch).await
    }

    /// The ground of the node.
    pub(super) fn context(&self) -> &Context<W> {
        self.coordinator.context()
    }

    /// The cluster.
    pub(super) fn cluster(&self) -> &Cluster<W> {
        self.coordinator.cluster()
    }

    /// The address where clients reach a member.
    pub fn rpc_address_of(&self, host: henge_base::HostId) -> Option<SocketAddr> {
        self.cluster().view().state.members.get(&host).map(|m| m.rpc_address)
    }
}
