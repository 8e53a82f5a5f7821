//! Creation of certificates: an authority for a cluster, and certificates for nodes and clients.

use crate::revocation::{CertificateError, revocation_list};
use henge_base::{ClusterId, HostId};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SanType,
};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// The prefix of a node's URN; the host id follows.
pub(crate) const HOST_URN: &str = "urn:henge:host:";
/// The prefix of a cluster's URN; the cluster id follows.
pub(crate) const CLUSTER_URN: &str = "urn:henge:cluster:";
/// Certificates are valid from this long ago, so that machines whose clock is behind accept them.
const BACKDATED_BY: Duration = Duration::from_secs(3_600);

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate with its key, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key (PKCS #8).
    pub key_pem: String,
}

impl std::fmt::Debug for IssuedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedCertificate")
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

/// The content of a node's certificate.
#[derive(Clone, Copy, Debug)]
pub struct NodeCertificate<'a> {
    /// The host it authorises.
    pub host: HostId,
    /// The cluster that it is valid for; `None` for every cluster that trusts the authority.
    pub cluster: Option<ClusterId>,
    /// DNS names and addresses, for tools that check them; peers check the host id only.
    pub names: &'a [String],
    /// Days of validity.
    pub days: u32,
}

impl Authority {
    /// Creates an authority with a new key.
    pub fn generate(name: &str, days: u32) -> Result<Authority, CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = certificate_params(name, days)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), certificate })
    }

    /// Reads an authority from the content of its files.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Authority, CertificateError> {
        let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key)?)?;
        Ok(Authority { issuer, certificate: certificate.to_owned() })
    }

    /// The authority's certificate, which nodes and clients trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// The authority's private key. Its holder can impersonate every node.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Issues a node's certificate, for use as client and as server.
    pub fn node(&self, node: &NodeCertificate<'_>) -> Result<IssuedCertificate, CertificateError> {
        self.sign(node_params(node)?)
    }

    /// Issues a node's certificate for a key that the node keeps; gives it as PEM.
    pub(crate) fn node_of_key(
        &self,
        node: &NodeCertificate<'_>,
        key: &impl PublicKeyData,
    ) -> Result<String, CertificateError> {
        Ok(node_params(node)?.signed_by(key, &self.issuer)?.pem())
    }

    /// Issues a client's certificate. Other nodes refuse it, since it names no host.
    pub fn client(&self, role: &str, days: u32) -> Result<IssuedCertificate, CertificateError> {
        let mut params = certificate_params(role, days)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        self.sign(params)
    }

    /// Signs a list of revoked certificates: those of the former list, if there is one, and more, all as PEM.
    pub fn revoke(&self, former: Option<&str>, certificates: &[String]) -> Result<String, CertificateError> {
        revocation_list(&self.issuer, former, certificates)
    }

    fn sign(&self, params: CertificateParams) -> Result<IssuedCertificate, CertificateError> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(IssuedCertificate { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

fn certificate_params(name: &str, days: u32) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    let now = SystemTime::now();
    params.not_before = (now - BACKDATED_BY).into();
    params.not_after = (now + Duration::from_secs(86_400 * u64::from(days))).into();
    Ok(params)
}

/// The content of a node's certificate, for use as client and as server.
fn node_params(node: &NodeCertificate<'_>) -> Result<CertificateParams, CertificateError> {
    let mut params = certificate_params(&host_name(node.host), node.days)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names.push(SanType::URI(format!("{HOST_URN}{}", node.host).try_into()?));
    if let Some(cluster) = node.cluster {
        params.subject_alt_names.push(SanType::URI(format!("{CLUSTER_URN}{cluster}").try_into()?));
    }
    for name in node.names {
        params.subject_alt_names.push(subject_name(name)?);
    }
    Ok(params)
}

/// The common name of a node.
pub(crate) fn host_name(host: HostId) -> String {
    format!("henge node {host}")
}

/// A DNS name or an address as certificates hold it.
pub(crate) fn subject_name(name: &str) -> Result<SanType, CertificateError> {
    Ok(match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(name.try_into()?),
    })
}
