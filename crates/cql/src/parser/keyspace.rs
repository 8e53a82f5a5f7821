//! Statements about keyspaces.

use super::Parser;
use crate::error::Error;
use crate::statement::{AlterKeyspace, CreateKeyspace, DropKeyspace, Use};

impl Parser<'_> {
    pub(super) fn use_keyspace(&mut self) -> Result<Use, Error> {
        self.expect_word("USE")?;
        Ok(Use { keyspace: self.name("a keyspace")? })
    }

    /// Parses what follows `CREATE KEYSPACE`.
    pub(super) fn create_keyspace(&mut self) -> Result<CreateKeyspace, Error> {
        let if_not_exists = self.if_not_exists()?;
        Ok(CreateKeyspace { if_not_exists, name: self.name("a keyspace")?, properties: self.with_properties()? })
    }

    /// Parses what follows `ALTER KEYSPACE`.
    pub(super) fn alter_keyspace(&mut self) -> Result<AlterKeyspace, Error> {
        let if_exists = self.if_exists()?;
        Ok(AlterKeyspace { if_exists, name: self.name("a keyspace")?, properties: self.with_properties()? })
    }

    /// Parses what follows `DROP KEYSPACE`.
    pub(super) fn drop_keyspace(&mut self) -> Result<DropKeyspace, Error> {
        Ok(DropKeyspace { if_exists: self.if_exists()?, name: self.name("a keyspace")? })
    }
}
