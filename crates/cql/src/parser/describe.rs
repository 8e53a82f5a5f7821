//! DESCRIBE.

use super::Parser;
use crate::error::Error;
use crate::lexer::Kind;
use crate::statement::{Describe, DescribeSubject, Name, TableName};

/// Constructor of a subject that has a name.
type SubjectOfName = fn(TableName) -> DescribeSubject;

impl Parser<'_> {
    pub(super) fn describe(&mut self) -> Result<Describe, Error> {
        let position = self.position();
        self.advance();
        let subject = self.describe_subject()?;
        let internals = self.take_word("WITH");
        if internals {
            self.expect_word("INTERNALS")?;
        }
        Ok(Describe { subject, internals, position })
    }

    fn describe_subject(&mut self) -> Result<DescribeSubject, Error> {
        if let Some(list) = self.described_list()? {
            return Ok(list);
        }
        if self.take_words("ONLY", "KEYSPACE") || self.take_words("ONLY", "SCHEMA") {
            return Ok(DescribeSubject::Keyspace { name: self.optional_keyspace()?, only: true });
        }
        if self.take_word("KEYSPACE") {
            return Ok(DescribeSubject::Keyspace { name: self.optional_keyspace()?, only: false });
        }
        if self.take_words("MATERIALIZED", "VIEW") {
            return self.table_name().map(DescribeSubject::View);
        }
        let kinds: [(&str, SubjectOfName); 3] = [
            ("TABLE", DescribeSubject::Table),
            ("COLUMNFAMILY", DescribeSubject::Table),
            ("INDEX", DescribeSubject::Index),
        ];
        if self.at_word("TYPE") && !self.following_ends() {
            self.advance();
            return self.user_type_name().map(DescribeSubject::Type);
        }
        let functions: [(&str, SubjectOfName); 2] =
            [("FUNCTION", DescribeSubject::Function), ("AGGREGATE", DescribeSubject::Aggregate)];
        for (keyword, subject) in functions {
            if self.at_word(keyword) && !self.following_ends() {
                self.advance();
                return self.function_name().map(subject);
            }
        }
        for (keyword, subject) in kinds {
            if self.at_word(keyword) && !self.following_ends() {
                self.advance();
                return self.qualified_name("a name").map(subject);
            }
        }
        self.qualified_name("what to describe").map(DescribeSubject::Any)
    }

    /// Parses the subjects that consist of one or two keywords and no name.
    fn described_list(&mut self) -> Result<Option<DescribeSubject>, Error> {
        let lists = [
            ("CLUSTER", DescribeSubject::Cluster),
            ("KEYSPACES", DescribeSubject::Keyspaces),
            ("TABLES", DescribeSubject::Tables),
            ("COLUMNFAMILIES", DescribeSubject::Tables),
            ("TYPES", DescribeSubject::Types),
            ("FUNCTIONS", DescribeSubject::Functions),
            ("AGGREGATES", DescribeSubject::Aggregates),
            ("SCHEMA", DescribeSubject::Schema { full: false }),
        ];
        if self.take_words("FULL", "SCHEMA") {
            return Ok(Some(DescribeSubject::Schema { full: true }));
        }
        // In `tables.x`, `tables` is the name of a keyspace.
        if self.following.is_symbol(".") {
            return Ok(None);
        }
        let found = lists.into_iter().find(|(keyword, _)| self.at_word(keyword));
        Ok(found.map(|(_, subject)| {
            self.advance();
            subject
        }))
    }

    fn optional_keyspace(&mut self) -> Result<Option<Name>, Error> {
        let ends = self.token.kind == Kind::End || self.at_symbol(";") || self.at_word("WITH");
        if ends { Ok(None) } else { self.name("a keyspace").map(Some) }
    }

    fn following_ends(&self) -> bool {
        self.following.kind == Kind::End || self.following.is_symbol(";") || self.following.is_symbol(".")
    }
}
