//! Statements about tables.

use super::Parser;
use crate::error::Error;
use crate::statement::{AlterTable, AlterTableChange, ColumnDefinition, CreateTable, DropTable, Name, Term, Truncate};

impl Parser<'_> {
    /// Parses what follows `CREATE TABLE`.
    pub(super) fn create_table(&mut self) -> Result<CreateTable, Error> {
        let if_not_exists = self.if_not_exists()?;
        let mut create = CreateTable {
            if_not_exists,
            table: self.table_name()?,
            columns: Vec::new(),
            primary_keys: Vec::new(),
            clustering_order: Vec::new(),
            compact_storage: None,
            properties: Vec::new(),
        };
        self.expect_symbol("(")?;
        self.table_element(&mut create)?;
        while self.take_symbol(",") {
            // A trailing comma is ignored, as are repeated ones.
            if !self.at_symbol(",") && !self.at_symbol(")") {
                self.table_element(&mut create)?;
            }
        }
        self.expect_symbol(")")?;
        if self.take_word("WITH") {
            self.table_option(&mut create)?;
            while self.take_word("AND") {
                self.table_option(&mut create)?;
            }
        }
        Ok(create)
    }

    fn table_element(&mut self, create: &mut CreateTable) -> Result<(), Error> {
        if self.take_words("PRIMARY", "KEY") {
            create.primary_keys.push(self.primary_key()?);
        } else {
            create.columns.push(self.column_definition()?);
        }
        Ok(())
    }

    /// Parses `(a, b)` or `((a, b), c)` into partition key and clustering columns.
    pub(super) fn primary_key(&mut self) -> Result<(Vec<Name>, Vec<Name>), Error> {
        self.expect_symbol("(")?;
        let partition = match self.at_symbol("(") {
            true => self.in_parentheses(|p| p.name("a column"))?,
            false => vec![self.name("a column")?],
        };
        let mut clustering = Vec::new();
        while self.take_symbol(",") {
            clustering.push(self.name("a column")?);
        }
        self.expect_symbol(")")?;
        Ok((partition, clustering))
    }

    fn column_definition(&mut self) -> Result<ColumnDefinition, Error> {
        let name = self.name("a column or PRIMARY KEY")?;
        let data_type = self.type_name()?;
        let is_static = self.take_word("STATIC");
        let masked = self.column_mask()?;
        let is_primary_key = self.take_words("PRIMARY", "KEY");
        Ok(ColumnDefinition { name, data_type, is_static, masked, is_primary_key })
    }

    fn table_option(&mut self, create: &mut CreateTable) -> Result<(), Error> {
        let position = self.position();
        if self.take_words("COMPACT", "STORAGE") {
            create.compact_storage = Some(position);
        } else if self.take_words("CLUSTERING", "ORDER") {
            create.clustering_order.extend(self.clustering_order()?);
        } else {
            create.properties.push(self.property()?);
        }
        Ok(())
    }

    /// Parses what follows `CLUSTERING ORDER`: columns, each with true for DESC.
    pub(super) fn clustering_order(&mut self) -> Result<Vec<(Name, bool)>, Error> {
        self.expect_word("BY")?;
        self.in_parentheses(|p| {
            let column = p.name("a column")?;
            let descending = p.take_word("DESC");
            if !descending {
                p.expect_word("ASC")?;
            }
            Ok((column, descending))
        })
    }

    /// Parses what follows `ALTER TABLE`.
    pub(super) fn alter_table(&mut self) -> Result<AlterTable, Error> {
        let if_exists = self.if_exists()?;
        let table = self.table_name()?;
        let position = self.position();
        Ok(AlterTable { table, if_exists, position, change: self.table_change()? })
    }

    fn table_change(&mut self) -> Result<AlterTableChange, Error> {
        if self.take_word("ADD") {
            let if_not_exists = self.if_not_exists()?;
            let columns = self.one_or_listed(Self::column_definition)?;
            if let Some(key) = columns.iter().find(|column| column.is_primary_key) {
                return Err(Error::syntax(key.name.position, "a column cannot be added to the primary key"));
            }
            Ok(AlterTableChange::Add { if_not_exists, columns })
        } else if self.take_drop_compact_storage() {
            Ok(AlterTableChange::DropCompactStorage)
        } else if self.take_word("DROP") {
            let if_exists = self.if_exists()?;
            let columns = self.one_or_listed(|p| p.name("a column"))?;
            let timestamp = if self.take_word("USING") { Some(self.dropped_at()?) } else { None };
            Ok(AlterTableChange::Drop { if_exists, columns, timestamp })
        } else if self.take_word("RENAME") {
            let (if_exists, names) = self.renames("a column")?;
            Ok(AlterTableChange::Rename { if_exists, names })
        } else if self.at_word("WITH") {
            self.with_properties().map(AlterTableChange::With)
        } else if self.take_word("ALTER") {
            self.column_change()
        } else {
            Err(self.unexpected_token("ADD, DROP, RENAME, ALTER or WITH"))
        }
    }

    /// Skips `DROP COMPACT STORAGE` and returns true, if present. A column may be called `compact`, so two words do not
    /// decide.
    fn take_drop_compact_storage(&mut self) -> bool {
        let mut ahead = *self;
        let found = ahead.take_words("DROP", "COMPACT") && ahead.take_word("STORAGE");
        if found {
            *self = ahead;
        }
        found
    }

    /// Parses `TIMESTAMP n`, in which bind markers are not allowed.
    fn dropped_at(&mut self) -> Result<Term, Error> {
        self.expect_word("TIMESTAMP")?;
        if self.at_marker() {
            return Err(self.unexpected_token("an integer"));
        }
        self.integer_or_marker()
    }

    /// Parses `x` or `(x, y)`.
    fn one_or_listed<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        if self.at_symbol("(") { self.in_parentheses(one) } else { one(self).map(|x| vec![x]) }
    }

    /// Parses `[IF EXISTS] a TO b [AND c TO d]`.
    pub(super) fn renames(&mut self, what: &str) -> Result<(bool, Vec<(Name, Name)>), Error> {
        let if_exists = self.if_exists()?;
        let mut names = Vec::new();
        loop {
            let from = self.name(what)?;
            self.expect_word("TO")?;
            names.push((from, self.name(what)?));
            if !self.take_word("AND") {
                return Ok((if_exists, names));
            }
        }
    }

    /// Parses what follows `DROP TABLE`.
    pub(super) fn drop_table(&mut self) -> Result<DropTable, Error> {
        Ok(DropTable { if_exists: self.if_exists()?, table: self.table_name()? })
    }

    pub(super) fn truncate(&mut self) -> Result<Truncate, Error> {
        self.expect_word("TRUNCATE")?;
        if self.at_word("TABLE") || self.at_word("COLUMNFAMILY") {
            self.advance();
        }
        Ok(Truncate { table: self.table_name()? })
    }
}
