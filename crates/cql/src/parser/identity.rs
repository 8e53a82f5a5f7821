//! `ADD IDENTITY` and `DROP IDENTITY`.

use super::Parser;
use super::access::plain;
use crate::error::Error;
use crate::lexer::Kind;
use crate::statement::IdentityStatement;

impl Parser<'_> {
    /// Parses `ADD IDENTITY`.
    pub(super) fn add_identity(&mut self) -> Result<IdentityStatement, Error> {
        let position = self.position();
        self.expect_word("ADD")?;
        self.expect_word("IDENTITY")?;
        let if_not_exists = self.if_not_exists()?;
        let identity = self.identity("an identity")?;
        self.expect_word("TO")?;
        self.expect_word("ROLE")?;
        Ok(IdentityStatement::Add { identity, role: self.identity("a role")?, if_not_exists, position })
    }

    /// Parses what follows `DROP IDENTITY`.
    pub(super) fn drop_identity(&mut self) -> Result<IdentityStatement, Error> {
        let if_exists = self.if_exists()?;
        Ok(IdentityStatement::Drop { identity: self.identity("an identity")?, if_exists })
    }

    /// Parses a string, or a bare word with its case kept. Double quotes are refused.
    fn identity(&mut self, what: &str) -> Result<String, Error> {
        match self.token.kind {
            Kind::QuotedName => Err(plain("Quoted strings are are not supported for identity")),
            Kind::Word => {
                let written = self.token.text.to_owned();
                self.name(what).map(|_| written)
            }
            _ => self.string(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;
    use crate::statement::{IdentityStatement, Statement};

    #[test]
    fn identities_are_strings_or_words_as_written() {
        let Ok(Statement::Identity(IdentityStatement::Add { identity, role, .. })) =
            parse("ADD IDENTITY IF NOT EXISTS 'spiffe://a/b' TO ROLE Reader")
        else {
            panic!("no identity")
        };
        assert_eq!((identity.as_str(), role.as_str()), ("spiffe://a/b", "Reader"));
        assert!(parse("DROP IDENTITY IF EXISTS 'a'").is_ok());
        assert_eq!(
            parse("DROP IDENTITY \"a\"").unwrap_err().message,
            "Quoted strings are are not supported for identity"
        );
        assert_eq!(parse("ADD IDENTITY 'a' TO 'r'").unwrap_err().message, "line 1:20 expected ROLE, found ''r''");
    }
}
