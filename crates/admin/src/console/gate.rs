//! The requests that the console answers: those of a page that it served itself, to a browser that was given the token.
//!
//! Every user of the machine can connect to a port of loopback, and so can every page in the operator's browser, also under a name that is
//! bound to loopback (DNS rebinding).

use axum::Json;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use henge_base::hex;
use henge_operator::{Failure, FailureKind};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;

/// The header that carries the token. A page of another origin cannot set it.
const TOKEN: HeaderName = HeaderName::from_static("henge-console");
const TOKEN_BYTES: usize = 16;

/// A random text that a browser has to know.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    pub(super) fn draw() -> io::Result<Token> {
        let mut bytes = [0; TOKEN_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Token(hex(&bytes)))
    }

    /// True of the same text; takes as long for each text of the same length.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        own.len() == given.len() && own.iter().zip(given).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The reason to refuse a request, if it does not come from a page of the console itself.
pub(super) fn refuse_stranger(headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let Some(host) = text(header::HOST).filter(|host| is_loopback(host)) else {
        return Some("the Host must be an address of loopback, or localhost");
    };
    let is_own = |origin: &str| origin.strip_prefix("http://") == Some(host);
    if text(header::ORIGIN).is_some_and(|origin| !is_own(origin)) {
        return Some("requests of other pages are refused");
    }
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return Some("requests of other pages are refused");
    }
    None
}

/// An answer that says why there is no other.
pub(super) fn refusal(status: StatusCode, kind: FailureKind, reason: impl fmt::Display) -> Response {
    (status, Json(Failure::new(kind, reason))).into_response()
}

/// True if a request has the token.
pub(super) fn has_token(headers: &HeaderMap, token: &Token) -> bool {
    headers.get(TOKEN).is_some_and(|given| token.is(given.as_bytes()))
}

/// True for `localhost`, `127.0.0.1`, `[::1]` and their like, with a port or without.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        all.iter().map(pair).collect()
    }

    #[test]
    fn only_pages_of_the_console_are_answered() {
        let host = ("host", "127.0.0.1:7201");
        for good in [
            &[host][..],
            &[("host", "localhost:8000")],
            &[host, ("origin", "http://127.0.0.1:7201")],
            &[host, ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "none")],
        ] {
            assert_eq!(refuse_stranger(&headers(good)), None, "{good:?}");
        }
        for bad in [
            &[][..],
            &[("host", "example.org")],
            &[("host", "127.0.0.1.example.org")],
            &[host, ("origin", "http://example.org")],
            &[host, ("origin", "http://127.0.0.1:80")],
            &[host, ("origin", "null")],
            &[host, ("sec-fetch-site", "cross-site")],
            &[host, ("sec-fetch-site", "same-site")],
        ] {
            assert!(refuse_stranger(&headers(bad)).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_token_is_drawn_anew_and_compared_whole() {
        let token = Token::draw().unwrap();
        assert!(token.0.len() == 2 * TOKEN_BYTES && token != Token::draw().unwrap());
        assert!(token.is(token.0.as_bytes()));
        assert!(!token.is(b"") && !token.is(&token.0.as_bytes()[1..]) && !token.is(&[b'x'; 2 * TOKEN_BYTES]));
    }
}
