//! The address of a collector.

use std::fmt;
use std::str::FromStr;

/// The port of OTLP over HTTP.
const DEFAULT_PORT: u16 = 4_318;
/// The path of traces.
const DEFAULT_PATH: &str = "/v1/traces";

/// The place at which a collector takes spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtlpEndpoint {
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    /// By https.
    pub(super) is_encrypted: bool,
}

/// A text is no address of a collector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadEndpoint {
    #[error("must be a URL such as http://localhost:4318, not {0:?}")]
    Unreadable(String),
}

impl FromStr for OtlpEndpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<OtlpEndpoint, BadEndpoint> {
        let unreadable = || BadEndpoint::Unreadable(text.to_owned());
        let (is_encrypted, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(unreadable()),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = match authority.strip_prefix('[') {
            Some(address) => address.split_once(']').ok_or_else(unreadable)?,
            None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| unreadable())?,
            None if port.is_empty() => DEFAULT_PORT,
            None => return Err(unreadable()),
        };
        let is_text = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if host.is_empty() || host.contains('@') || !is_text(host) || !is_text(path) {
            return Err(unreadable());
        }
        let path = if path.trim_matches('/').is_empty() { DEFAULT_PATH } else { path };
        Ok(OtlpEndpoint { host: host.to_owned(), port, path: path.to_owned(), is_encrypted })
    }
}

impl OtlpEndpoint {
    /// The host and port, as they stand in a URL.
    pub(super) fn authority(&self) -> String {
        let OtlpEndpoint { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_a_port_and_a_path() {
        let table = [
            ("http://localhost", "http://localhost:4318/v1/traces"),
            ("http://10.0.0.1:80/", "http://10.0.0.1:80/v1/traces"),
            ("http://[::1]:4319/otlp/v1/traces", "http://[::1]:4319/otlp/v1/traces"),
            ("http://[::1]", "http://[::1]:4318/v1/traces"),
            ("https://collector.example", "https://collector.example:4318/v1/traces"),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<OtlpEndpoint>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "localhost:4318",
            "http://",
            "https://",
            "ftp://a",
            "http://:1",
            "http://a:b",
            "http://a b/",
            "http://[::1",
            "http://u@h",
        ] {
            assert_eq!(text.parse::<OtlpEndpoint>(), Err(BadEndpoint::Unreadable(text.to_owned())), "{text}");
        }
    }
}
