//! TLS for clients: the settings, the files, and taking changed files without a restart.

use crate::changed_files::ChangedFiles;
use anyhow::Context;
use henge_transport::Validity;
use parking_lot::RwLock;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use tokio_rustls::TlsAcceptor;

/// The demand for certificates of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    No,
    IfGiven,
    Required,
}

/// The settings `client_encryption_options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientTlsOptions {
    /// Plaintext is served as well.
    pub(crate) optional: bool,
    pub(crate) client_auth: ClientAuth,
    /// The chain, as PEM.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Whose signatures count on clients' certificates; needed unless `client_auth` is `No`.
    pub(crate) truststore: Option<PathBuf>,
}

impl ClientTlsOptions {
    /// True if only clients are served that have a certificate which an authority signed.
    pub(crate) fn proves_clients(&self) -> bool {
        self.client_auth == ClientAuth::Required && !self.optional
    }
}

/// TLS for connections of clients; clones see the same certificates.
#[derive(Clone)]
pub(crate) struct ClientTls {
    optional: bool,
    current: Arc<RwLock<TlsOfCertificate>>,
}

/// TLS with one certificate.
struct TlsOfCertificate {
    acceptor: TlsAcceptor,
    /// The end of its validity, in seconds since the epoch; 0 if it cannot be read.
    expiry_seconds: u64,
}

impl ClientTls {
    /// Reads the files, and from now on reads them again whenever they change: what then cannot be used is told in the log, and what was
    /// in use stays. Fails if they cannot be used now.
    pub(crate) fn open(options: &ClientTlsOptions) -> anyhow::Result<ClientTls> {
        let files = [Some(&options.certificate), Some(&options.key), options.truststore.as_ref()];
        let files = ChangedFiles::note(files.into_iter().flatten().cloned().collect());
        let current = Arc::new(RwLock::new(acceptor(options)?));
        let (options_of, weak) = (options.clone(), Arc::downgrade(&current));
        files.watch("certificates", move || reload(&options_of, &weak))?;
        Ok(ClientTls { optional: options.optional, current })
    }

    /// True if plaintext is served as well.
    pub(crate) fn optional(&self) -> bool {
        self.optional
    }

    /// The acceptor of TLS connections, with the present certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().acceptor.clone()
    }

    /// The end of the certificate's validity, in seconds since the epoch.
    pub(crate) fn expiry_seconds(&self) -> u64 {
        self.current.read().expiry_seconds
    }
}

/// Uses the changed files, if they can be used; breaks once nobody uses TLS any more.
fn reload(options: &ClientTlsOptions, current: &Weak<RwLock<TlsOfCertificate>>) -> ControlFlow<()> {
    let Some(current) = current.upgrade() else { return ControlFlow::Break(()) };
    match acceptor(options) {
        Ok(new) => {
            *current.write() = new;
            tracing::info!(certificate = %options.certificate.display(), "new certificates for clients are in use");
        }
        // A certificate may be there before its key.
        Err(error) => {
            tracing::warn!("changed certificates for clients cannot be used, the former stay in use: {error:#}");
        }
    }
    ControlFlow::Continue(())
}

fn acceptor(options: &ClientTlsOptions) -> anyhow::Result<TlsOfCertificate> {
    let chain = certificates(&options.certificate)?;
    let expiry_seconds = chain.first().and_then(Validity::of).map_or(0, |validity| validity.end_seconds());
    let key = PrivateKeyDer::from_pem_slice(&read(&options.key)?)
        .with_context(|| format!("{} holds no private key", options.key.display()))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match (options.client_auth, &options.truststore) {
        (ClientAuth::No, _) => builder.with_no_client_auth(),
        (auth, truststore) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(truststore.as_deref().unwrap_or(Path::new("")))? {
                roots.add(root)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier =
                if auth == ClientAuth::IfGiven { verifier.allow_unauthenticated() } else { verifier }.build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder.with_single_cert(chain, key).with_context(|| {
        format!("{} and {} cannot be used together", options.certificate.display(), options.key.display())
    })?;
    Ok(TlsOfCertificate { acceptor: TlsAcceptor::from(Arc::new(config)), expiry_seconds })
}

/// The certificates of a PEM file, one at least.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let found = found.with_context(|| format!("{} cannot be read as PEM", path.display()))?;
    anyhow::ensure!(!found.is_empty(), "there is no certificate in {}", path.display());
    Ok(found)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
