//! Statements about materialized views.

use super::Parser;
use crate::error::{Error, Position};
use crate::statement::{CreateView, ViewStatement};

impl Parser<'_> {
    /// Skips `CREATE MATERIALIZED VIEW` and the like and returns true, if the second word is `MATERIALIZED`.
    pub(super) fn at_view(&mut self) -> Result<bool, Error> {
        if !self.following.is_word("MATERIALIZED") {
            return Ok(false);
        }
        self.advance();
        self.advance();
        self.expect_word("VIEW").map(|()| true)
    }

    /// Parses what follows `CREATE MATERIALIZED VIEW`.
    pub(super) fn create_view(&mut self, position: Position) -> Result<ViewStatement, Error> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.qualified_name("the name of a view")?;
        self.expect_word("AS")?;
        self.expect_word("SELECT")?;
        let items = if self.take_symbol("*") { Vec::new() } else { self.comma_separated(Self::select_item)? };
        self.expect_word("FROM")?;
        let table = self.table_name()?;
        let relations = self.where_clause()?;
        self.expect_word("PRIMARY")?;
        self.expect_word("KEY")?;
        let mut view = CreateView {
            name,
            if_not_exists,
            items,
            table,
            relations,
            primary_key: self.primary_key()?,
            clustering_order: Vec::new(),
            properties: Vec::new(),
            position,
        };
        if self.take_word("WITH") {
            self.view_option(&mut view)?;
            while self.take_word("AND") {
                self.view_option(&mut view)?;
            }
        }
        Ok(ViewStatement::Create(Box::new(view)))
    }

    fn view_option(&mut self, view: &mut CreateView) -> Result<(), Error> {
        let position = self.position();
        if self.take_words("COMPACT", "STORAGE") {
            return Err(Error::syntax(position, "a view cannot have COMPACT STORAGE"));
        }
        if self.take_words("CLUSTERING", "ORDER") {
            view.clustering_order.extend(self.clustering_order()?);
        } else {
            view.properties.push(self.property()?);
        }
        Ok(())
    }

    /// Parses what follows `ALTER MATERIALIZED VIEW`.
    pub(super) fn alter_view(&mut self) -> Result<ViewStatement, Error> {
        let if_exists = self.if_exists()?;
        let name = self.qualified_name("the name of a view")?;
        Ok(ViewStatement::Alter { name, if_exists, properties: self.with_properties()? })
    }

    /// Parses what follows `DROP MATERIALIZED VIEW`.
    pub(super) fn drop_view(&mut self) -> Result<ViewStatement, Error> {
        let if_exists = self.if_exists()?;
        Ok(ViewStatement::Drop { name: self.qualified_name("the name of a view")?, if_exists })
    }
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, parse};

    #[test]
    fn views_are_read() {
        for text in [
            "CREATE MATERIALIZED VIEW v AS SELECT * FROM t WHERE k IS NOT NULL AND c = 1 PRIMARY KEY (c, k)",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS ks.v AS SELECT a, b AS x FROM ks.t PRIMARY KEY ((a, b), c) \
             WITH comment = 'x' AND CLUSTERING ORDER BY (c DESC) AND ID = 5a1c395e-b41f-11e5-9f22-ba0be0483c18",
            "ALTER MATERIALIZED VIEW IF EXISTS v WITH comment = 'x' AND gc_grace_seconds = 5",
            "DROP MATERIALIZED VIEW IF EXISTS ks.v;",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn mistakes_in_them_have_a_place() {
        for (text, message) in [
            ("DROP MATERIALIZED v", "line 1:18 expected VIEW, found 'v'"),
            (
                "CREATE MATERIALIZED VIEW v AS SELECT DISTINCT k FROM t PRIMARY KEY (k)",
                "line 1:46 expected FROM, found 'k'",
            ),
            (
                "CREATE MATERIALIZED VIEW v AS SELECT k FROM t LIMIT 5 PRIMARY KEY (k)",
                "line 1:46 expected PRIMARY, found 'LIMIT'",
            ),
            ("CREATE MATERIALIZED VIEW v AS SELECT k FROM t PRIMARY KEY k", "line 1:58 expected '(', found 'k'"),
            (
                "CREATE MATERIALIZED VIEW v AS SELECT k FROM t PRIMARY KEY (k) WITH COMPACT STORAGE",
                "line 1:67 a view cannot have COMPACT STORAGE",
            ),
            ("ALTER MATERIALIZED VIEW v", "line 1:25 expected WITH, found the end of the text"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.kind, error.message), (ErrorKind::Syntax, message.to_owned()), "{text}");
        }
    }
}
