//! Masks of columns.

use super::Parser;
use crate::error::Error;
use crate::statement::{AlterTableChange, Arguments, MaskCall, MaskClause, Term, TermKind};

impl Parser<'_> {
    /// Parses `MASKED WITH DEFAULT` or `MASKED WITH f(...)`, if present.
    pub(super) fn column_mask(&mut self) -> Result<Option<MaskClause>, Error> {
        let position = self.position();
        if !self.take_words("MASKED", "WITH") {
            return Ok(None);
        }
        // A function or its keyspace may be called `default` too.
        let is_name = self.following.is_symbol("(") || self.following.is_symbol(".");
        let call = if !is_name && self.take_word("DEFAULT") { None } else { Some(self.mask_call()?) };
        Ok(Some(MaskClause { call, position }))
    }

    fn mask_call(&mut self) -> Result<MaskCall, Error> {
        let position = self.position();
        let expected = || Error::syntax(position, "expected DEFAULT or a function with its arguments");
        match self.column_or_call()? {
            TermKind::Call { keyspace, function, arguments: Arguments::Terms(arguments) } => {
                match arguments.iter().find_map(column_in) {
                    Some(column) => Err(Error::syntax(column.position, "a mask has nothing of other columns")),
                    None => Ok(MaskCall { keyspace, function, arguments }),
                }
            }
            _ => Err(expected()),
        }
    }

    /// Parses what follows `ALTER TABLE t ALTER`: a change of a column's mask, or of its type, which is refused later.
    pub(super) fn column_change(&mut self) -> Result<AlterTableChange, Error> {
        let if_exists = self.if_exists()?;
        let column = self.name("a column")?;
        if !if_exists && self.take_word("TYPE") {
            self.type_name()?;
            return Ok(AlterTableChange::Retype(column));
        }
        if self.take_words("DROP", "MASKED") {
            return Ok(AlterTableChange::Mask { if_exists, column, masked: None });
        }
        match self.column_mask()? {
            Some(masked) => Ok(AlterTableChange::Mask { if_exists, column, masked: Some(masked) }),
            None => Err(self.unexpected_token("MASKED WITH or DROP MASKED")),
        }
    }
}

/// The first column that occurs in a term.
fn column_in(term: &Term) -> Option<&Term> {
    match &term.kind {
        TermKind::Column(_) => Some(term),
        TermKind::List(parts) | TermKind::Set(parts) | TermKind::Tuple(parts) => parts.iter().find_map(column_in),
        TermKind::Map(entries) => entries.iter().find_map(|(key, value)| column_in(key).or_else(|| column_in(value))),
        TermKind::UserType(fields) => fields.iter().find_map(|(_, value)| column_in(value)),
        TermKind::Call { arguments: Arguments::Terms(terms), .. } => terms.iter().find_map(column_in),
        TermKind::Hinted { term, .. } | TermKind::Cast { term, .. } | TermKind::Negated(term) => column_in(term),
        TermKind::Arithmetic { left, right, .. } => column_in(left).or_else(|| column_in(right)),
        TermKind::Field { of, .. } => column_in(of),
        TermKind::Element { of, key } => column_in(of).or_else(|| column_in(key)),
        TermKind::Slice { of, from, to } => {
            let bounds = || [from, to].into_iter().flatten().find_map(|bound| column_in(bound));
            column_in(of).or_else(bounds)
        }
        _ => None,
    }
}
