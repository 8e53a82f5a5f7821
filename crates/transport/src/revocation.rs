//! Lists of certificates that their authority has revoked (RFC 5280, 5).

use rcgen::{CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

/// The time until a list's date for the next one: ten years, since a list is in force until it is replaced.
const NEXT_UPDATE: Duration = Duration::from_secs(3_650 * 86_400);

/// The reason why a certificate or a revocation list could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It could not be made.
    #[error("the certificate cannot be made: {0}")]
    Create(#[from] rcgen::Error),
    /// The PEM of a certificate to revoke holds none.
    #[error("it holds no certificate")]
    NoCertificate,
    /// The text to sign is no request, or not for one host and its names alone.
    #[error("it is no request of henge cert request, for one host id")]
    NoRequest,
    /// The PEM of the former revocation list holds none.
    #[error("the former revocation list cannot be read")]
    NoList,
}

/// A list of the certificates in `previous`, if there is such a list, and of `revoked`, each as PEM.
pub(crate) fn revocation_list(
    issuer: &Issuer<'static, KeyPair>,
    previous: Option<&str>,
    revoked: &[String],
) -> Result<String, CertificateError> {
    let mut serials = previous.map(listed_serials).transpose()?.unwrap_or_default();
    for certificate in revoked {
        serials.insert(serial(certificate)?);
    }
    let now = SystemTime::now();
    let entry = |serial: &Vec<u8>| RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: now.into(),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: now.into(),
        next_update: (now + NEXT_UPDATE).into(),
        crl_number: SerialNumber::from(seconds_since_epoch(now)),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(list.signed_by(issuer)?.pem()?)
}

/// Lists have growing numbers; the time is one.
fn seconds_since_epoch(now: SystemTime) -> u64 {
    now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn serial(certificate: &str) -> Result<Vec<u8>, CertificateError> {
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| CertificateError::NoCertificate)?;
    let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| CertificateError::NoCertificate)?;
    Ok(parsed.raw_serial().to_vec())
}

fn listed_serials(list: &str) -> Result<BTreeSet<Vec<u8>>, CertificateError> {
    let der = CertificateRevocationListDer::from_pem_slice(list.as_bytes()).map_err(|_| CertificateError::NoList)?;
    let (_, parsed) = CertificateRevocationList::from_der(&der).map_err(|_| CertificateError::NoList)?;
    Ok(parsed.iter_revoked_certificates().map(|entry| entry.raw_serial().to_vec()).collect())
}
