//! The identity of a node.

use henge_base::HostId;

/// The identity of a node, from its data directory.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its host id.
    pub host: HostId,
    /// Raised and synced at every start.
    pub generation: u64,
}
