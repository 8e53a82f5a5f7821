//! A node's identity towards its peers: its certificate and key, and the authorities it trusts.

use crate::certificate::{CLUSTER_URN, HOST_URN};
use crate::trust::Trust;
use aws_lc_rs::hmac;
use henge_base::{ClusterId, HostId};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use std::ops::RangeInclusive;
use std::sync::Arc;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A node's certificate and key, and the authorities it trusts.
#[derive(Clone)]
pub struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Arc<PrivateKeyDer<'static>>,
    pub(crate) trust: Trust,
    host: HostId,
    cluster: Option<ClusterId>,
    validity: Validity,
}

/// The time in which a certificate is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Its beginning and its end, in seconds since the epoch.
    pub seconds: RangeInclusive<i64>,
    /// The end as text.
    pub end: String,
}

impl Validity {
    /// The validity of a certificate; `None` if it cannot be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Validity> {
        read_validity(certificate)
    }

    /// Its end, in seconds since the epoch.
    pub fn end_seconds(&self) -> u64 {
        u64::try_from(*self.seconds.end()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The reason why files are not a usable identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A PEM file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Pem(&'static str, rustls_pki_types::pem::Error),
    /// A file contains no certificate.
    #[error("there is no certificate in {0}")]
    Empty(&'static str),
    /// The certificate has no host id.
    #[error("the node's certificate has no host id (a subject alternative name urn:henge:host:UUID)")]
    NoHost,
    /// Certificate and key do not match, or cannot be used.
    #[error("the node's certificate or key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl Identity {
    /// Reads an identity from PEM: the node's certificate (with intermediates), its key, the trusted authorities, and the
    /// lists of certificates that these have revoked, which may be empty.
    pub fn from_pem(
        certificates: &[u8],
        key: &[u8],
        roots: &[u8],
        revocations: &[u8],
    ) -> Result<Identity, IdentityError> {
        let chain = certificates_of("the node's certificate", certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| IdentityError::Pem("the node's key", e))?;
        let mut store = RootCertStore::empty();
        for root in certificates_of("the authorities' certificates", roots)? {
            store.add(root)?;
        }
        let Names { host, cluster } = read_names(&chain[0]).ok_or(IdentityError::NoHost)?;
        let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(revocations).collect();
        let lists = lists.map_err(|e| IdentityError::Pem("the revocation lists", e))?;
        let trust = Trust::new(Arc::new(store), lists)?;
        let validity = read_validity(&chain[0]).ok_or(IdentityError::NoHost)?;
        Ok(Identity { chain, key: Arc::new(key), trust, host, cluster, validity })
    }

    /// The key of stateless reset tokens. It is derived from the private key, so that a new process can reset
    /// connections of an earlier one.
    pub(crate) fn reset_key(&self) -> hmac::Key {
        let secret = [b"henge stateless reset", self.key.secret_der()].concat();
        hmac::Key::new(hmac::HMAC_SHA256, &secret)
    }

    /// The host id in the certificate.
    pub fn host(&self) -> HostId {
        self.host
    }

    /// The time in which the certificate is valid.
    pub fn validity(&self) -> &Validity {
        &self.validity
    }

    /// The cluster id in the certificate; `None` if it is valid for any cluster.
    pub fn cluster(&self) -> Option<ClusterId> {
        self.cluster
    }
}

fn certificates_of(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|e| IdentityError::Pem(what, e))?;
    if found.is_empty() { Err(IdentityError::Empty(what)) } else { Ok(found) }
}

fn read_validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let (start, end) = (parsed.validity().not_before, parsed.validity().not_after);
    Some(Validity { seconds: start.timestamp()..=end.timestamp(), end: end.to_string() })
}

/// The ids in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) host: HostId,
    pub(crate) cluster: Option<ClusterId>,
}

/// Reads the URNs of a certificate whose chain has been verified; `None` if it has no host id.
pub(crate) fn read_names(certificate: &CertificateDer<'_>) -> Option<Names> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let alternatives = parsed.subject_alternative_name().ok()??;
    let uuid = |prefix: &str| {
        alternatives.value.general_names.iter().find_map(|name| match name {
            GeneralName::URI(uri) => uri.strip_prefix(prefix)?.parse().ok(),
            _ => None,
        })
    };
    Some(Names { host: HostId(uuid(HOST_URN)?), cluster: uuid(CLUSTER_URN).map(ClusterId) })
}

/// The certificates that the peer of a connection showed, which were verified.
pub(crate) fn peer_chain(connection: &quinn::Connection) -> Option<Vec<CertificateDer<'static>>> {
    Some(*connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?)
}
