//! A collector, with the authorities by which its certificate counts.

use super::endpoint::OtlpEndpoint;
use crate::client_tls::certificates;
use anyhow::Context;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// The files in which systems keep the authorities that they trust.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// The collector to which spans go.
pub(crate) struct Collector {
    pub(super) endpoint: OtlpEndpoint,
    /// TLS, and the name that the certificate has to have; `None` of an endpoint by http.
    pub(super) tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Collector {
    /// The collector at `endpoint`; by https only what `authorities` have signed counts, or else those of the system.
    pub(crate) fn new(endpoint: OtlpEndpoint, authorities: Option<&Path>) -> anyhow::Result<Collector> {
        if !endpoint.is_encrypted {
            return Ok(Collector { endpoint, tls: None });
        }
        let name = ServerName::try_from(endpoint.host.clone()).with_context(|| format!("{endpoint} has no name"))?;
        let system = || SYSTEM_AUTHORITIES.into_iter().map(PathBuf::from).find(|path| path.exists());
        let authorities = authorities.map(Path::to_owned).or_else(system).with_context(|| {
            format!("this system has no authorities that could have signed the certificate of {endpoint}: set otlp_authorities")
        })?;
        let mut roots = RootCertStore::empty();
        // Systems have some that are too old to be read.
        let (added, _) = roots.add_parsable_certificates(certificates(&authorities)?);
        anyhow::ensure!(added > 0, "there is no authority in {}", authorities.display());
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Collector { endpoint, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }
}
