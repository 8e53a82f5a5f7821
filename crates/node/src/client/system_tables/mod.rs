//! Rows of the system keyspaces' tables, which are computed: a read of them goes the way of any read until the replica (this
//! node) answers from its own state.
//!
//! - `local`, `peers`, `schema_rows`, `auth_rows`: their rows; of `system_views`: `view_rows`, `process_rows`, `gossip_rows`.

mod auth_rows;
mod build;
mod computed_rows;
mod gossip_rows;
mod local;
#[cfg(test)]
mod manual;
mod mask_rows;
mod peers;
mod process_rows;
mod schema_rows;
mod source;
mod view_rows;

use crate::cluster::system_keyspaces::{self, VIEWS};
use crate::cluster::view::View;
use crate::coordinator::ComputedTables;
use crate::ground::world::World;
pub(crate) use computed_rows::SchemaRows;
pub(crate) use local::{RELEASE_VERSION, schema_version_of};
pub(crate) use source::SystemTables;

use build::TableRows;
use computed_rows::{ComputedRows, select};
use henge_base::Bytes;
use henge_model::{ReadCommand, RowBlock, Table};

impl<W: World> ComputedTables for SystemTables<W> {
    fn read(&self, command: &ReadCommand) -> RowBlock {
        read(self, command)
    }
}

/// Answers a read of a computed table.
fn read<W: World>(node: &SystemTables<W>, command: &ReadCommand) -> RowBlock {
    let Some(table) = system_keyspaces::table(command.storage_id) else { return RowBlock::default() };
    let view = node.cluster.view();
    let make = || ComputedRows::from(rows_of(node, &view, table));
    let rows = match table.keyspace == "system_schema" {
        true => node.schema_rows.of(view.number, command.storage_id, make),
        false => make(),
    };
    select(&rows, command)
}

/// All rows of a table in key order. These tables are small: one row per node, table or column.
fn rows_of<W: World>(node: &SystemTables<W>, view: &View, table: &Table) -> Vec<(Bytes, Bytes)> {
    let mut out = TableRows::of(table);
    match (table.keyspace.as_str(), table.name.as_str()) {
        ("system", "local") => local::rows(view, &node.context, &mut out),
        ("system", "peers") => peers::rows(view, node.context.host(), &mut out, false),
        ("system", "peers_v2") => peers::rows(view, node.context.host(), &mut out, true),
        ("system_schema", "keyspaces") => schema_rows::keyspaces(view, &mut out),
        ("system_schema", "tables") => schema_rows::tables(view, &mut out),
        ("system_schema", "columns") => schema_rows::columns(view, &mut out),
        ("system_schema", "column_masks") => mask_rows::column_masks(view, &mut out),
        ("system_schema", "types") => schema_rows::types(view, &mut out),
        ("system", "IndexInfo") => schema_rows::built_indexes(view, &node.replica.built_indexes(), &mut out),
        ("system_schema", "indexes") => schema_rows::indexes(view, &mut out),
        ("system_schema", "dropped_columns") => schema_rows::dropped_columns(view, &mut out),
        ("system_virtual_schema", "keyspaces") => schema_rows::virtual_keyspaces(&mut out),
        ("system_virtual_schema", "tables") => schema_rows::virtual_tables(&mut out),
        ("system_virtual_schema", "columns") => schema_rows::virtual_columns(&mut out),
        ("system_auth", "roles") => auth_rows::roles(view, &mut out),
        ("system_auth", "role_members") => auth_rows::members(view, &mut out),
        ("system_auth", "role_permissions") => auth_rows::permissions(view, &mut out),
        ("system_auth", "resource_role_permissons_index") => auth_rows::resources(view, &mut out),
        (VIEWS, name) => view_rows::rows(name, node, &mut out),
        _ => {} // Kept for drivers that ask: these are empty.
    }
    out.into_sorted()
}
