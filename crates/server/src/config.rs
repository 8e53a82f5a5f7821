//! The configuration: defaults, then the file, then the environment, then the command line.
//!
//! - `source`, `environment`: settings as text, with where each comes from; `check`: what they mean together;
//!   `visible_settings`: what clients see of them.

mod check;
mod environment;
mod error;
mod source;
#[cfg(test)]
mod tests;
mod visible_settings;

pub(crate) use error::{ConfigError, ConfigErrors};
pub(crate) use source::{Settings, template};

use crate::client_tls::ClientTlsOptions;
use crate::intake::IntakeLimits;
use crate::settings::ServerSettings;
use henge_node::Options;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The configuration of a server.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The node's settings.
    pub(crate) node: Options,
    /// The server's settings, as they were given.
    pub(crate) server: ServerSettings,
    /// The folder of the authority that makes this node's certificate, for development.
    pub(crate) development_certificates: Option<PathBuf>,
    /// The snapshot that an empty data directory is filled from.
    pub(crate) restore: Option<PathBuf>,
    /// `None`: no such port.
    pub(crate) metrics: Option<SocketAddr>,
    /// `None`: no such port.
    pub(crate) admin: Option<SocketAddr>,
    /// `None`: clients are served without TLS.
    pub(crate) client_tls: Option<ClientTlsOptions>,
    /// Requests of clients under way.
    pub(crate) intake: IntakeLimits,
    /// Bytes of cache and write buffers.
    pub(crate) memory: usize,
    /// Threads that serve clients.
    pub(crate) cores: usize,
    /// Every setting as clients may see it.
    pub(crate) visible_settings: Vec<(String, Option<String>)>,
}
