//! Rows of the system keyspaces' tables, which are computed: a read of them goes the way of any read until the replica (this
//! node) answers from its own state.
//!
//! - `local`, `peers`, `schema_rows`, `auth_rows`: their rows; of `system_views`: `view_rows`, `process_rows`, `gossip_rows`.

mod auth_rows;
mod build;
mod gossip_rows;
mod local;
#[cfg(test)]
mod manual;
mod mask_rows;
mod peers;
mod process_rows;
mod schema_rows;
mod view_rows;

use crate::cluster::system_keyspaces;
use crate::ground::world::World;
use crate::shared::Shared;
use build::TableRows;
use henge_base::{Bytes, HostId};
use henge_model::{KeyRange, ReadCommand, RowBlock, StorageId};

/// What operators read.
const VIEWS: &str = "system_views";

/// What a node says of itself in `system.local`.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(crate) host: HostId,
    pub(crate) generation: i32,
    pub(crate) native_port: u16,
}

/// Whether a computed table takes more than memory: it is for a disk lane then.
pub(crate) fn is_slow(storage: StorageId) -> bool {
    let table = system_keyspaces::table(storage);
    table.is_some_and(|table| table.keyspace == VIEWS && view_rows::SLOW.contains(&table.name.as_str()))
}

/// Answers a read of a computed table.
pub(crate) fn read<W: World>(shared: &Shared<W>, command: &ReadCommand) -> RowBlock {
    let rows = rows_of(shared, command.storage_id);
    let wanted = |key: &Bytes| match &command.keys {
        KeyRange::One(one) => key.as_ref() == one.bytes(),
        KeyRange::Run { start, end, .. } => start <= key && key < end,
        KeyRange::Many(keys) => keys.contains(key),
    };
    let mut rows: Vec<(Bytes, Bytes)> = rows.into_iter().filter(|(key, _)| wanted(key)).collect();
    if matches!(command.keys, KeyRange::Run { reversed: true, .. }) {
        rows.reverse();
    }
    let more = rows.len() > command.limit as usize;
    rows.truncate(command.limit as usize);
    RowBlock { rows, context: Vec::new(), more }
}

/// All rows of a table in key order. These tables are small: one row per node, table or column.
fn rows_of<W: World>(shared: &Shared<W>, storage: StorageId) -> Vec<(Bytes, Bytes)> {
    let Some(table) = system_keyspaces::table(storage) else { return Vec::new() };
    let (view, me) = (&shared.view.load(), &shared.me);
    let mut out = TableRows::of(table);
    match (table.keyspace.as_str(), table.name.as_str()) {
        ("system", "local") => local::rows(view, me, &mut out),
        ("system", "peers") => peers::rows(view, me, &mut out, false),
        ("system", "peers_v2") => peers::rows(view, me, &mut out, true),
        ("system_schema", "keyspaces") => schema_rows::keyspaces(view, &mut out),
        ("system_schema", "tables") => schema_rows::tables(view, &mut out),
        ("system_schema", "columns") => schema_rows::columns(view, &mut out),
        ("system_schema", "column_masks") => mask_rows::column_masks(view, &mut out),
        ("system_schema", "types") => schema_rows::types(view, &mut out),
        ("system", "IndexInfo") => schema_rows::built_indexes(view, &shared.store.built_indexes(), &mut out),
        ("system_schema", "indexes") => schema_rows::indexes(view, &mut out),
        ("system_schema", "dropped_columns") => schema_rows::dropped_columns(view, &mut out),
        ("system_virtual_schema", "keyspaces") => schema_rows::virtual_keyspaces(&mut out),
        ("system_virtual_schema", "tables") => schema_rows::virtual_tables(&mut out),
        ("system_virtual_schema", "columns") => schema_rows::virtual_columns(&mut out),
        ("system_auth", "roles") => auth_rows::roles(view, &mut out),
        ("system_auth", "role_members") => auth_rows::members(view, &mut out),
        ("system_auth", "role_permissions") => auth_rows::permissions(view, &mut out),
        ("system_auth", "resource_role_permissons_index") => auth_rows::resources(view, &mut out),
        (VIEWS, name) => view_rows::rows(name, shared, &mut out),
        _ => {} // Kept for drivers that ask: these are empty.
    }
    out.sorted()
}
