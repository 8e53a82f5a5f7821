//! The choice of the statement by its first words.

use super::Parser;
use super::access::RoleVerb;
use crate::error::{Error, nearest};
use crate::lexer::Kind;
use crate::statement::Statement;

const FIRST_WORDS: [&str; 17] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN", "USE", "CREATE", "ALTER", "DROP", "TRUNCATE", "DESCRIBE", "DESC",
    "GRANT", "REVOKE", "LIST", "ADD", "EXPLAIN",
];

impl Parser<'_> {
    pub(super) fn statement(&mut self) -> Result<Statement, Error> {
        let first = self.token;
        let keyword = if first.kind == Kind::Word { first.text.to_ascii_uppercase() } else { String::new() };
        match keyword.as_str() {
            "SELECT" => self.select().map(Statement::Select),
            "INSERT" | "UPDATE" | "DELETE" => self.modify_statement("INSERT, UPDATE or DELETE").map(Statement::Modify),
            "BEGIN" => self.batch().map(Statement::Batch),
            "USE" => self.use_keyspace().map(Statement::Use),
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop_object(),
            "TRUNCATE" => self.truncate().map(Statement::Truncate),
            "DESCRIBE" | "DESC" => self.describe().map(Statement::Describe),
            "EXPLAIN" => self.explain().map(Statement::Explain),
            "GRANT" => self.grant(true),
            "REVOKE" => self.grant(false),
            "LIST" => self.list(),
            "ADD" => self.add_identity().map(Statement::Identity),
            _ => Err(self.no_statement()),
        }
    }

    fn create(&mut self) -> Result<Statement, Error> {
        let position = self.position();
        if self.at_role_object() {
            return self.role_statement(RoleVerb::Create);
        }
        if self.at_object("KEYSPACE", "SCHEMA") {
            return self.create_keyspace().map(Statement::CreateKeyspace);
        }
        if self.at_object("TABLE", "COLUMNFAMILY") {
            return self.create_table().map(Statement::CreateTable);
        }
        if self.at_object("TYPE", "TYPE") {
            return self.create_type().map(Statement::CreateType);
        }
        if self.at_object("INDEX", "INDEX") {
            return self.create_index(false, position).map(Statement::CreateIndex);
        }
        if self.at_object("CUSTOM", "CUSTOM") {
            self.expect_word("INDEX")?;
            return self.create_index(true, position).map(Statement::CreateIndex);
        }
        if self.at_object("TRIGGER", "TRIGGER") {
            return self.create_trigger(position).map(Statement::Trigger);
        }
        if self.at_view()? {
            return self.create_view(position).map(Statement::View);
        }
        if let Some(function) = self.create_function()? {
            return Ok(Statement::Function(function));
        }
        self.other_object()
    }

    fn alter(&mut self) -> Result<Statement, Error> {
        if self.at_role_object() {
            return self.role_statement(RoleVerb::Alter);
        }
        if self.at_object("KEYSPACE", "SCHEMA") {
            return self.alter_keyspace().map(Statement::AlterKeyspace);
        }
        if self.at_object("TABLE", "COLUMNFAMILY") {
            return self.alter_table().map(Statement::AlterTable);
        }
        if self.at_object("TYPE", "TYPE") {
            return self.alter_type().map(Statement::AlterType);
        }
        if self.at_view()? {
            return self.alter_view().map(Statement::View);
        }
        self.other_object()
    }

    fn drop_object(&mut self) -> Result<Statement, Error> {
        if self.at_role_object() {
            return self.role_statement(RoleVerb::Drop);
        }
        if self.at_object("KEYSPACE", "SCHEMA") {
            return self.drop_keyspace().map(Statement::DropKeyspace);
        }
        if self.at_object("TABLE", "COLUMNFAMILY") {
            return self.drop_table().map(Statement::DropTable);
        }
        if self.at_object("TYPE", "TYPE") {
            return self.drop_type().map(Statement::DropType);
        }
        if self.at_object("INDEX", "INDEX") {
            return self.drop_index().map(Statement::DropIndex);
        }
        if self.at_object("TRIGGER", "TRIGGER") {
            return self.drop_trigger().map(Statement::Trigger);
        }
        if self.at_object("IDENTITY", "IDENTITY") {
            return self.drop_identity().map(Statement::Identity);
        }
        if self.at_view()? {
            return self.drop_view().map(Statement::View);
        }
        if self.at_object("FUNCTION", "FUNCTION") {
            return self.drop_function(false).map(Statement::Function);
        }
        if self.at_object("AGGREGATE", "AGGREGATE") {
            return self.drop_function(true).map(Statement::Function);
        }
        self.other_object()
    }

    fn at_role_object(&self) -> bool {
        self.following.is_word("ROLE") || self.following.is_word("USER")
    }

    /// Skips both words and returns true, if the second word is `word` or `synonym`.
    fn at_object(&mut self, word: &str, synonym: &str) -> bool {
        let there = self.following.is_word(word) || self.following.is_word(synonym);
        if there {
            self.advance();
            self.advance();
        }
        there
    }

    /// The error for CREATE, ALTER or DROP of an unknown kind of object.
    fn other_object(&mut self) -> Result<Statement, Error> {
        self.advance();
        Err(self.unexpected_token("KEYSPACE, TABLE, INDEX, VIEW, TYPE, FUNCTION, AGGREGATE, TRIGGER, ROLE or USER"))
    }

    fn no_statement(&self) -> Error {
        match self.token.kind {
            Kind::End => Error::syntax(self.position(), "no statement in the text"),
            Kind::Word => self.unexpected_token("a statement").with_hint(nearest(self.token.text, FIRST_WORDS)),
            _ => self.unexpected_token("a statement"),
        }
    }
}
