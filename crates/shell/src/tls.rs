//! TLS: whose certificates to believe, and the certificate that this client shows.

use crate::cqlshrc::Cqlshrc;
use crate::options::ShellOptions;
use crate::path::expand_home;
use anyhow::{Context, bail, ensure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a connection with TLS, all as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsOptions {
    /// The authorities' certificates.
    pub(crate) authorities: Option<PathBuf>,
    /// False if any certificate is believed.
    pub(crate) is_validated: bool,
    /// The certificate of this client with those that vouch for it, and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

impl TlsOptions {
    /// Believes certificates that the authorities of a file have signed, and shows none.
    pub(crate) fn trusting(authorities: &Path) -> TlsOptions {
        TlsOptions { authorities: Some(authorities.to_owned()), is_validated: true, identity: None }
    }

    /// The files that the command line, the environment or, last, the file names for a host.
    pub(crate) fn find(options: &ShellOptions, rc: &Cqlshrc, host: &str) -> anyhow::Result<TlsOptions> {
        let given = options.ssl_certfile.as_deref().map(|path| expand_home(&path.to_string_lossy()));
        let of_host = || rc.path_of("certfiles", &host.to_lowercase());
        let authorities = given.or_else(of_host).or_else(|| rc.path_of("ssl", "certfile"));
        let validate = std::env::var("SSL_VALIDATE").ok();
        let validate = validate.as_deref().or_else(|| rc.text("ssl", "validate"));
        let (certificate, key) = (rc.path_of("ssl", "usercert"), rc.path_of("ssl", "userkey"));
        let identity = match (certificate, key) {
            (Some(certificate), key) => Some((certificate.clone(), key.unwrap_or(certificate))),
            (None, None) => None,
            (None, Some(key)) => {
                bail!("[ssl] of cqlshrc has the userkey {} without the usercert that it belongs to", key.display())
            }
        };
        // Whatever else is written asks for validation, as in cqlsh.
        let is_validated = !validate.is_some_and(|text| text.eq_ignore_ascii_case("false"));
        Ok(TlsOptions { authorities, is_validated, identity })
    }
}

/// The configuration of connections. A certificate that is validated has to name the host, too.
pub(crate) fn tls_config(options: &TlsOptions) -> anyhow::Result<Arc<ClientConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match options.is_validated {
        true => builder.with_root_certificates(read_authorities(options.authorities.as_deref())?),
        false => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
    };
    let Some((certificate, key)) = &options.identity else { return Ok(Arc::new(builder.with_no_client_auth())) };
    let chain = read_certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_slice(&read_file(key)?)
        .with_context(|| format!("there is no private key without a password in {}", key.display()))?;
    let config = builder.with_client_auth_cert(chain, secret).with_context(|| {
        format!("the certificate in {} does not go with the key in {}", certificate.display(), key.display())
    })?;
    Ok(Arc::new(config))
}

fn read_authorities(path: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let path = path.context(
        "TLS needs the authority's certificate: --ssl-certfile, SSL_CERTFILE, or certfile in [ssl] of cqlshrc",
    )?;
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn read_certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(&read_file(path)?).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.with_context(|| format!("{} cannot be read as PEM", path.display()))?;
    ensure!(!certificates.is_empty(), "there is no certificate in {}", path.display());
    Ok(certificates)
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Believes every certificate, of which the server has to have the key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, host: &str) -> anyhow::Result<TlsOptions> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cqlshrc");
        std::fs::write(&path, text).unwrap();
        TlsOptions::find(&ShellOptions::default(), &Cqlshrc::find(Some(&path)).unwrap(), host)
    }

    #[test]
    fn a_host_has_authorities_of_its_own() {
        let text = "[ssl]\ncertfile = /all.pem\nusercert = /own.pem\n[certfiles]\n10.0.0.1 = /one.pem\n";
        let other = find(text, "10.0.0.2").unwrap();
        assert_eq!(other.authorities, Some(PathBuf::from("/all.pem")));
        assert_eq!(other.identity, Some((PathBuf::from("/own.pem"), PathBuf::from("/own.pem"))));
        assert!(other.is_validated);
        assert_eq!(find(text, "10.0.0.1").unwrap().authorities, Some(PathBuf::from("/one.pem")));
        assert!(!find("[ssl]\nvalidate = False\n", "x").unwrap().is_validated);
        assert!(find("[ssl]\nuserkey = /k\n", "x").unwrap_err().to_string().contains("without the usercert"));
    }

    #[test]
    fn files_that_are_missing_are_named() {
        let nobody = TlsOptions { authorities: None, is_validated: true, identity: None };
        assert!(tls_config(&nobody).unwrap_err().to_string().contains("certfile in [ssl]"));
        let missing = TlsOptions::trusting(Path::new("/nowhere/ca.pem"));
        assert!(tls_config(&missing).unwrap_err().to_string().contains("/nowhere/ca.pem cannot be read"));
    }
}
