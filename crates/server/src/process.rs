//! Facts of this process.

use crate::clients::Clients;
use std::sync::Arc;

/// Facts of the process that are known before the node is opened.
pub(crate) struct Process {
    /// Every setting with its value.
    pub(crate) settings: Vec<(String, Option<String>)>,
    pub(crate) clients: Arc<Clients>,
    /// Threads that serve clients.
    pub(crate) cores: usize,
}
