//! Who a node is.

use henge_base::HostId;

/// Who a node is: from its data directory.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its host id.
    pub host: HostId,
    /// Raised and synced at every start.
    pub generation: u64,
}
