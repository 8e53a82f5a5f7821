//! Commands about tables: where ids are given out.

use crate::limits::TABLES_MAX;
use crate::types::check_current;
use crate::{Change, ClusterState, CommandRefusal};
use henge_base::Random;
use henge_model::{Column, ColumnId, ColumnKind, StorageId, Table};
use henge_model::{ColumnDraft, TableDraft};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn create_table(
    state: &ClusterState,
    draft: &TableDraft,
    if_not_exists: bool,
    random: &mut Random,
) -> Result<Vec<Change>, CommandRefusal> {
    let missing = || CommandRefusal::NoKeyspace(draft.keyspace.clone());
    let keyspace = state.schema.keyspaces.get(&draft.keyspace).ok_or_else(missing)?;
    if state.table(&draft.keyspace, &draft.name).is_some() {
        return Err(match if_not_exists {
            true => CommandRefusal::Nothing,
            false => CommandRefusal::AlreadyExists { keyspace: draft.keyspace.clone(), table: draft.name.clone() },
        });
    }
    if state.schema.tables().count() >= TABLES_MAX {
        return Err(CommandRefusal::Limit(format!("a cluster has at most {TABLES_MAX} tables")));
    }
    let columns = draft.partition_key.iter().chain(&draft.clustering).chain(&draft.statics).chain(&draft.regulars);
    for column in columns {
        check_current(&column.data_type, keyspace)?;
    }
    let (storage_id, next) = allocate(state)?;
    let table = new_table(draft, storage_id, random);
    Ok(vec![Change::Table(Arc::new(table)), next])
}

pub(crate) fn drop_table(
    state: &ClusterState,
    keyspace: &str,
    table: &str,
    if_exists: bool,
) -> Result<Vec<Change>, CommandRefusal> {
    if state.table(keyspace, table).is_none() {
        return Err(match if_exists {
            true => CommandRefusal::Nothing,
            false => CommandRefusal::NoTable { keyspace: keyspace.to_owned(), table: table.to_owned() },
        });
    }
    Ok(vec![Change::TableDropped { keyspace: keyspace.to_owned(), table: table.to_owned() }])
}

/// An incarnation of its own: rows of the one before are never looked at again.
pub(crate) fn truncate(state: &ClusterState, keyspace: &str, table: &str) -> Result<Vec<Change>, CommandRefusal> {
    let missing = || CommandRefusal::NoTable { keyspace: keyspace.to_owned(), table: table.to_owned() };
    let old = state.table(keyspace, table).ok_or_else(missing)?;
    let (storage_id, next) = allocate(state)?;
    let mut table = Table { storage_id, ..Table::clone(old) };
    // Without rows it lies where its options say.
    table.history.lies_apart = None;
    Ok(vec![Change::Table(Arc::new(table)), next])
}

fn allocate(state: &ClusterState) -> Result<(StorageId, Change), CommandRefusal> {
    let mut next = state.next_storage_id;
    let id = take_storage_id(&mut next)?;
    Ok((id, Change::NextStorageId(next)))
}

/// Takes the lowest storage id that is free.
pub(crate) fn take_storage_id(next: &mut StorageId) -> Result<StorageId, CommandRefusal> {
    let id = *next;
    next.0 = id.0.checked_add(1).ok_or_else(|| CommandRefusal::Limit("storage ids are used up".to_owned()))?;
    Ok(id)
}

pub(crate) fn new_table(draft: &TableDraft, storage_id: StorageId, random: &mut Random) -> Table {
    let mut ids = (0..).map(ColumnId);
    let mut masks = BTreeMap::new();
    let mut columns = |drafts: &[ColumnDraft], kind| -> Vec<Column> {
        let mut one = |(draft, id): (&ColumnDraft, ColumnId)| {
            masks.extend(draft.mask.clone().map(|mask| (id, mask)));
            column(draft, kind, id)
        };
        drafts.iter().zip(&mut ids).map(&mut one).collect()
    };
    Table {
        id: draft.id.unwrap_or_else(|| uuid::Builder::from_random_bytes(random.bytes()).into_uuid()),
        storage_id,
        keyspace: draft.keyspace.clone(),
        name: draft.name.clone(),
        partition_key: columns(&draft.partition_key, ColumnKind::PartitionKey),
        clustering: columns(&draft.clustering, ColumnKind::Clustering),
        statics: columns(&draft.statics, ColumnKind::Static),
        regulars: columns(&draft.regulars, ColumnKind::Regular),
        options: draft.options.clone(),
        indexes: Vec::new(),
        history: henge_model::TableHistory::default(),
        masks,
    }
}

fn column(draft: &ColumnDraft, kind: ColumnKind, id: ColumnId) -> Column {
    Column { id, name: draft.name.clone(), data_type: draft.data_type.clone(), kind, order: draft.order }
}
