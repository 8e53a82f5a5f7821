//! AUTH_RESPONSE.

use crate::ProtocolError;
use crate::primitive::{ReadNotation, put_bytes};
use henge_base::Reader;

/// A client's token. Its `Debug` form leaves the token out, for it may hold a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthResponse<'a> {
    /// The token, as the authenticator defines it.
    pub token: Option<&'a [u8]>,
}

impl<'a> AuthResponse<'a> {
    /// Decodes the message's body.
    pub fn decode(body: &'a [u8]) -> Result<Self, ProtocolError> {
        Ok(AuthResponse { token: Reader::new(body).bytes()? })
    }

    /// A SASL PLAIN token: user and password.
    pub fn plain_token(user: &str, password: &str) -> Vec<u8> {
        [b"\0", user.as_bytes(), b"\0", password.as_bytes()].concat()
    }

    /// User and password of a SASL PLAIN token. Its authorization identity is ignored.
    pub fn credentials(&self) -> Result<(&'a str, &'a str), ProtocolError> {
        let bad = || ProtocolError::new("The token of AUTH_RESPONSE is not SASL PLAIN");
        let mut parts = self.token.ok_or_else(bad)?.split(|b| *b == 0).skip(1);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(user), Some(password), None) => {
                let text = |bytes| std::str::from_utf8(bytes).map_err(|_| bad());
                Ok((text(user)?, text(password)?))
            }
            _ => Err(bad()),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        put_bytes(out, self.token);
        Ok(())
    }
}

impl std::fmt::Debug for AuthResponse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthResponse").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_from_a_plain_token() {
        let token = AuthResponse::plain_token("cassandra", "secret");
        let response = AuthResponse { token: Some(&token) };
        assert_eq!(response.credentials(), Ok(("cassandra", "secret")));
        assert_eq!(AuthResponse { token: Some(b"x\0u\0p") }.credentials(), Ok(("u", "p")));
        for bad in [None, Some(&b""[..]), Some(b"\0u"), Some(b"\0u\0p\0"), Some(b"\0\xff\0p")] {
            assert!(AuthResponse { token: bad }.credentials().is_err());
        }
        assert!(!format!("{response:?}").contains("secret"));
    }
}
