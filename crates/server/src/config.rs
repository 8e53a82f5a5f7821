//! The configuration: defaults, then the file, then the environment, then the command line.
//!
//! - `source`, `environment`: settings as text, with where each comes from; `check`: what they mean together.

mod check;
mod environment;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use source::{Settings, template};

use crate::client_tls::ClientTlsOptions;
use crate::intake::IntakeLimits;
use crate::settings::ServerSettings;
use henge_node::Options;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A setting cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub(crate) struct ConfigError {
    /// The file with the line, the variable, or the flag.
    pub(crate) place: String,
    /// The mistake, and what would be right.
    pub(crate) reason: String,
}

/// A configuration cannot be used: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigErrors(pub(crate) Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [error] = &*self.0 {
            return error.fmt(f);
        }
        write!(f, "{} settings cannot be used:", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The configuration of a server.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The node's settings.
    pub(crate) node: Options,
    /// The server's settings, as they were given.
    pub(crate) server: ServerSettings,
    /// The folder of the authority that makes this node's certificate, for development.
    pub(crate) development_certificates: Option<PathBuf>,
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
