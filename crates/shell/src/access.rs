//! Role, password and certificates for other programs that speak the native protocol, found where the shell finds them.

use crate::cqlshrc::Cqlshrc;
use crate::credentials::Credentials;
use crate::options::ShellOptions;
use crate::stream::Stream;
use crate::target::Target;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// Role, password and TLS configuration for the nodes of a cluster.
pub struct Access {
    target: Target,
}

/// The byte stream of a connection, with TLS or without.
pub struct Wire(Stream);

impl Access {
    /// Looks into the options and, where they say nothing, the environment and `cqlshrc`. Prompts for a missing
    /// password, and tells on standard error what a person should know.
    pub fn find(options: &ShellOptions) -> anyhow::Result<Access> {
        let mut rc = Cqlshrc::find(options.cqlshrc.as_deref())?;
        let credentials = Credentials::find(options, &mut rc)?;
        for warning in &rc.warnings {
            eprintln!("Warning: {warning}");
        }
        Ok(Access { target: Target::find(options, &rc, credentials)? })
    }

    /// Role and password, if any were found.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.target.credentials.as_ref().map(|(role, password)| (role.as_str(), password.as_str()))
    }

    /// Connects to a node, whose certificate has to name the address.
    pub fn connect(&self, address: SocketAddr) -> anyhow::Result<Wire> {
        let target = Target { host: address.ip().to_string(), port: address.port(), ..self.target.clone() };
        Ok(Wire(Stream::open(&target)?))
    }
}

impl Wire {
    /// Sets the longest wait of a read; `None` for no limit.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.socket().set_read_timeout(timeout)
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
