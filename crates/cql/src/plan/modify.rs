//! The plan of an INSERT, UPDATE or DELETE. `prepare/write` makes it, `bind/modify` gives it values.

use super::{Choices, CollectionPlan, ConditionPlan, JsonPlan, Slice, Source};
use henge_model::{Column, ColumnId, Table};
use std::sync::Arc;

/// A statement that writes, resolved except for its bound values.
#[derive(Clone, Debug)]
pub struct ModifyPlan {
    pub(crate) table: Arc<Table>,
    /// One group of choices for each component of the partition key.
    pub(crate) partition: Vec<Choices>,
    /// Choices for the leading clustering columns; for every one of them if `reach` is [`Reach::Rows`].
    pub(crate) clustering: Vec<Choices>,
    /// Cells of rows, by column.
    pub(crate) cells: Vec<CellPlan>,
    /// Cells of the static row, by column.
    pub(crate) statics: Vec<CellPlan>,
    /// Changes of collections in rows. `static_collections` are those of the static row.
    pub(crate) collections: Vec<CollectionPlan>,
    pub(crate) static_collections: Vec<CollectionPlan>,
    pub(crate) reach: Reach,
    /// True for INSERT, which writes a row marker: the row exists even if every cell is null.
    pub(crate) marks_row: bool,
    pub(crate) deletes_row: bool,
    pub(crate) is_delete: bool,
    pub(crate) ttl: Option<Source>,
    pub(crate) timestamp: Option<Source>,
    /// True if it writes one row at most, as [`ModifyPlan::is_single`] tells.
    pub(crate) is_single: bool,
    /// The document that gives the values, if it is bound to a marker.
    pub(crate) json: Option<JsonPlan>,
    /// True for INSERT JSON, whose document may name any column.
    pub(crate) by_document: bool,
    /// True if the timestamp is that of the batch, not of the statement.
    pub(crate) has_timestamp_of_batch: bool,
    pub(crate) condition: Option<ConditionPlan>,
    /// The number of bind markers in the text that was prepared: the statement's own, or those of its whole batch.
    pub(crate) markers: usize,
}

/// The rows of the statement's partitions that it writes.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// The rows with the given clustering values.
    Rows,
    /// The static row only.
    Statics,
    /// All rows between the bounds, or whole partitions; for deletions.
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

    /// True if rows must be read before they are written, because elements of lists are identified by the list's
    /// content. Such a statement is bound row by row: [`ModifyPlan::row_keys`], [`ModifyPlan::bind_row`].
    pub fn reads_rows(&self) -> bool {
        self.collections.iter().chain(&self.static_collections).any(CollectionPlan::reads)
    }

    /// True if it may write static columns.
    pub(crate) fn writes_statics(&self) -> bool {
        self.by_document && !self.table.statics.is_empty()
            || !self.statics.is_empty()
            || !self.static_collections.is_empty()
    }

    /// True if it writes exactly one row, or none if all its values are unset. False with IN and with static columns.
    pub fn is_single(&self) -> bool {
        self.is_single
    }
}

impl ModifyPlan {
    /// True if the statement has an IF clause.
    pub fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// The columns that the result has behind `[applied]` if the write was not applied. `None` stands for all columns
    /// of the table.
    pub(crate) fn condition_columns(&self) -> Option<Vec<&Column>> {
        match &self.condition {
            Some(ConditionPlan::NotExists | ConditionPlan::Exists) => None,
            Some(condition) => Some(condition.columns().collect()),
            None => Some(Vec::new()),
        }
    }
}
