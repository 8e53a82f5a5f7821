//! Facts of this process.

use crate::client_tls::ClientTls;
use crate::clients::Clients;
use std::sync::{Arc, OnceLock};

/// Facts of the process that are known before the node is opened.
pub(crate) struct Process {
    /// Every setting with its value.
    pub(crate) settings: Vec<(String, Option<String>)>,
    pub(crate) clients: Arc<Clients>,
    /// Threads that serve clients.
    pub(crate) cores: usize,
    /// The encryption for clients, once it is open; never set without it.
    pub(crate) client_tls: Arc<OnceLock<ClientTls>>,
}
