//! A statement that writes, by its effects on cells.

use super::place::{Cell, Column, Partition, Row, Slice};
use crate::history::Ending;
use henge_base::Micros;
use henge_model::Consistency;

/// One effect of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Puts a value into a cell; of the static row if `row` is `None`.
    Put { row: Option<Row>, cell: Cell, value: i64, expires: Option<i64> },
    /// Deletes everything of an area that is not newer.
    Delete { area: Area, at: Micros },
}

/// The cells that a deletion covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// All rows, the static one too.
    Partition,
    Rows(Slice),
    Row(Row),
    /// All elements of a collection.
    Collection(Option<Row>, Column),
    Cell(Option<Row>, Cell),
}

impl Area {
    /// True if a cell lies within.
    pub(crate) fn covers(&self, row: Option<Row>, cell: Cell) -> bool {
        match *self {
            Area::Partition => true,
            Area::Rows(slice) => row.is_some_and(|row| slice.holds(row)),
            Area::Row(deleted) => row == Some(deleted),
            Area::Collection(of, column) => row == of && cell.column() == Some(column),
            Area::Cell(of, deleted) => row == of && cell == deleted,
        }
    }
}

/// A statement that writes to one partition, and its outcome.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) partition: Partition,
    pub(crate) effects: Vec<Effect>,
    /// The text; only printed with a violation.
    pub(crate) text: String,
    pub(crate) consistency: Consistency,
    /// The timestamp that the client gave; unique.
    pub(crate) stamp: Micros,
    /// The beginning, in simulated microseconds.
    pub(crate) began: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) ending: Ending,
    /// The error that the client was told; empty if there was none.
    pub(crate) told: String,
}
