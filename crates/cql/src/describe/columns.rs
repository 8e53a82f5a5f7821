//! The columns of a CREATE TABLE, dropped ones included.

use super::identifier::{identifier, join_columns};
use henge_model::{Column, ColumnKind, DroppedColumn, Table};

/// The columns and the primary key, one per line. With `with_dropped`, dropped columns are included, since rows may still hold their
/// values; the statements of [`dropped_column_changes`] then lead to the present table.
pub(super) fn definitions(table: &Table, with_dropped: bool) -> String {
    let single = table.partition_key.len() == 1 && table.clustering.is_empty();
    let was_dropped = |column: &&Column| with_dropped && table.history.dropped.contains_key(&column.name);
    let mut lines: Vec<String> =
        in_order(table).into_iter().filter(|c| !was_dropped(c)).map(|c| definition(table, c, single)).collect();
    if with_dropped {
        let dropped =
            table.history.dropped.iter().map(|(name, column)| format!("    {}", dropped_definition(name, column)));
        lines.extend(dropped);
    }
    if !single {
        let partition = join_columns(&table.partition_key, |c| identifier(&c.name));
        let partition = if table.partition_key.len() > 1 { format!("({partition})") } else { partition };
        let clustering = table.clustering.iter().filter(|c| !table.hides(c));
        let clustering = clustering.map(|c| format!(", {}", identifier(&c.name))).collect::<String>();
        lines.push(format!("    PRIMARY KEY ({partition}{clustering})"));
    }
    lines.join(",\n")
}

/// The columns in Cassandra's order: among static and among regular columns, those that are a single cell come first.
fn in_order(table: &Table) -> Vec<&Column> {
    let mut columns: Vec<&Column> = table.visible_columns().collect();
    let is_late = |c: &&Column| (c.kind == ColumnKind::Regular, c.data_type.is_complex());
    let is_key = |c: &&&Column| matches!(c.kind, ColumnKind::PartitionKey | ColumnKind::Clustering);
    let keys = columns.iter().take_while(is_key).count();
    columns[keys..].sort_by_key(is_late);
    columns
}

fn definition(table: &Table, column: &Column, single: bool) -> String {
    let key = if single && column.kind == ColumnKind::PartitionKey { " PRIMARY KEY" } else { "" };
    format!("    {}{key}", current_definition(table, column))
}

/// The column's name, type, STATIC and mask.
fn current_definition(table: &Table, column: &Column) -> String {
    // A compact table without clustering columns stores its regular columns as static ones.
    let is_static = column.kind == ColumnKind::Static && table.options.compact_storage.is_none();
    let is_static = if is_static { " static" } else { "" };
    let mask = table.masks.get(&column.id).map_or_else(String::new, |mask| format!(" MASKED WITH {mask}"));
    format!("{} {}{is_static}{mask}", identifier(&column.name), column.data_type)
}

fn dropped_definition(name: &str, dropped: &DroppedColumn) -> String {
    let is_static = if dropped.kind == ColumnKind::Static { " static" } else { "" };
    format!("{} {}{is_static}", identifier(name), dropped.data_type.without_user_types())
}

/// The statements that drop the dropped columns, and add those that exist again. Each begins with a line break.
pub(super) fn dropped_column_changes(table: &Table, full_name: &str) -> String {
    let mut out = String::new();
    for (name, dropped) in &table.history.dropped {
        let at = dropped.dropped_us;
        out.push_str(&format!("\nALTER TABLE {full_name} DROP {} USING TIMESTAMP {at};", identifier(name)));
        if let Some(column) = table.column(name) {
            out.push_str(&format!("\nALTER TABLE {full_name} ADD {};", current_definition(table, column)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::schema;
    use henge_model::DataType;

    fn table_with_history() -> Table {
        let mut table = Table::clone(schema().table("ks", "many").unwrap());
        let dropped = |data_type, kind, dropped_us| DroppedColumn { id: None, data_type, kind, dropped_us };
        let history = &mut table.history.dropped;
        history.insert("l".to_owned(), dropped(DataType::List(Box::new(DataType::Int)), ColumnKind::Regular, 7));
        history.insert("Old".to_owned(), dropped(DataType::Int, ColumnKind::Static, -5));
        table
    }

    #[test]
    fn what_was_dropped_stands_in_its_past() {
        let table = table_with_history();
        assert_eq!(
            definitions(&table, true),
            "    k int PRIMARY KEY,\n    m map<text, int>,\n    s set<decimal>,\n    \"Old\" int static,\n    l list<int>"
        );
        let lines = dropped_column_changes(&table, "ks.many");
        let added = "\nALTER TABLE ks.many DROP l USING TIMESTAMP 7;\nALTER TABLE ks.many ADD l list<int>;";
        assert_eq!(lines, format!("\nALTER TABLE ks.many DROP \"Old\" USING TIMESTAMP -5;{added}"));
        assert!(!definitions(&table, false).contains("Old"));
    }

    #[test]
    fn columns_of_one_cell_stand_first() {
        let mut table = Table::clone(schema().table("ks", "many").unwrap());
        table.regulars[2].data_type = DataType::Frozen(Box::new(table.regulars[2].data_type.clone()));
        let text = definitions(&table, false);
        assert!(text.find("s frozen<").unwrap() < text.find("l list").unwrap(), "{text}");
    }
}
