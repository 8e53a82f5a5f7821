//! The certificates that a node accepts from its peers: those that a trusted authority signed and did not revoke.

use crate::provider::provider;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use std::sync::Arc;

/// The trusted authorities with their revocation lists. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Trust {
    /// Trusts authorities, but for the certificates that their lists revoke (RFC 5280, 5). A list is in force until it is
    /// replaced, also beyond its date for the next one; certificates of an authority without a list are good.
    pub(crate) fn new(
        roots: Arc<RootCertStore>,
        revocations: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Trust, Error> {
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
            .with_crls(revocations)
            .allow_unknown_revocation_status()
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Trust { verifier })
    }

    /// The verifier of peers that connect to this node.
    pub(crate) fn of_callers(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.verifier)
    }

    /// Checks a chain, the peer's own certificate first. The host id in it is compared elsewhere; DNS names are not, since
    /// addresses are only attributes of a node.
    pub(crate) fn check(&self, chain: &[CertificateDer<'_>]) -> Result<(), Error> {
        let (own, intermediates) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        // Each node is both client and server of others, so that one check serves for both.
        self.verifier.verify_client_cert(own, intermediates, UnixTime::now()).map(|_| ())
    }
}

/// Of peers that this node connects to.
impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier.verify_client_cert(end_entity, intermediates, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
