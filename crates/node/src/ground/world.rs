//! The node's outside: everything a node cannot decide for itself comes through here. The server implements it over sockets,
//! threads and clocks, the simulator over one seed.

use crate::ground::surroundings::Surroundings;
use henge_base::{Bytes, HostId, Micros, Mono};
use std::future::Future;
use std::net::SocketAddr;

/// The connection that a message takes: bulk never stands before a request, nor a request before the cluster's own business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Membership, metadata, gossip.
    Control,
    /// Reads and writes.
    Request,
    /// Hints, repair, streams.
    Bulk,
}

/// The set of threads that a disk job runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Reads that missed memory.
    Read,
    /// The one writer that syncs.
    Write,
    /// Hints, scans, folds: whatever may wait.
    Background,
    /// The metadata log, votes on it, and what is known of members. No load of clients or of peers waits here.
    Metadata,
    /// The clock's lease, which no other job may delay: without it nothing is stamped.
    Lease,
    /// Passwords, which take long to check on purpose.
    Password,
}

/// A call ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No byte of it left this node: it has certainly not happened.
    #[error("the message was not sent")]
    NotSent,
    /// It may have happened: the answer did not come in time, or the link broke.
    #[error("the outcome is unknown")]
    Unknown,
}

/// The destination of a message. An address is an attribute of a host, never its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum To {
    /// A member, at the address last set for it with [`World::learn`].
    Host(HostId),
    /// Whoever answers at an address: seeds, before anybody's id is known.
    Address(SocketAddr),
}

/// Clocks, chance, tasks, disk workers and peers.
///
/// Futures of `call` and `disk` go on when dropped: what was sent was sent. Tasks die with the node.
pub trait World: Send + Sync + 'static {
    /// Sends a request and waits for its answer until `deadline`.
    fn call(
        &self,
        to: To,
        class: Class,
        deadline: Mono,
        message: Bytes,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + 'static + use<Self>;
    /// Sends a message that nobody answers and that may be lost.
    fn tell(&self, to: HostId, message: Bytes);
    /// Sets the address of a member.
    fn learn(&self, host: HostId, address: SocketAddr);
    /// Forgets a member: its links are closed and its calls refused.
    fn forget(&self, host: HostId);
    /// Runs a task on this core. It ends with the node.
    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static);
    /// Waits until `until`.
    fn sleep_until(&self, until: Mono) -> impl Future<Output = ()> + Send + 'static + use<Self>;
    /// Runs a job that may touch the disk on a worker.
    fn disk<T: Send + 'static, J: FnOnce() -> T + Send + 'static>(
        &self,
        lane: Lane,
        job: J,
    ) -> impl Future<Output = T> + Send + 'static + use<Self, T, J>;
    /// Monotonic time.
    fn mono(&self) -> Mono;
    /// Wall time, microseconds since the epoch.
    fn wall_us(&self) -> Micros;
    /// Sixty-four random bits of the stream named so.
    fn random(&self, stream: &'static str) -> u64;
    /// Bytes free on the data directory's file system.
    fn free_bytes(&self) -> u64;
    /// The process that runs this node, if it is one of its own.
    fn surroundings(&self) -> Option<&dyn Surroundings> {
        None
    }
    /// The node cannot go on, since a sync failed: the process ends. May be called from any lane.
    fn fatal(&self, reason: &str);
}
