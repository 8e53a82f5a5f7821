//! `WITH COMPACT STORAGE`: tables as Thrift clients saw them. Rows are stored as in other tables, with hidden columns
//! where the form requires them, so that `DROP COMPACT STORAGE` only has to reveal them.

use crate::error::{Error, Position};
use crate::plan::{ModifyPlan, value_column};
use crate::statement::CreateTable;
use henge_model::{Column, CompactStorage, DataType, Order, Table};
use henge_model::{ColumnDraft, TableDraft};

/// Refuses columns that a compact table cannot have. `others` are the columns outside the key.
pub(crate) fn check(create: &CreateTable, is_clustered: bool, others: &[ColumnDraft]) -> Result<(), Error> {
    let position = create.table.name.position;
    let refuse = |message: &str| Err(Error::invalid(message).at(position));
    if let Some(complex) = others.iter().find(|c| c.data_type.is_complex()) {
        let position = create.columns.iter().find(|c| c.name.text == complex.name).map(|c| c.name.position);
        let message = "Non-frozen collections and UDTs are not supported with COMPACT STORAGE";
        return Err(Error::invalid(message).at(position.unwrap_or_default()));
    }
    if let Some(first) = create.columns.iter().find(|c| c.is_static) {
        let message = "Static columns are not supported in COMPACT STORAGE tables";
        return Err(Error::invalid(message).at(first.name.position));
    }
    match (is_clustered, others) {
        (false, []) => refuse("No definition found that is not part of the PRIMARY KEY"),
        (true, [_, _, ..]) => {
            let names: Vec<&str> = others.iter().map(|c| c.name.as_str()).collect();
            refuse(&format!(
                "COMPACT STORAGE with composite PRIMARY KEY allows no more than one column not part of the PRIMARY KEY \
                 (got: {})",
                names.join(", ")
            ))
        }
        _ => Ok(()),
    }
}

/// Adds the hidden columns to a draft that [`check`] accepted.
pub(crate) fn add_hidden_columns(mut draft: TableDraft) -> TableDraft {
    let counts = draft.regulars.iter().any(|c| c.data_type == DataType::Counter);
    if draft.clustering.is_empty() {
        draft.options.compact_storage = Some(CompactStorage::Static);
        let clustering = hidden(&draft, "column", 1, DataType::Text);
        let value = hidden(&draft, "value", 0, if counts { DataType::Counter } else { DataType::Blob });
        draft.statics = std::mem::replace(&mut draft.regulars, vec![value]);
        draft.clustering.push(clustering);
    } else {
        draft.options.compact_storage = Some(CompactStorage::Dense);
        if draft.regulars.is_empty() {
            draft.regulars.push(hidden(&draft, "value", 0, DataType::Empty));
        }
    }
    draft
}

/// A hidden column with the first free name: `value`, `value1`, or `column1`, `column2`.
fn hidden(draft: &TableDraft, prefix: &str, first: u32, data_type: DataType) -> ColumnDraft {
    let taken = |name: &String| {
        let all = draft.partition_key.iter().chain(&draft.clustering).chain(&draft.statics).chain(&draft.regulars);
        all.into_iter().any(|c| c.name == *name)
    };
    let numbered = |n: u32| if n == 0 { prefix.to_owned() } else { format!("{prefix}{n}") };
    let mut number = first;
    while taken(&numbered(number)) {
        number += 1;
    }
    ColumnDraft { name: numbered(number), data_type, order: Order::Ascending, mask: None }
}

/// Refuses an INSERT without the value column, since without that cell the row would not exist.
pub(crate) fn check_value(plan: &ModifyPlan, position: Position) -> Result<(), Error> {
    match value_column(&plan.table) {
        Some(value) if plan.cells.is_empty() => {
            let message = format!("Column {} is mandatory for this COMPACT STORAGE table", value.name);
            Err(Error::invalid(message).at(position))
        }
        _ => Ok(()),
    }
}

/// Refuses `INSERT ... JSON` into a table whose clustering column is hidden, as Cassandra does.
pub(crate) fn check_json(table: &Table) -> Result<(), Error> {
    match table.clustering.iter().find(|column| table.hides(column)) {
        Some(Column { name, .. }) => {
            let message = format!("Undefined column name {name} in table {}.{}", table.keyspace, table.name);
            Err(Error::invalid(message))
        }
        None => Ok(()),
    }
}

/// The clustering columns that a write must name, if it names `given` of them: all, or in a dense table at least the
/// first.
pub(crate) fn wanted_clustering(table: &Table, given: usize) -> &[Column] {
    let wanted = if table.has_short_rows() && given > 0 { given } else { table.clustering.len() };
    table.clustering.get(..wanted).unwrap_or(&table.clustering)
}

#[cfg(test)]
mod tests;
