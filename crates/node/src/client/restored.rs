//! Tables of a backup, and their rows, into this cluster: the schema by the statements that describe it, the rows by the way of every
//! write.
//!
//! - `translation`: a row of the backup's table as a row of the one that there is.

mod translation;

pub use translation::TableMismatch;

use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::parameters::Parameters;
use crate::client::schema_change;
use crate::ground::world::World;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use henge_base::Bytes;
use henge_coordinator::{Replicas, Write, WriteError, WriteType};
use henge_cql::{ClusterFacts, DescribeTarget, Plan, Warnings};
use henge_metadata::{ClusterState, Epoch, TRACES};
use henge_model::{Consistency, Key, Keyspace, Mutation, RowView, Schema, Table, Token, TokenRange, WriteId};
use henge_query::Page;
use henge_storage::{ContentScan, Flow, ReadError, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use translation::Translation;

/// Mutations that are under way at a time.
const WRITES_AT_ONCE: usize = 64;
/// Bytes of rows at which a mutation ends; one row may be larger.
const MUTATION_BYTES: usize = 64 << 10;
/// Bytes of rows that are read at a time.
const PAGE_BYTES: usize = 1 << 20;
/// Attempts to write a mutation, and the pause between two: a minute in all, longer than a node takes to restart.
const ATTEMPTS_MAX: u32 = 60;
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// The column of DESCRIBE with the statement.
const STATEMENT_COLUMN: usize = 3;

/// The schema of a backup, as a node had it.
#[derive(Clone, Debug)]
pub struct BackedUpSchema {
    epoch: Epoch,
    schema: Schema,
}

/// A table that a backup has and one of this cluster that takes its rows.
#[derive(Clone, Debug)]
pub struct RestoredPair {
    /// In the backup.
    pub old: Arc<Table>,
    /// In this cluster.
    pub new: Arc<Table>,
    translation: Translation,
}

/// A table cannot be restored. Some of it may have been.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup has no such table.
    #[error("the backup has no table {0}")]
    NoTable(String),
    /// The table cannot be made by a statement.
    #[error("{0} has COMPACT STORAGE: create it first, then restore it")]
    Compact(String),
    /// The table here cannot take the rows.
    #[error(transparent)]
    Mismatch(#[from] TableMismatch),
    /// A statement of the schema failed.
    #[error("{statement}: {error}")]
    Schema {
        /// The statement.
        statement: String,
        /// Its error.
        error: Error,
    },
    /// Rows could not be written.
    #[error("rows of {table} cannot be written: {error}")]
    Write {
        /// The table.
        table: String,
        /// The error of the last attempt.
        error: WriteError,
    },
    /// The merged rows cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table was dropped meanwhile.
    #[error("{0} was dropped meanwhile")]
    Dropped(String),
    /// No stamps are issued.
    #[error("this node's clock is not trusted, so it coordinates no writes")]
    Clock,
    /// A row contradicts its checksum.
    #[error("the backup has a damaged row in {0}")]
    Damaged(String),
}

impl BackedUpSchema {
    /// The schema of a state of the metadata log.
    pub(crate) fn of(state: &ClusterState) -> BackedUpSchema {
        BackedUpSchema { epoch: state.epoch, schema: (*state.schema).clone() }
    }

    /// The epoch at which it stood: of several nodes the latest is that of the cluster.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The tables of users.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.schema.tables().filter(|table| table.keyspace != TRACES)
    }

    /// The keyspace with one table of it under another name, without its indexes, whose names are taken.
    fn with_table_renamed(&self, table: &Table, name: &str) -> Schema {
        let renamed = Table { name: name.to_owned(), indexes: Vec::new(), ..table.clone() };
        let mut schema = self.schema.clone();
        if let Some(keyspace) = schema.keyspaces.get_mut(&table.keyspace) {
            let mut changed = Keyspace::clone(keyspace);
            changed.tables.insert(name.to_owned(), Arc::new(renamed));
            *keyspace = Arc::new(changed);
        }
        schema
    }
}

impl<W: World> Core<W> {
    /// Makes what this cluster lacks of a table of a backup: its keyspace, its types and itself, also under another name. A table that is
    /// there has to be able to take the rows.
    pub async fn restore_table(
        &self,
        backup: &BackedUpSchema,
        old: &Arc<Table>,
        new_name: Option<&str>,
    ) -> Result<RestoredPair, RestoreError> {
        let (keyspace, name) = (&old.keyspace, new_name.unwrap_or(&old.name));
        let schema = match new_name {
            Some(name) => backup.with_table_renamed(old, name),
            None => backup.schema.clone(),
        };
        let exists = |core: &Self| core.cluster().current_view().state.schema.table(keyspace, name).cloned();
        if exists(self).is_none() {
            if old.options.compact_storage.is_some() {
                return Err(RestoreError::Compact(format!("{keyspace}.{name}")));
            }
            self.make_keyspace(&schema, keyspace).await?;
            let target = DescribeTarget::Table { keyspace: keyspace.clone(), name: name.to_owned(), internals: false };
            self.make(&schema, &target).await?;
        }
        let new = exists(self).ok_or_else(|| RestoreError::Dropped(format!("{keyspace}.{name}")))?;
        let translation = Translation::new(old, &new)?;
        Ok(RestoredPair { old: Arc::clone(old), new, translation })
    }

    /// Makes a keyspace and those of its types that are missing.
    async fn make_keyspace(&self, schema: &Schema, keyspace: &str) -> Result<(), RestoreError> {
        let known = self.cluster().current_view().state.schema.keyspaces.get(keyspace).cloned();
        if known.is_none() {
            let target = DescribeTarget::Keyspace { name: keyspace.to_owned(), only: true, internals: false };
            self.make(schema, &target).await?;
        }
        // Without tables: types in the order in which they can be made.
        let mut types = schema.clone();
        if let Some(found) = types.keyspaces.get_mut(keyspace) {
            let missing = |name: &String| known.as_ref().is_none_or(|known| !known.types.contains_key(name));
            let left = found.types.iter().filter(|(name, _)| missing(name));
            let left = left.map(|(name, user_type)| (name.clone(), Arc::clone(user_type))).collect();
            *found = Arc::new(Keyspace { tables: BTreeMap::new(), types: left, ..Keyspace::clone(found) });
        }
        let target = DescribeTarget::Keyspace { name: keyspace.to_owned(), only: false, internals: false };
        let statements = statements(&types, &target);
        for statement in statements.into_iter().skip(1) {
            self.run_statement(statement).await?;
        }
        Ok(())
    }

    async fn make(&self, schema: &Schema, target: &DescribeTarget) -> Result<(), RestoreError> {
        for statement in statements(schema, target) {
            self.run_statement(statement).await?;
        }
        Ok(())
    }

    /// Carries out a statement of the schema in the operator's name, whom no role and no permission bind.
    async fn run_statement(&self, statement: String) -> Result<(), RestoreError> {
        let failed = |error: Error| RestoreError::Schema { statement: statement.clone(), error };
        let prepared = self.prepare(&statement, None).map_err(failed)?;
        let Plan::Schema(change) = &prepared.prepared.plan else { return Ok(()) };
        let warnings = Warnings::default();
        let parameters = Parameters {
            values: &[],
            consistency: Consistency::Quorum,
            serial: Consistency::Serial,
            timestamp: None,
            now_seconds: None,
            page: Page::default(),
            user: None,
            client: None,
            warnings: &warnings,
            received: None,
        };
        Box::pin(schema_change::run(self, change, &parameters)).await.map_err(failed)?;
        Ok(())
    }

    /// Writes what lives of a table's merged rows; gives the number of rows, and their bytes. `goes_on` is asked before each page.
    pub async fn restore_rows(
        &self,
        merged: &Store,
        pair: &RestoredPair,
        goes_on: impl Fn() -> bool,
    ) -> Result<(u64, u64), RestoreError> {
        let mut scan = ContentScan::of(pair.old.storage_id, TokenRange { start: Token::MIN, end: Token::MAX });
        let (mut rows, mut bytes) = (0, 0);
        while !scan.has_ended() && goes_on() {
            let mut page = Vec::new();
            merged.scan_content(&mut scan, PAGE_BYTES, &mut |key, _, row| {
                page.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
                Flow::Continue
            })?;
            let written = self.write_restored(pair, &page).await?;
            (rows, bytes) = (rows + written.0, bytes + written.1);
        }
        Ok((rows, bytes))
    }

    /// Writes rows of a backup, merged and without what tombstones cover, to the replicas of their partitions, at QUORUM.
    /// Gives the number of rows that were written, and their bytes. What lives no longer is left out.
    async fn write_restored(&self, pair: &RestoredPair, rows: &[(Bytes, Bytes)]) -> Result<(u64, u64), RestoreError> {
        let name = || format!("{}.{}", pair.new.keyspace, pair.new.name);
        let now_seconds = self.coordinator().context().wall_us().div_euclid(1_000_000);
        let mut mutations: Vec<Vec<(Bytes, Bytes)>> = Vec::new();
        let (mut count, mut bytes, mut partition, mut open) = (0, 0, Bytes::new(), 0);
        for (key, row) in rows {
            let view = RowView::parse(key, row).map_err(|_| RestoreError::Damaged(name()))?;
            let Some((key, row)) = pair.translation.translate(key, &view, now_seconds) else { continue };
            let length = Key::partition(&key).unwrap_or(key.len());
            count += 1;
            bytes += (key.len() + row.len()) as u64;
            open += key.len() + row.len();
            match mutations.last_mut().filter(|_| open <= MUTATION_BYTES && key[..length] == partition[..]) {
                Some(last) => last.push((key, row)),
                None => {
                    (partition, open) = (key.slice(..length), key.len() + row.len());
                    mutations.push(vec![(key, row)]);
                }
            }
        }
        let writes = mutations.into_iter().map(|rows| self.write_rows(pair, rows));
        stream::iter(writes).buffer_unordered(WRITES_AT_ONCE).try_collect::<()>().await?;
        Ok((count, bytes))
    }

    async fn write_rows(&self, pair: &RestoredPair, rows: Vec<(Bytes, Bytes)>) -> Result<(), RestoreError> {
        let table = || format!("{}.{}", pair.new.keyspace, pair.new.name);
        let mut attempt = 1;
        loop {
            let view = self.cluster().current_view();
            let placed = view.placed_of(pair.new.storage_id).ok_or_else(|| RestoreError::Dropped(table()))?.clone();
            let stamp = self.coordinator().stamp(0);
            let Some(issued) = stamp.filter(|_| self.context().clock.check(self.context().now()).is_ok()) else {
                if attempt == ATTEMPTS_MAX {
                    return Err(RestoreError::Clock);
                }
                attempt += 1;
                self.context().pause(RETRY_DELAY).await;
                continue;
            };
            let mutation = Mutation { id: WriteId { issued, member: view.own_number() }, rows: rows.clone() };
            let Some(token) = mutation.token() else { return Ok(()) };
            let write = Write {
                placed,
                token,
                mutation: mutation.into(),
                consistency: Consistency::Quorum,
                deadline: self.context().deadline_after(self.context().options.write_timeout),
                write_type: WriteType::Simple,
                applied: None,
            };
            let counted = self.coordinator().begin_request();
            let written = henge_coordinator::write(self.coordinator(), write).await;
            drop(counted);
            match written {
                Ok(()) => return Ok(()),
                Err(error) if attempt == ATTEMPTS_MAX => return Err(RestoreError::Write { table: table(), error }),
                Err(_) => self.context().pause(RETRY_DELAY).await,
            }
            attempt += 1;
        }
    }
}

/// The statements that describe a part of a schema.
fn statements(schema: &Schema, target: &DescribeTarget) -> Vec<String> {
    let rows = henge_cql::describe(target, schema, &ClusterFacts::default()).unwrap_or_default();
    let statement = |row: Vec<Option<Bytes>>| row.into_iter().nth(STATEMENT_COLUMN).flatten();
    rows.into_iter().filter_map(statement).map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
}
