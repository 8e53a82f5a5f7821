//! Statements about user types.

use super::Parser;
use crate::error::Error;
use crate::keyword::names_user_type;
use crate::lexer::Kind;
use crate::statement::{AlterType, AlterTypeChange, CreateType, DropType, Name, TableName, TypeName};
use henge_model::DataType;

impl Parser<'_> {
    /// Parses what follows `CREATE TYPE`.
    pub(super) fn create_type(&mut self) -> Result<CreateType, Error> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.user_type_name()?;
        if DataType::native(&name.name.text).is_some() {
            let message = format!("{} is a native type and names no other", name.name.text);
            return Err(Error::syntax(name.name.position, message));
        }
        self.expect_symbol("(")?;
        let mut fields = vec![self.field()?];
        while self.take_symbol(",") {
            // A trailing comma is ignored, as are repeated ones.
            if !self.at_symbol(",") && !self.at_symbol(")") {
                fields.push(self.field()?);
            }
        }
        self.expect_symbol(")")?;
        Ok(CreateType { name, if_not_exists, fields })
    }

    /// Parses the `name` or `keyspace.name` of a user type. Some words that are names elsewhere need quotes here.
    pub(super) fn user_type_name(&mut self) -> Result<TableName, Error> {
        let keyspace = match self.following.is_symbol(".") {
            true => {
                let keyspace = self.name("a keyspace")?;
                self.expect_symbol(".")?;
                Some(keyspace)
            }
            false => None,
        };
        let bare = self.token.kind == Kind::Word;
        let name = self.name("a type name")?;
        if bare && !names_user_type(&name.text) {
            let message = format!("'{}' names no type of users; quote it to use it as a name", name.text);
            return Err(Error::syntax(name.position, message));
        }
        Ok(TableName { keyspace, name })
    }

    fn field(&mut self) -> Result<(Name, TypeName), Error> {
        Ok((self.name("a field")?, self.type_name()?))
    }

    /// Parses what follows `ALTER TYPE`.
    pub(super) fn alter_type(&mut self) -> Result<AlterType, Error> {
        let if_exists = self.if_exists()?;
        let name = self.user_type_name()?;
        let position = self.position();
        Ok(AlterType { name, if_exists, position, change: self.type_change()? })
    }

    fn type_change(&mut self) -> Result<AlterTypeChange, Error> {
        if self.take_word("ADD") {
            let if_not_exists = self.if_not_exists()?;
            let (field, data_type) = self.field()?;
            Ok(AlterTypeChange::Add { if_not_exists, field, data_type })
        } else if self.take_word("RENAME") {
            let (if_exists, names) = self.renames("a field")?;
            Ok(AlterTypeChange::Rename { if_exists, names })
        } else if self.take_word("ALTER") {
            self.name("a field")?;
            self.expect_word("TYPE")?;
            self.type_name()?;
            Ok(AlterTypeChange::Retype)
        } else {
            Err(self.unexpected_token("ADD, RENAME or ALTER"))
        }
    }

    /// Parses what follows `DROP TYPE`.
    pub(super) fn drop_type(&mut self) -> Result<DropType, Error> {
        Ok(DropType { if_exists: self.if_exists()?, name: self.user_type_name()? })
    }
}
