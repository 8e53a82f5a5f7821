//! Statements about triggers.

use super::Parser;
use crate::error::{Error, Position};
use crate::statement::TriggerStatement;

impl Parser<'_> {
    /// Parses what follows `CREATE TRIGGER`.
    pub(super) fn create_trigger(&mut self, position: Position) -> Result<TriggerStatement, Error> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.name("a trigger")?;
        self.expect_word("ON")?;
        let table = self.table_name()?;
        self.expect_word("USING")?;
        let class = self.string("the name of a class in quotes")?;
        Ok(TriggerStatement::Create { name, if_not_exists, table, class, position })
    }

    /// Parses what follows `DROP TRIGGER`.
    pub(super) fn drop_trigger(&mut self) -> Result<TriggerStatement, Error> {
        let if_exists = self.if_exists()?;
        let name = self.name("a trigger")?;
        self.expect_word("ON")?;
        Ok(TriggerStatement::Drop { name, if_exists, table: self.table_name()? })
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn triggers_are_read_and_mistakes_have_a_place() {
        assert!(parse("CREATE TRIGGER IF NOT EXISTS \"T\" ON ks.t USING 'org.example.T'").is_ok());
        assert!(parse("DROP TRIGGER IF EXISTS t ON t;").is_ok());
        let message = |text: &str| parse(text).unwrap_err().message;
        assert_eq!(message("DROP TRIGGER t"), "line 1:14 expected ON, found the end of the text");
        assert_eq!(
            message("CREATE TRIGGER t ON t USING x"),
            "line 1:28 expected the name of a class in quotes, found 'x'"
        );
    }
}
