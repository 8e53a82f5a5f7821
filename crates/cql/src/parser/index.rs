//! Statements about secondary indexes.

use super::Parser;
use crate::error::{Error, Position};
use crate::statement::{CreateIndex, DropIndex, IndexTarget};
use henge_model::IndexedPart;

impl Parser<'_> {
    /// Parses what follows `CREATE [CUSTOM] INDEX`. `position` is that of the statement.
    pub(super) fn create_index(&mut self, custom: bool, position: Position) -> Result<CreateIndex, Error> {
        let if_not_exists = self.if_not_exists()?;
        let name = if self.at_word("ON") { None } else { Some(self.name("an index name")?) };
        self.expect_word("ON")?;
        let table = self.table_name()?;
        let targets = self.in_parentheses(Self::index_target)?;
        let using = if self.take_word("USING") { Some(self.string("the class of an index")?) } else { None };
        let properties = if self.at_word("WITH") { self.with_properties()? } else { Vec::new() };
        Ok(CreateIndex { custom, if_not_exists, name, table, targets, using, properties, position })
    }

    fn index_target(&mut self) -> Result<IndexTarget, Error> {
        const PARTS: [(&str, IndexedPart); 4] = [
            ("KEYS", IndexedPart::Keys),
            ("VALUES", IndexedPart::Values),
            ("ENTRIES", IndexedPart::Entries),
            ("FULL", IndexedPart::Full),
        ];
        let part = PARTS.iter().find(|(word, _)| self.at_word(word) && self.following.is_symbol("("));
        let Some((_, part)) = part else {
            return Ok(IndexTarget { part: None, column: self.name("a column")? });
        };
        self.advance();
        self.expect_symbol("(")?;
        let column = self.name("a column")?;
        self.expect_symbol(")")?;
        Ok(IndexTarget { part: Some(*part), column })
    }

    /// Parses what follows `DROP INDEX`.
    pub(super) fn drop_index(&mut self) -> Result<DropIndex, Error> {
        Ok(DropIndex { if_exists: self.if_exists()?, name: self.qualified_name("an index name")? })
    }
}
