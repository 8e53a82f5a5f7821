//! An INSERT, UPDATE or DELETE.

use super::{Choices, CollectionPlan, ConditionPlan, JsonPlan, Slice, Source};
use henge_model::{ColumnId, Table};
use std::sync::Arc;

/// How to write what an INSERT, UPDATE or DELETE says, but for its bound values.
#[derive(Clone, Debug)]
pub struct ModifyPlan {
    pub(crate) table: Arc<Table>,
    /// One choice for each component of the partition key.
    pub(crate) partition: Vec<Choices>,
    /// Choices for all clustering columns.
    pub(crate) clustering: Vec<Choices>,
    /// What is written to rows, by column.
    pub(crate) cells: Vec<CellPlan>,
    /// What is written to the static row, by column.
    pub(crate) statics: Vec<CellPlan>,
    /// What is changed of collections of rows, and of those of the static row.
    pub(crate) collections: Vec<CollectionPlan>,
    pub(crate) static_collections: Vec<CollectionPlan>,
    pub(crate) reach: Reach,
    /// INSERT leaves a marker: the row is there even if every cell is null.
    pub(crate) marks_row: bool,
    pub(crate) deletes_row: bool,
    pub(crate) ttl: Option<Source>,
    pub(crate) timestamp: Option<Source>,
    pub(crate) is_single: bool,
    /// The document that the values come from, where only a bound value tells it.
    pub(crate) json: Option<JsonPlan>,
    /// Whether its timestamp is the one of its batch.
    pub(crate) has_timestamp_of_batch: bool,
    /// What has to be so for it to happen.
    pub(crate) condition: Option<ConditionPlan>,
    /// Markers of the whole text, of which this statement may be a part.
    pub(crate) markers: usize,
}

/// Which rows of its partitions a statement writes.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// Those with the clustering values.
    Rows,
    /// None but the static one.
    Statics,
    /// It deletes all rows between the bounds, or whole partitions.
    Ranges(Slice),
}

/// One cell to write; null deletes it.
#[derive(Clone, Debug)]
pub(crate) struct CellPlan {
    pub(crate) column: ColumnId,
    pub(crate) source: Source,
}

impl ModifyPlan {
    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Whether rows must be read before they are written: elements of lists are named by what the list holds. Such a statement is
    /// bound row by row: [`ModifyPlan::row_keys`], [`ModifyPlan::bind_row`].
    pub fn reads_rows(&self) -> bool {
        self.collections.iter().chain(&self.static_collections).any(CollectionPlan::reads)
    }

    /// True if it writes static columns.
    pub(crate) fn writes_statics(&self) -> bool {
        // A bound document may name any column.
        let by_document = self.json.is_some() && !self.table.statics.is_empty();
        by_document || !self.statics.is_empty() || !self.static_collections.is_empty()
    }

    /// Whether it writes exactly one row, or none if all its values are unset. Without IN it does.
    pub fn is_single(&self) -> bool {
        self.is_single
    }
}
