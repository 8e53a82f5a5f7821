//! SELECT.

use super::Parser;
use crate::error::Error;
use crate::statement::{OrderBy, Select, SelectItem};

impl Parser<'_> {
    pub(super) fn select(&mut self) -> Result<Select, Error> {
        self.expect_word("SELECT")?;
        let json = self.take_modifier("JSON").then_some(self.position());
        let distinct = self.take_modifier("DISTINCT").then_some(self.position());
        let items = if self.take_symbol("*") { Vec::new() } else { self.comma_separated(Self::select_item)? };
        self.expect_word("FROM")?;
        let table = self.table_name()?;
        let relations = self.where_clause()?;
        let group_by = if self.take_words("GROUP", "BY") { self.comma_separated(Self::term)? } else { Vec::new() };
        let order_by = if self.take_words("ORDER", "BY") { self.comma_separated(Self::order_by)? } else { Vec::new() };
        let per_partition_limit = match self.take_word("PER") {
            true => {
                self.expect_word("PARTITION")?;
                self.expect_word("LIMIT")?;
                Some(self.term()?)
            }
            false => None,
        };
        let limit = if self.take_word("LIMIT") { Some(self.term()?) } else { None };
        let allow_filtering = self.take_word("ALLOW");
        if allow_filtering {
            self.expect_word("FILTERING")?;
        }
        Ok(Select {
            json,
            distinct,
            items,
            table,
            relations,
            group_by,
            order_by,
            per_partition_limit,
            limit,
            allow_filtering,
        })
    }

    /// Skips JSON or DISTINCT and returns true, unless it is a column's name: that is so if no expression can begin
    /// after it.
    fn take_modifier(&mut self, keyword: &str) -> bool {
        let is_name = [",", ".", "+", "/", "%"].iter().any(|s| self.following.is_symbol(s))
            || self.following.is_word("FROM")
            || self.following.is_word("AS") && !self.at_column_called_as();
        !is_name && self.take_word(keyword)
    }

    /// True if the AS that follows is a column's name and not the keyword.
    fn at_column_called_as(&self) -> bool {
        let mut ahead = *self;
        ahead.advance();
        ahead.advance();
        ahead.at_word("FROM") || ahead.at_symbol(",")
    }

    pub(super) fn select_item(&mut self) -> Result<SelectItem, Error> {
        let term = self.term()?;
        let alias = if self.take_word("AS") { Some(self.name("an alias")?) } else { None };
        Ok(SelectItem { term, alias })
    }

    fn order_by(&mut self) -> Result<OrderBy, Error> {
        let column = self.column()?;
        let nearest_to = match self.take_word("ANN") {
            true => {
                self.expect_word("OF")?;
                Some(self.term()?)
            }
            false => None,
        };
        let descending = self.take_word("DESC");
        if !descending {
            self.take_word("ASC");
        }
        Ok(OrderBy { column, descending, nearest_to })
    }
}
