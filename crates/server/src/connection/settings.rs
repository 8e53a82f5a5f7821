//! The settings of connections.

use crate::client_tls::ClientTls;
use crate::clients::Clients;
use crate::intake::Intake;
use crate::sampling::SampleShare;
use std::sync::Arc;

/// The settings of all connections of clients.
#[derive(Clone)]
pub(crate) struct ClientSettings {
    /// The number of the core that serves them.
    pub(crate) core: usize,
    pub(crate) max_frame: usize,
    /// The requests that all of them together have under way.
    pub(crate) intake: Arc<Intake>,
    /// The register of connections.
    pub(crate) clients: Arc<Clients>,
    /// Their encryption; `None` for plaintext.
    pub(crate) tls: Option<ClientTls>,
    /// The share of requests without a word of their client that are sampled; `None`: none is, for spans are not exported.
    pub(crate) sample_share: Option<SampleShare>,
}
