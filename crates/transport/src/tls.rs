//! TLS 1.3 in both directions.

use crate::identity::{Identity, IdentityError};
use crate::provider::provider;
use rustls::Error;
use std::sync::Arc;

/// The ALPN protocol, by which other services on the port are told apart from peers.
const PROTOCOL: &[u8] = b"henge/1";
/// The server name in TLS, which has to be sent; peers are identified by host ids.
pub(crate) const SERVER_NAME: &str = "henge";

/// The TLS configuration for connections from peers. It requires a client certificate.
pub(crate) fn server(identity: &Identity) -> Result<quinn::crypto::rustls::QuicServerConfig, IdentityError> {
    let mut config = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(identity.trust.of_callers())
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    quinn::crypto::rustls::QuicServerConfig::try_from(config).map_err(|e| Error::General(e.to_string()).into())
}

/// The TLS configuration for connections to peers.
pub(crate) fn client(identity: &Identity) -> Result<quinn::crypto::rustls::QuicClientConfig, IdentityError> {
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(identity.trust.clone()))
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    quinn::crypto::rustls::QuicClientConfig::try_from(config).map_err(|e| Error::General(e.to_string()).into())
}
