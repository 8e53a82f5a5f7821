//! Making certificates: an authority for a cluster of one's own, and certificates for nodes and clients.

use henge_base::{ClusterId, HostId};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// What a node's URN begins with; its host id follows.
pub(crate) const HOST_URN: &str = "urn:henge:host:";
/// What a cluster's URN begins with.
pub(crate) const CLUSTER_URN: &str = "urn:henge:cluster:";
/// Clocks of new machines are a little behind as often as ahead.
const BACKDATE: Duration = Duration::from_secs(3_600);

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the certificate cannot be made: {0}")]
pub struct CertificateError(#[from] rcgen::Error);

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate with its key, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key (PKCS #8).
    pub key_pem: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issued")
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// What a node's certificate says.
#[derive(Clone, Copy, Debug)]
pub struct NodeCertificate<'a> {
    /// The host it authorises.
    pub host: HostId,
    /// The cluster it is for; `None` for whichever the authority is trusted by.
    pub cluster: Option<ClusterId>,
    /// DNS names and addresses, for tools that look at them; peers go by the host id.
    pub names: &'a [String],
    /// How long it is valid.
    pub days: u32,
}

impl Authority {
    /// A new authority.
    pub fn generate(name: &str, days: u32) -> Result<Authority, CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = params(name, days)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), certificate })
    }

    /// An authority from its files.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Authority, CertificateError> {
        let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key)?)?;
        Ok(Authority { issuer, certificate: certificate.to_owned() })
    }

    /// Its certificate: what others trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// Its key: whoever has it can be any node.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A certificate for a node, as client and as server.
    pub fn node(&self, node: &NodeCertificate<'_>) -> Result<Issued, CertificateError> {
        let mut params = params(&format!("henge node {}", node.host), node.days)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names.push(SanType::URI(format!("{HOST_URN}{}", node.host).try_into()?));
        if let Some(cluster) = node.cluster {
            params.subject_alt_names.push(SanType::URI(format!("{CLUSTER_URN}{cluster}").try_into()?));
        }
        for name in node.names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into()?),
            });
        }
        self.sign(params)
    }

    /// A certificate for a client; between nodes it is refused.
    pub fn client(&self, role: &str, days: u32) -> Result<Issued, CertificateError> {
        let mut params = params(role, days)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> Result<Issued, CertificateError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

fn params(name: &str, days: u32) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    let now = SystemTime::now();
    params.not_before = (now - BACKDATE).into();
    params.not_after = (now + Duration::from_secs(86_400 * u64::from(days))).into();
    Ok(params)
}
