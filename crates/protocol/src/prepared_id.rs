//! The id of a prepared statement: the same on every node, and after every restart.

use crate::md5::md5;

/// A prepared statement's id, or a result metadata's: 16 bytes.
pub type StatementId = [u8; 16];

/// The id of `text` prepared with `keyspace` in effect. None and an empty one give the same id.
pub fn prepared_id(keyspace: Option<&str>, text: &str) -> StatementId {
    let keyspace = keyspace.unwrap_or("");
    let mut named = Vec::with_capacity(keyspace.len() + 1 + text.len());
    named.extend_from_slice(keyspace.as_bytes());
    // Keyspace names contain no NUL, so that no other pair of keyspace and text gives the same bytes.
    named.push(0);
    named.extend_from_slice(text.as_bytes());
    md5(&named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_by_keyspace_and_text() {
        let id = prepared_id(Some("ks"), "SELECT 1");
        assert_eq!(id, prepared_id(Some("ks"), "SELECT 1"));
        assert_ne!(id, prepared_id(None, "SELECT 1"));
        assert_ne!(id, prepared_id(Some("k"), "sSELECT 1"));
        assert_eq!(prepared_id(None, "x"), prepared_id(Some(""), "x"));
    }
}
