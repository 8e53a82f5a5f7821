//! Amazon's S3, and what speaks as it does. Endpoint, region and credentials come from the environment, under the names that Amazon's own
//! tools have for them.

use crate::blocking::Blocking;
use crate::bucket::BucketPlace;
use crate::http::Connector;
use crate::{BackupError, Place};
use object_store::RetryConfig;
use object_store::aws::AmazonS3Builder;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;

/// The beginning of the name of a place in S3.
pub(crate) const SCHEME: &str = "s3://";
/// The file of authorities, as Amazon's tools name it.
const AUTHORITIES: &str = "AWS_CA_BUNDLE";
/// The files in which systems keep the authorities that they trust.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// The longest time in which a request that failed is repeated.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);
/// Endpoints that may be named.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

/// The place of a name such as `s3://bucket/prefix`.
pub(crate) fn open(name: &str) -> Result<Box<dyn Place>, BackupError> {
    let refused = |reason: String| BackupError::Place { place: name.to_owned(), reason };
    let (bucket, prefix) =
        split(name).ok_or_else(|| refused("expected s3://bucket or s3://bucket/prefix".to_owned()))?;
    let endpoint = ENDPOINTS.into_iter().find_map(|name| env::var(name).ok());
    // Who names an address with http has said so.
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let tls = TlsConnector::from(Arc::new(tls().map_err(&refused)?));
    let builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_allow_http(is_plain);
    let retry = RetryConfig { retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
    let builder = builder.with_retry(retry).with_http_connector(Connector(tls));
    let store = builder.build().map_err(|error| refused(error.to_string()))?;
    let blocking = Blocking::start().map_err(|error| refused(error.to_string()))?;
    Ok(Box::new(BucketPlace {
        store: Arc::new(store),
        blocking: Arc::new(blocking),
        name: name.to_owned(),
        prefix: prefix.to_owned(),
    }))
}

/// The bucket and the prefix of a name.
fn split(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix(SCHEME)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_bucket = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let is_prefix =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(|c| c.is_ascii_graphic());
    let prefix = prefix.trim_end_matches('/');
    let is_good =
        !bucket.is_empty() && bucket.chars().all(is_bucket) && (prefix.is_empty() || prefix.split('/').all(is_prefix));
    is_good.then_some((bucket, prefix))
}

/// TLS with the authorities that are trusted.
fn tls() -> Result<ClientConfig, String> {
    let named = env::var_os(AUTHORITIES).map(PathBuf::from);
    let found = || SYSTEM_AUTHORITIES.into_iter().map(PathBuf::from).find(|path| path.exists());
    let authorities = match named.or_else(found) {
        Some(path) => read_authorities(&path)?,
        // Nothing can be asked by https then, which says that the issuer is unknown.
        None => RootCertStore::empty(),
    };
    let versions = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(authorities).with_no_client_auth())
}

fn read_authorities(path: &Path) -> Result<RootCertStore, String> {
    let failed = |error: String| format!("the authorities in {} cannot be read: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|error| failed(error.to_string()))?;
    let mut authorities = RootCertStore::empty();
    match authorities.add_parsable_certificates(certificates) {
        (0, _) => Err(failed("it has none".to_owned())),
        _ => Ok(authorities),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_bucket_and_a_prefix() {
        assert_eq!(split("s3://bucket"), Some(("bucket", "")));
        assert_eq!(split("s3://my.bucket-1/"), Some(("my.bucket-1", "")));
        assert_eq!(split("s3://bucket/a/b/"), Some(("bucket", "a/b")));
        for wrong in
            ["s3://", "s3:///a", "S3://bucket", "s3://Bucket", "s3://b/a//b", "s3://b/../c", "s3://b/a b", "/folder"]
        {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
