//! Requests for certificates (PKCS #10, RFC 2986): made where the node's key is and stays, signed where the authority's key is.

use crate::certificate::{Authority, HOST_URN, NodeCertificate, host_name, subject_name};
use crate::revocation::CertificateError;
use henge_base::HostId;
use rcgen::{CertificateParams, CertificateSigningRequestParams, DnType, KeyPair, SanType};

/// A request for a node's certificate, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The request, which holds no secret.
    pub request_pem: String,
    /// The key that the certificate will be for (PKCS #8).
    pub key_pem: String,
}

impl std::fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CertificateRequest")
    }
}

/// A certificate made by a request, and the host and names that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// The host.
    pub host: HostId,
    /// Its DNS names and addresses.
    pub names: Vec<String>,
    /// The certificate, as PEM.
    pub certificate_pem: String,
}

impl CertificateRequest {
    /// Makes a request of a host, with DNS names and addresses, for the key that is given as PEM or else for a new one.
    pub fn new(host: HostId, names: &[String], key: Option<&str>) -> Result<CertificateRequest, CertificateError> {
        let key = key.map_or_else(KeyPair::generate, KeyPair::from_pem)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, host_name(host));
        params.subject_alt_names.push(SanType::URI(format!("{HOST_URN}{host}").try_into()?));
        for name in names {
            params.subject_alt_names.push(subject_name(name)?);
        }
        let request_pem = params.serialize_request(&key)?.pem()?;
        Ok(CertificateRequest { request_pem, key_pem: key.serialize_pem() })
    }
}

impl Authority {
    /// Signs a request, whose sender has shown that it has the key. Only the host, its names and the key are taken from it.
    pub fn sign_request(&self, request_pem: &str, days: u32) -> Result<SignedRequest, CertificateError> {
        let request = CertificateSigningRequestParams::from_pem(request_pem)?;
        let (host, names) = requested_names(&request.params)?;
        let node = NodeCertificate { host, cluster: None, names: &names, days };
        let certificate_pem = self.node_of_key(&node, &request.public_key)?;
        Ok(SignedRequest { host, names, certificate_pem })
    }
}

/// The host and the names that a request is for.
fn requested_names(params: &CertificateParams) -> Result<(HostId, Vec<String>), CertificateError> {
    let (mut hosts, mut names) = (Vec::new(), Vec::new());
    for name in &params.subject_alt_names {
        match name {
            SanType::URI(uri) => {
                let host = uri.as_str().strip_prefix(HOST_URN).and_then(|id| id.parse().ok());
                hosts.push(HostId(host.ok_or(CertificateError::NoRequest)?));
            }
            SanType::DnsName(name) => names.push(name.as_str().to_owned()),
            SanType::IpAddress(address) => names.push(address.to_string()),
            _ => return Err(CertificateError::NoRequest),
        }
    }
    match hosts[..] {
        [host] => Ok((host, names)),
        _ => Err(CertificateError::NoRequest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;

    const HOST: HostId = HostId(uuid::Uuid::from_u128(7));

    #[test]
    fn a_signed_request_is_the_identity_of_its_host_with_its_key() {
        let authority = Authority::generate("a", 30).unwrap();
        let names = ["node1.example".to_owned(), "10.0.0.1".to_owned()];
        let request = CertificateRequest::new(HOST, &names, None).unwrap();
        let signed = authority.sign_request(&request.request_pem, 30).unwrap();
        assert_eq!((signed.host, &signed.names[..]), (HOST, &names[..]));
        let (certificate, key) = (signed.certificate_pem.as_bytes(), request.key_pem.as_bytes());
        let identity = Identity::from_pem(certificate, key, authority.certificate_pem().as_bytes(), &[]).unwrap();
        assert_eq!(identity.host(), HOST);
        // The key can stay.
        let again = CertificateRequest::new(HOST, &names, Some(&request.key_pem)).unwrap();
        assert_eq!(again.key_pem, request.key_pem);
        assert!(!request.request_pem.contains("PRIVATE"));
    }

    #[test]
    fn what_is_no_request_of_one_host_is_not_signed() {
        let authority = Authority::generate("a", 30).unwrap();
        let key = KeyPair::generate().unwrap();
        let of = |names: Vec<SanType>| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.subject_alt_names = names;
            authority.sign_request(&params.serialize_request(&key).unwrap().pem().unwrap(), 30)
        };
        let uri = |text: &str| SanType::URI(text.try_into().unwrap());
        let host = || uri(&format!("{HOST_URN}{HOST}"));
        assert!(of(vec![host()]).is_ok());
        let mail = SanType::Rfc822Name("ann@node1.example".try_into().unwrap());
        for names in [vec![], vec![host(), host()], vec![uri("urn:other")], vec![host(), mail]] {
            assert!(matches!(of(names), Err(CertificateError::NoRequest)));
        }
        assert!(authority.sign_request(authority.certificate_pem(), 30).is_err());
        // One whose signature is another key's, as when somebody puts a name into another's request.
        let request = CertificateRequest::new(HOST, &[], None).unwrap().request_pem;
        let other = CertificateRequest::new(HOST, &[], None).unwrap().request_pem;
        let half = request.len() / 2;
        assert!(authority.sign_request(&format!("{}{}", &request[..half], &other[half..]), 30).is_err());
    }
}
