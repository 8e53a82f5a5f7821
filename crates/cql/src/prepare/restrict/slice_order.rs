//! The order of relations on clustering columns: none may follow a column with a slice.

use crate::error::Error;
use crate::plan::Restriction;
use crate::prepare::restrict::probe;
use henge_model::{Column, ColumnKind, Table};

/// The statement that a WHERE clause is of, as far as it decides which relations are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause<'s> {
    /// A SELECT that allows filters.
    Filtered,
    /// A SELECT that allows none but what an index answers.
    Unfiltered,
    /// A write, which has neither filter nor index; its name is UPDATE or DELETE.
    Write(&'s str),
}

/// The earlier relations of a WHERE clause on clustering columns.
pub(super) struct SliceOrder<'t> {
    table: &'t Table,
    clause: Clause<'t>,
    /// The place of the relation on the last column of those restricted so far.
    last: Option<usize>,
}

impl<'t> SliceOrder<'t> {
    pub(super) fn new(table: &'t Table, clause: Clause<'t>) -> Self {
        SliceOrder { table, clause, last: None }
    }

    /// Refuses a relation on a column that comes after one with a slice. Relations from `known` on are new.
    pub(super) fn check(&mut self, all: &[Restriction], known: usize) -> Result<(), Error> {
        for (number, restriction) in all.iter().enumerate().skip(known) {
            let is_clustering = restriction.columns.iter().any(|c| c.kind == ColumnKind::Clustering);
            if !is_clustering || self.clause == Clause::Filtered {
                continue;
            }
            let last = self.last.and_then(|last| all.get(last));
            let is_passed_over =
                self.clause == Clause::Unfiltered && probe::supporting(self.table, restriction).is_some();
            if let Some(last) = last.filter(|_| !is_passed_over) {
                self.check_pair(last, restriction, &all[..number])?;
            }
            if last.is_none_or(|last| self.place(restriction) >= self.place(last)) {
                self.last = Some(number);
            }
        }
        Ok(())
    }

    fn place_of(&self, column: &Column) -> Option<usize> {
        self.table.clustering.iter().position(|c| c.id == column.id)
    }

    fn place(&self, restriction: &Restriction) -> Option<usize> {
        restriction.columns.first().and_then(|column| self.place_of(column))
    }

    fn check_pair(&self, last: &Restriction, new: &Restriction, earlier: &[Restriction]) -> Result<(), Error> {
        let refuse = |kind: &str, refused: &str, slice: &Restriction| {
            let slice = &slice.columns[0].name;
            let message = format!(
                "{kind} column \"{refused}\" cannot be restricted (preceding column \"{slice}\" is restricted by a non-EQ relation)"
            );
            Err(Error::invalid(message).at(new.position))
        };
        if last.is_slice() && self.place(new) > self.place(last) {
            return refuse("Clustering", &new.columns[0].name, last);
        }
        if new.is_slice() && self.place(new) < self.place(last) {
            let columns = earlier.iter().flat_map(|r| &r.columns);
            let behind = columns.filter(|c| self.place_of(c) > self.place(new));
            let next = behind.min_by_key(|c| self.place_of(c)).unwrap_or(&last.columns[0]);
            return refuse("PRIMARY KEY", &next.name, new);
        }
        Ok(())
    }
}
