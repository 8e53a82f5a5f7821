//! The cryptography in use: aws-lc-rs alone.

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use std::sync::Arc;

/// The provider of TLS between nodes.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    // AES-128 comes first: it is as strong as the curves used, and the fastest with hardware instructions.
    provider.cipher_suites = vec![
        aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
        aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
        aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    Arc::new(provider)
}
