//! BATCH.

use super::Parser;
use crate::error::Error;
use crate::limits;
use crate::statement::{Batch, BatchKind};

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
            statements.push(self.modify_statement("INSERT, UPDATE, DELETE or APPLY BATCH")?);
            while self.take_symbol(";") {}
        }
        self.expect_word("BATCH")?;
        Ok(Batch { kind, using, statements, position })
    }
}
