//! The identity of a node.

use henge_base::HostId;

/// The identity of a node that runs: which host it is, from its data directory, and which start of that host.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its host id.
    pub host: HostId,
    /// Raised and synced at every start.
    pub generation: u64,
    /// A random number of this start, not 0, which no directory holds: two processes on copies of one directory differ in it.
    pub start: u32,
}
