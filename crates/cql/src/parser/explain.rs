//! EXPLAIN.

use super::Parser;
use crate::error::Error;
use crate::statement::{Explain, Statement};

impl Parser<'_> {
    pub(super) fn explain(&mut self) -> Result<Explain, Error> {
        self.advance();
        let analyzes = self.take_word("ANALYZE");
        let position = self.position();
        if self.at_word("BEGIN") {
            // cqlsh cuts it at its semicolons and runs what follows the first, so it is better not tried.
            let error = Error::syntax(position, "EXPLAIN is for one statement, and this is a batch");
            return Err(error.with_hint(Some("explain each statement of it by itself")));
        }
        if !["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|word| self.at_word(word)) {
            return Err(self.unexpected_token("SELECT, INSERT, UPDATE or DELETE"));
        }
        let statement: Box<Statement> = Box::new(self.statement()?);
        Ok(Explain { analyzes, statement, position })
    }
}
