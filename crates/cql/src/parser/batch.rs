//! BATCH.

use super::Parser;
use crate::error::Error;
use crate::limits;
use crate::statement::{Batch, BatchKind, Statement};

impl Parser<'_> {
    pub(super) fn batch(&mut self) -> Result<Batch, Error> {
        let position = self.position();
        self.expect_word("BEGIN")?;
        let kind = if self.take_word("UNLOGGED") {
            BatchKind::Unlogged
        } else if self.take_word("COUNTER") {
            BatchKind::Counter
        } else {
            BatchKind::Logged
        };
        self.expect_word("BATCH")?;
        let using = self.using()?;
        if let Some(ttl) = &using.ttl {
            return Err(Error::invalid("Global TTL on the BATCH statement is not supported.").at(ttl.position));
        }
        let mut statements = Vec::new();
        while !self.take_word("APPLY") {
            if statements.len() >= limits::BATCH_STATEMENTS_MAX {
                return Err(Error::invalid("too many statements in one batch").at(self.position()));
            }
            statements.push(self.batch_statement()?);
            while self.take_symbol(";") {}
        }
        self.expect_word("BATCH")?;
        Ok(Batch { kind, using, statements, position })
    }

    fn batch_statement(&mut self) -> Result<Statement, Error> {
        if self.at_word("INSERT") {
            self.insert().map(Statement::Insert)
        } else if self.at_word("UPDATE") {
            self.update().map(Statement::Update)
        } else if self.at_word("DELETE") {
            self.delete().map(Statement::Delete)
        } else {
            Err(self.unexpected_token("INSERT, UPDATE, DELETE or APPLY BATCH"))
        }
    }
}
