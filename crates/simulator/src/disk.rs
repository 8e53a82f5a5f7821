//! A machine's disk: whose it is, how often it was started on, and the engine's files. It can be copied and moved.

use henge_base::{HostId, Random};
use henge_storage::ModelEngine;
use std::sync::Arc;

/// A disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) host: HostId,
    pub(crate) engine: Arc<ModelEngine>,
    /// The number of starts on it.
    pub(crate) generation: u64,
}

impl Disk {
    /// An empty disk, which is a host of its own.
    pub(crate) fn empty(random: &mut Random) -> Disk {
        Disk { host: HostId::random(random), engine: Arc::default(), generation: 0 }
    }

    /// A copy of what is on it now.
    pub(crate) fn image(&self) -> Disk {
        Disk { engine: Arc::new(self.engine.image()), ..*self }
    }
}
