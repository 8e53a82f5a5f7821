//! The column changes of a write, before it is known which rows it reaches.

use super::{CellPlan, Choices, CollectionPlan, ModifyPlan, Reach, Source};
use crate::error::{Error, Position};
use henge_base::{Bytes, count_steps};
use henge_model::{Column, ColumnId, ColumnKind, CompactStorage, DataType, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The cells and collections that a write sets or deletes.
#[derive(Default)]
pub(crate) struct Changes {
    of_rows: ColumnChanges,
    of_statics: ColumnChanges,
    /// The changed columns; true if the changes of a column so far admit others beside them.
    changed: BTreeMap<ColumnId, bool>,
    /// Fields of user types that are set.
    fields: BTreeSet<(ColumnId, usize)>,
    /// Unfrozen columns and counters that are deleted.
    cleared: BTreeSet<ColumnId>,
}

/// The changes of regular columns, or those of static ones.
#[derive(Default)]
struct ColumnChanges {
    cells: Vec<CellPlan>,
    collections: Vec<CollectionPlan>,
}

impl ColumnChanges {
    fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.collections.is_empty()
    }
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.of_rows.is_empty() && self.of_statics.is_empty()
    }

    /// True if there is a change and every changed column is static.
    pub(crate) fn are_static_only(&self) -> bool {
        self.of_rows.is_empty() && !self.of_statics.is_empty()
    }

    /// True if the column has a change already.
    pub(crate) fn has(&self, column: &Column) -> bool {
        count_steps(1);
        self.changed.contains_key(&column.id)
    }

    /// True if the change may stand beside those that the column has already.
    pub(crate) fn admits(&self, column: &Column, change: &CollectionPlan) -> bool {
        count_steps(1);
        let is_apart = change.field().is_none_or(|field| !self.fields.contains(&(column.id, field)));
        is_apart && self.changed.get(&column.id).is_none_or(|others| *others && change.goes_with_others())
    }

    /// Adds the change of a collection, user type or counter.
    pub(crate) fn add(&mut self, column: &Column, change: CollectionPlan) {
        self.fields.extend(change.field().map(|field| (column.id, field)));
        self.mark(column, change.goes_with_others());
        self.of(column).collections.push(change);
    }

    fn mark(&mut self, column: &Column, admits_others: bool) {
        count_steps(1);
        *self.changed.entry(column.id).or_insert(true) &= admits_others;
    }

    fn of(&mut self, column: &Column) -> &mut ColumnChanges {
        if column.kind == ColumnKind::Static { &mut self.of_statics } else { &mut self.of_rows }
    }

    /// Sets a column to a value. Counters are refused.
    pub(crate) fn set(&mut self, column: &Column, source: Source, position: Position) -> Result<(), Error> {
        match &column.data_type {
            data_type if data_type.is_complex() => self.add(column, CollectionPlan::replace(column, source)),
            DataType::Counter => {
                let message = format!(
                    "Cannot set the value of counter column {} (counters can only be incremented/decremented, not set)",
                    column.name
                );
                return Err(Error::invalid(message).at(position));
            }
            _ => {
                self.mark(column, false);
                self.of(column).cells.push(CellPlan { column: column.id, source });
            }
        }
        Ok(())
    }

    /// Deletes a column. For a collection this differs from setting it to null: `Clear` also deletes elements with the
    /// same timestamp, `Replace` keeps them.
    pub(crate) fn delete(&mut self, column: &Column, position: Position) -> Result<(), Error> {
        if column.data_type.is_complex() || column.data_type == DataType::Counter {
            // A second deletion of the whole deletes nothing more.
            if self.cleared.insert(column.id) {
                self.add(column, CollectionPlan::clear(column));
            }
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
    let sorted = |mut cells: Vec<CellPlan>| {
        cells.sort_by_key(|c| c.column);
        cells.dedup_by_key(|c| c.column);
        cells
    };
    let Changes { of_rows, of_statics, .. } = changes;
    let (cells, statics) = (sorted(of_rows.cells), sorted(of_statics.cells));
    let (collections, static_collections) = (of_rows.collections, of_statics.collections);
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
