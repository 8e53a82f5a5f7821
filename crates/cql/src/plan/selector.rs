//! Expressions that compute a column of the result from fetched values.

use super::Source;
use crate::functions::Function;
use henge_model::{Column, ColumnKind, DataType, ProjectedColumn, Table};

/// The expression that computes one column of the result.
#[derive(Clone, Debug)]
pub(crate) enum Selector {
    /// The fetched column at that position.
    Column(usize),
    /// A value that is the same for every row.
    Given(Source),
    Call {
        function: Function,
        arguments: Vec<Selector>,
        ordinal: u32,
    },
    /// An element of a collection: a map's value, or a set's element itself; null if absent.
    Element {
        of: Box<Selector>,
        data_type: DataType,
        key: Source,
        /// The collection's name, for messages.
        on: String,
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
        /// The collection's name, for messages.
        on: String,
    },
    /// All columns of the result as one JSON object, each with its name and type.
    Json(Vec<(String, DataType, Selector)>),
    /// The timestamps or times to live of a set's or map's elements between two bounds, both included, or of one element.
    PartTimes {
        /// The times of all elements if the collection is not frozen, else that of the whole cell.
        times: Box<Selector>,
        of: Box<Selector>,
        data_type: DataType,
        from: Option<Source>,
        to: Option<Source>,
        one: bool,
        /// The collection's name, for messages.
        on: String,
    },
    /// The timestamp or time to live of a field; null if the field is null.
    FieldTimes {
        times: Box<Selector>,
        of: Box<Selector>,
        /// The field's position in `times`, if that is a list of the times of all fields.
        place: Option<usize>,
    },
    /// The greatest of a list of timestamps.
    Newest(Box<Selector>),
    /// The result of the aggregate at that position in the plan.
    Aggregate(usize),
    /// A collection, tuple or vector of its parts' values. A map's parts alternate between keys and values.
    Built {
        data_type: DataType,
        parts: Vec<Selector>,
    },
}

/// The projection that fetches a column.
pub(crate) fn projection_of(column: &Column, table: &Table) -> ProjectedColumn {
    let place = table.position(column).unwrap_or(0);
    match column.kind {
        ColumnKind::PartitionKey => ProjectedColumn::PartitionKey(place),
        ColumnKind::Clustering => ProjectedColumn::Clustering(place),
        ColumnKind::Static | ColumnKind::Regular => ProjectedColumn::Cell(column.id),
    }
}
