//! How one column of an answer is made of what is fetched.

use super::Source;
use crate::functions::Function;
use henge_model::{Column, ColumnKind, DataType, Projected, Table};

/// How one column of the answer is made.
#[derive(Clone, Debug)]
pub(crate) enum Selector {
    /// The fetched column at that place.
    Column(usize),
    /// A value that no row changes.
    Given(Source),
    Call {
        function: Function,
        arguments: Vec<Selector>,
        ordinal: u32,
    },
    /// An element of a collection: a map's value, or a set's element if it is there.
    Element {
        of: Box<Selector>,
        data_type: DataType,
        key: Source,
    },
    /// A field of a user type.
    Field {
        of: Box<Selector>,
        data_type: DataType,
        place: usize,
    },
    /// The part of a set or map between two elements or keys, both included.
    Slice {
        of: Box<Selector>,
        data_type: DataType,
        from: Option<Source>,
        to: Option<Source>,
    },
    /// All columns of the answer as one JSON object, each with its name and type.
    Json(Vec<(String, DataType, Selector)>),
    /// The timestamps or times to live of a set's or map's elements between two bounds, both included, or of one element.
    PartTimes {
        /// Those of all elements, of a collection that is not frozen; else of the whole cell.
        times: Box<Selector>,
        of: Box<Selector>,
        data_type: DataType,
        from: Option<Source>,
        to: Option<Source>,
        one: bool,
    },
    /// The timestamp or time to live of a field, if it is there.
    FieldTimes {
        times: Box<Selector>,
        of: Box<Selector>,
        /// Where the times are a list of those of all fields.
        place: Option<usize>,
    },
    /// The greatest of a list of timestamps.
    Newest(Box<Selector>),
    /// What the aggregate at that place of the plan comes to.
    Aggregate(usize),
    /// A collection, tuple or vector of what its parts select. A map's parts are keys and values in turn.
    Built {
        data_type: DataType,
        parts: Vec<Selector>,
    },
}

/// What to fetch for a column.
pub(crate) fn projected(column: &Column, table: &Table) -> Projected {
    let place = table.position(column).unwrap_or(0);
    match column.kind {
        ColumnKind::PartitionKey => Projected::PartitionKey(place),
        ColumnKind::Clustering => Projected::Clustering(place),
        ColumnKind::Static | ColumnKind::Regular => Projected::Cell(column.id),
    }
}
