//! Values that are not shown to everybody.

use std::fmt;

/// The readers of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Everybody.
    Public,
    /// Readers of the configuration, but no client: `system_views.settings` has `<REDACTED>`, as in Cassandra.
    HiddenFromClients,
    /// Nobody: it is printed nowhere, and has no option on the command line, where other users of the machine would see it.
    Secret,
}

/// A value that is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of a text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text; `None` if it is empty.
    pub fn reveal(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let secret = Secret::new("s3cret");
        assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), (Some("s3cret"), "Secret"));
        assert_eq!(Secret::default().reveal(), None);
    }
}
