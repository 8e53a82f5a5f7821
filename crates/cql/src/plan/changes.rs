//! The column changes of a write, before it is known which rows it reaches.

use super::{CellPlan, Choices, CollectionPlan, ModifyPlan, Reach, Source};
use crate::error::{Error, Position};
use henge_base::Bytes;
use henge_model::{Column, ColumnId, CompactStorage, DataType, Table};
use std::sync::Arc;

/// The cells and collections that a write sets or deletes.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) cells: Vec<CellPlan>,
    pub(crate) collections: Vec<CollectionPlan>,
}

impl Changes {
    pub(crate) fn columns(&self) -> impl Iterator<Item = ColumnId> {
        self.cells.iter().map(|c| c.column).chain(self.collections.iter().map(|c| c.column))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.columns().next().is_none()
    }

    /// True if there is a change and every changed column is static.
    pub(crate) fn are_static_only(&self, table: &Table) -> bool {
        !self.is_empty() && self.columns().all(|column| is_static(table, column))
    }

    /// Sets a column to a value. Counters are refused.
    pub(crate) fn set(&mut self, column: &Column, source: Source, position: Position) -> Result<(), Error> {
        match &column.data_type {
            data_type if data_type.is_complex() => self.collections.push(CollectionPlan::replace(column, source)),
            DataType::Counter => {
                let message = format!(
                    "Cannot set the value of counter column {} (counters can only be incremented/decremented, not set)",
                    column.name
                );
                return Err(Error::invalid(message).at(position));
            }
            _ => self.cells.push(CellPlan { column: column.id, source }),
        }
        Ok(())
    }

    /// Deletes a column. For a collection this differs from setting it to null: `Clear` also deletes elements with the
    /// same timestamp, `Replace` keeps them.
    pub(crate) fn delete(&mut self, column: &Column, position: Position) -> Result<(), Error> {
        if column.data_type.is_complex() || column.data_type == DataType::Counter {
            self.collections.push(CollectionPlan::clear(column));
            return Ok(());
        }
        self.set(column, Source::Null, position)
    }
}

pub(crate) fn assemble(
    table: &Arc<Table>,
    partition: Vec<Choices>,
    clustering: Vec<Choices>,
    reach: Reach,
    changes: Changes,
    ttl: Option<Source>,
    timestamp: Option<Source>,
) -> ModifyPlan {
    let Changes { mut cells, collections } = changes;
    cells.sort_by_key(|c| c.column);
    cells.dedup_by_key(|c| c.column);
    let (statics, cells): (Vec<_>, Vec<_>) = cells.into_iter().partition(|c| is_static(table, c.column));
    let (static_collections, collections): (Vec<_>, Vec<_>) =
        collections.into_iter().partition(|c| is_static(table, c.column));
    let of_one = partition.iter().chain(&clustering).all(|g| g.single().is_some());
    let is_single = of_one && statics.is_empty() && static_collections.is_empty();
    ModifyPlan {
        table: table.clone(),
        partition,
        clustering,
        cells,
        statics,
        collections,
        static_collections,
        reach,
        marks_row: false,
        deletes_row: false,
        ttl,
        timestamp,
        is_single,
        json: None,
        has_timestamp_of_batch: false,
        is_delete: false,
        by_document: false,
        condition: None,
        markers: 0,
    }
}

fn is_static(table: &Table, column: ColumnId) -> bool {
    table.statics.iter().any(|c| c.id == column)
}

/// Adds whatever makes an inserted row exist even if all its values are null: a marker, or in a compact table, where
/// rows have no marker, an empty cell of the hidden column.
pub(crate) fn mark_inserted(mut plan: ModifyPlan) -> ModifyPlan {
    let has_rows = matches!(plan.reach, Reach::Rows);
    if plan.table.options.compact_storage.is_none() {
        plan.marks_row = has_rows;
        return plan;
    }
    let hidden = value_column(&plan.table).filter(|value| value.data_type == DataType::Empty).map(|value| value.id);
    if let Some(column) = hidden.filter(|_| has_rows) {
        plan.cells = vec![CellPlan { column, source: Source::Fixed(Bytes::new()) }];
    }
    plan
}

/// The one regular column of a dense table.
pub(crate) fn value_column(table: &Table) -> Option<&Column> {
    table.regulars.first().filter(|_| table.options.compact_storage == Some(CompactStorage::Dense))
}
