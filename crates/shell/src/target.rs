//! The node to connect to, and the credentials.

use crate::options::ShellOptions;
use anyhow::{Context, ensure};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A node's address, with timeouts, credentials and TLS configuration.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The time to wait for a connection; `request` is that for a response.
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
    /// Role and password.
    pub(crate) credentials: Option<(String, String)>,
    /// `None` for connections without TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

impl Target {
    /// The target given by the options. Prompts for a missing password.
    pub(crate) fn from_options(options: &ShellOptions) -> anyhow::Result<Target> {
        let credentials = match (&options.username, &options.password) {
            (None, _) => None,
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (Some(user), None) => Some((user.clone(), read_password()?)),
        };
        Ok(Target {
            host: options.host.clone(),
            port: options.port,
            connect: Duration::from_secs(options.connect_timeout),
            request: Duration::from_secs(options.request_timeout),
            credentials,
            tls: if options.ssl { Some(tls_config(options.ssl_certfile.as_deref())?) } else { None },
        })
    }
}

/// A TLS configuration that accepts certificates signed by one of the authorities in the file, if they name the host.
pub(crate) fn tls_config(authorities: Option<&Path>) -> anyhow::Result<Arc<ClientConfig>> {
    let path = authorities.context("--ssl needs the authority's certificate: --ssl-certfile or SSL_CERTFILE")?;
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        roots.add(certificate.with_context(|| format!("{} cannot be read as PEM", path.display()))?)?;
    }
    ensure!(!roots.is_empty(), "there is no certificate in {}", path.display());
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Reads a password from the terminal, without echo.
pub(crate) fn read_password() -> anyhow::Result<String> {
    let missing = "there is no terminal to ask for a password; give it with -p or CQLSH_PASSWORD";
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").context(missing)?;
    write!(terminal, "Password: ")?;
    let shown = tcgetattr(&terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    tcsetattr(&terminal, OptionalActions::Flush, &shown)?;
    writeln!(terminal)?;
    read?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
