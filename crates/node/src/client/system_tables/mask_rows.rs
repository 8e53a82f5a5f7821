//! `system_schema.column_masks`.

use super::build::{TableRows, list, text};
use crate::cluster::view::View;
use henge_model::{DataType, MaskArgument, Table};

pub(super) fn column_masks(view: &View, out: &mut TableRows<'_>) {
    for table in view.schema.tables().filter(|table| !table.masks.is_empty()) {
        of_table(table, out);
    }
}

fn of_table(table: &Table, out: &mut TableRows<'_>) {
    for column in table.columns() {
        let Some(mask) = table.masks.get(&column.id) else { continue };
        let types: Vec<String> = mask.arguments.iter().map(|argument| argument.data_type.to_string()).collect();
        let values: Vec<String> = mask.arguments.iter().map(argument_text).collect();
        let nulls: Vec<[u8; 1]> = mask.arguments.iter().map(|argument| [u8::from(argument.value.is_none())]).collect();
        out.push(
            &[text(&table.keyspace), text(&table.name), text(&column.name)],
            &[
                ("function_argument_nulls", list(nulls.iter().map(<[u8; 1]>::as_slice))),
                ("function_argument_types", list(types.iter().map(String::as_str))),
                ("function_argument_values", list(values.iter().map(String::as_str))),
                ("function_keyspace", text("system")),
                ("function_name", text(&mask.function)),
            ],
        );
    }
}

/// A value as Cassandra writes it down here: without quotes; collections as the digits of their bytes.
fn argument_text(argument: &MaskArgument) -> String {
    let Some(value) = &argument.value else { return String::new() };
    match argument.data_type.unfrozen() {
        DataType::Ascii | DataType::Text => String::from_utf8_lossy(value).into_owned(),
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Blob => {
            value.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        data_type => data_type.literal(value).trim_matches('\'').to_owned(),
    }
}
