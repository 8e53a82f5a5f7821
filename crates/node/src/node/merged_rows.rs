//! The rows of all nodes of a backup in one store, where replicas' versions of a row become one and tombstones meet what they cover,
//! whichever replica has them.

use super::recovery::{StartError, recover};
use crate::client::restored::BackedUpSchema;
use henge_base::Bytes;
use henge_metadata::{TRACES, VersionRange};
use henge_model::{Key, Mutation, RowView, StorageId, Table, Token, TokenRange, WriteId};
use henge_storage::{EngineError, Family, ReadError, Store, SyncMode, WriteError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of rows that are read at a time.
const PAGE_BYTES: usize = 1 << 20;

/// The rows of a node cannot be merged. What was merged of them harms nothing.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The node's metadata log cannot be read.
    #[error(transparent)]
    Log(#[from] StartError),
    /// A row cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The engine cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An operator stopped it.
    #[error("it was aborted")]
    Aborted,
}

/// Tables that are merged, with the store that takes their rows.
pub struct MergedRows {
    store: Arc<Store>,
    /// The one table that is wanted; `None` for all of users.
    wanted: Option<(String, String)>,
    families: BTreeMap<StorageId, Family>,
    newest: Option<BackedUpSchema>,
    damaged_rows: u64,
}

impl MergedRows {
    /// Nothing yet, in a store that is empty and that nobody else uses: its rows are on disk only as far as the engine sees fit.
    pub fn new(store: Arc<Store>, wanted: Option<(String, String)>) -> MergedRows {
        MergedRows { store, wanted, families: BTreeMap::new(), newest: None, damaged_rows: 0 }
    }

    /// Adds the rows of a node's store. `goes_on` is asked after each page, and while the engine has to catch up, of which it is told by
    /// true: it may wait then. A damaged row is left out and counted: other nodes may have it.
    pub fn add(&mut self, node: &Store, mut goes_on: impl FnMut(bool) -> bool) -> Result<(), MergeError> {
        let schema = BackedUpSchema::of(&recover(node, VersionRange::OF_RELEASE)?.0);
        let tables: Vec<Arc<Table>> = schema.tables().filter(|table| self.is_wanted(table)).cloned().collect();
        if self.newest.as_ref().is_none_or(|newest| newest.epoch() < schema.epoch()) {
            self.newest = Some(schema);
        }
        let of_node: BTreeMap<StorageId, Family> =
            tables.iter().map(|table| (table.storage_id, family(table))).collect();
        self.families.extend(&of_node);
        node.set_tables(of_node);
        self.store.set_tables(self.families.clone());
        for table in tables {
            let (mut after, all) = (None, TokenRange { start: Token::MIN, end: Token::MAX });
            loop {
                let page = node.export_page(table.storage_id, all, after.as_ref(), PAGE_BYTES)?;
                self.write(page.rows, &mut goes_on)?;
                if !goes_on(false) {
                    return Err(MergeError::Aborted);
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    fn is_wanted(&self, table: &Table) -> bool {
        let is_it = |(keyspace, name): &(String, String)| *keyspace == table.keyspace && *name == table.name;
        table.keyspace != TRACES && self.wanted.as_ref().is_none_or(is_it)
    }

    /// Writes a page, partition by partition.
    fn write(&mut self, rows: Vec<(Bytes, Bytes)>, goes_on: &mut impl FnMut(bool) -> bool) -> Result<(), MergeError> {
        let (mut mutations, mut partition): (Vec<Mutation>, Bytes) = (Vec::new(), Bytes::new());
        for (key, row) in rows {
            let Some(length) = Key::partition(&key).filter(|_| RowView::parse(&key, &row).is_ok()) else {
                self.damaged_rows += 1;
                continue;
            };
            match mutations.last_mut().filter(|_| key[..length] == partition[..]) {
                Some(last) => last.rows.push((key, row)),
                None => {
                    partition = key.slice(..length);
                    mutations.push(Mutation::single(WriteId::of_repair(0), key, row));
                }
            }
        }
        for mutation in &mutations {
            while let Err(error) = self.submit(mutation) {
                if !is_stalled(&error) {
                    return Err(error.into());
                }
                if !goes_on(true) {
                    return Err(MergeError::Aborted);
                }
            }
        }
        Ok(())
    }

    fn submit(&self, mutation: &Mutation) -> Result<(), WriteError> {
        let mut done = Vec::new();
        let has_turn = self.store.submit(mutation, 0)?;
        while has_turn && self.store.turn(SyncMode::Unsynced, &mut done) {}
        done.into_iter().try_for_each(|(_, outcome)| outcome)
    }

    /// The schema of the node that knew most of the cluster's metadata; `None` before there is a node.
    pub fn schema(&self) -> Option<&BackedUpSchema> {
        self.newest.as_ref()
    }

    /// The tables of that schema that are wanted.
    pub fn tables(&self) -> Vec<Arc<Table>> {
        let newest = self.newest.iter().flat_map(BackedUpSchema::tables);
        newest.filter(|table| self.is_wanted(table)).cloned().collect()
    }

    /// Rows that were damaged in the store of a node, and left out.
    pub fn damaged_rows(&self) -> u64 {
        self.damaged_rows
    }

    /// The store with the rows.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// True if the engine takes writes again once it has caught up.
fn is_stalled(error: &WriteError) -> bool {
    matches!(error, WriteError::Stalled | WriteError::Engine(EngineError::Stalled))
}

fn family(table: &Table) -> Family {
    if table.lies_apart() { Family::Timed } else { Family::Rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::{HostId, Random};
    use henge_metadata::{ClusterState, Command, CommandId, JoinDraft, Snapshot, propose};
    use henge_model::{
        Cell, CellKind, ColumnDraft, DataType, Deletion, Order, PartitionKey, Replication, Row, TableDraft,
        TableOptions, encode_row,
    };
    use henge_storage::{ContentScan, Flow, ModelEngine};
    use std::net::SocketAddr;

    /// A cluster of one member with a table of an int key and a text.
    fn state() -> ClusterState {
        let (mut state, mut random) = (ClusterState::default(), Random::new(1));
        let address = SocketAddr::from(([10, 0, 0, 1], 7000));
        let first = JoinDraft {
            id: HostId::random(&mut Random::new(7)),
            datacenter: "dc".to_owned(),
            rack: "r".to_owned(),
            address,
            rpc_address: address,
            num_tokens: 4,
            speaks: VersionRange::OF_RELEASE,
        };
        let column = |name: &str, data_type| ColumnDraft {
            name: name.to_owned(),
            data_type,
            order: Order::Ascending,
            mask: None,
        };
        let draft = TableDraft {
            keyspace: "ks".to_owned(),
            name: "t".to_owned(),
            id: None,
            partition_key: vec![column("k", DataType::Int)],
            clustering: Vec::new(),
            statics: Vec::new(),
            regulars: vec![column("v", DataType::Text)],
            options: TableOptions::default(),
            properties: Vec::new(),
        };
        let commands = [
            Command::Bootstrap { name: "c".to_owned(), first },
            Command::CreateKeyspace {
                name: "ks".to_owned(),
                replication: Replication::Simple { factor: 3 },
                durable_writes: true,
                if_not_exists: false,
            },
            Command::CreateTable { draft, if_not_exists: false },
        ];
        for command in commands {
            let origin = CommandId::random(&mut random);
            let entry = propose(&state, origin, &command, &mut random, 7).unwrap();
            state.apply(&entry).unwrap();
        }
        state
    }

    fn store() -> Arc<Store> {
        Arc::new(Store::open(Arc::new(ModelEngine::default())).unwrap())
    }

    /// The store of a node of that cluster, with these rows.
    fn node(state: &ClusterState, rows: Vec<(Bytes, Bytes)>) -> Arc<Store> {
        let store = store();
        store.renew(Snapshot::of(state).bytes).unwrap();
        let table = table(state);
        store.set_tables(BTreeMap::from([(table.storage_id, Family::Rows)]));
        let mut done = Vec::new();
        for (key, row) in rows {
            store.submit(&Mutation::single(WriteId::of_repair(0), key, row), 0).unwrap();
            while store.turn(SyncMode::Synced, &mut done) {}
        }
        assert!(done.iter().all(|(_, outcome)| outcome.is_ok()));
        store
    }

    fn table(state: &ClusterState) -> Arc<Table> {
        Arc::clone(state.schema.table("ks", "t").unwrap())
    }

    fn partition(k: u8) -> PartitionKey {
        PartitionKey::from_components(&[&[0, 0, 0, k]]).unwrap()
    }

    fn row(table: &Table, k: u8, timestamp: i64, text: &'static str) -> (Bytes, Bytes) {
        let key = Key::row(table, &partition(k), &[]).unwrap();
        let kind = CellKind::Live { value: Bytes::from_static(text.as_bytes()) };
        let cell = Cell { column: table.regulars[0].id, path: Bytes::new(), timestamp, kind };
        encode(key, &Row { marker: None, deletion: None, cells: vec![cell] })
    }

    fn tombstone(table: &Table, k: u8, timestamp: i64) -> (Bytes, Bytes) {
        let key = Key::partition_tombstone(&Key::partition_prefix(table, &partition(k)));
        let deletion = Some(Deletion { timestamp, local_seconds: 1 });
        encode(key, &Row { marker: None, deletion, cells: Vec::new() })
    }

    fn encode(key: Key, row: &Row) -> (Bytes, Bytes) {
        let mut bytes = Vec::new();
        encode_row(&key.0, row, &mut bytes);
        (key.0, bytes.into())
    }

    #[test]
    fn a_tombstone_of_one_node_covers_rows_of_another() {
        let state = state();
        let table = table(&state);
        let one = node(&state, vec![row(&table, 1, 10, "old"), row(&table, 2, 10, "old"), row(&table, 3, 10, "stays")]);
        let other = node(&state, vec![tombstone(&table, 1, 20), row(&table, 2, 20, "new")]);
        // Whichever comes first.
        for nodes in [[&one, &other], [&other, &one]] {
            let mut merged = MergedRows::new(store(), None);
            nodes.iter().for_each(|node| merged.add(node, |_| true).unwrap());
            assert_eq!(merged.tables().iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["t"]);
            assert_eq!((merged.damaged_rows(), merged.schema().unwrap().epoch()), (0, state.epoch));
            let (mut scan, mut found) =
                (ContentScan::of(table.storage_id, TokenRange { start: Token::MIN, end: Token::MAX }), Vec::new());
            while !scan.has_ended() {
                let mut take = |key: &[u8], row: &RowView<'_>, _: &[u8]| {
                    let values = row.cells().filter_map(|cell| cell.live_value(0).map(<[u8]>::to_vec));
                    found.extend(values.map(|value| (key.to_vec(), String::from_utf8(value).unwrap())));
                    Flow::Continue
                };
                merged.store().scan_content(&mut scan, 1 << 20, &mut take).unwrap();
            }
            let mut texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
            texts.sort_unstable();
            assert_eq!(texts, ["new", "stays"]);
        }
    }

    #[test]
    fn one_table_may_be_wanted_and_a_damaged_row_is_left_out() {
        let state = state();
        let table = table(&state);
        let (key, mut bytes) = (row(&table, 1, 10, "x").0, row(&table, 1, 10, "x").1.to_vec());
        bytes[9] ^= 1;
        let node = node(&state, vec![(key, bytes.into()), row(&table, 2, 10, "y")]);
        let mut merged = MergedRows::new(store(), Some(("ks".to_owned(), "t".to_owned())));
        merged.add(&node, |_| true).unwrap();
        assert_eq!((merged.damaged_rows(), merged.tables().len()), (1, 1));
        let mut other = MergedRows::new(store(), Some(("ks".to_owned(), "other".to_owned())));
        other.add(&node, |_| true).unwrap();
        assert_eq!(other.tables().len(), 0);
        assert!(matches!(merged.add(&node, |_| false), Err(MergeError::Aborted)));
    }
}
