//! Prepared statements as connections hold them: the node's with the protocol's metadata, encoded once.

use henge_node::{ColumnSpec, PreparedStatement};
use henge_protocol::{
    BindMetadata, ColumnRef, Execute, MetadataMode, PreparedMetadata, ResultMetadata, StatementId, Version,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Statements that a connection remembers.
const STATEMENTS_MAX: usize = 1_000;
/// Bytes of their texts.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A statement that is ready to run, with its columns as clients are told of them.
#[derive(Debug)]
pub(crate) struct CachedStatement {
    pub(crate) ready: Arc<PreparedStatement>,
    pub(crate) metadata: PreparedMetadata,
}

impl CachedStatement {
    pub(crate) fn new(id: StatementId, ready: Arc<PreparedStatement>) -> CachedStatement {
        let prepared = &ready.prepared;
        let bind = BindMetadata::new(prepared.bind.iter().map(column), &prepared.pk_indexes);
        let metadata = PreparedMetadata { id, bind, result: result_of(&ready) };
        CachedStatement { ready, metadata }
    }

    /// How much an execution says of the columns. Before version 5 clients cannot tell which columns they know: where these may be
    /// others, they are told of all, even if they asked to skip them.
    pub(crate) fn metadata_mode(&self, version: Version, execute: &Execute<'_>) -> MetadataMode {
        let result = &self.metadata.result;
        let skip = execute.parameters.skip_metadata && (version >= Version::V5 || !self.ready.result_varies);
        MetadataMode::for_execute(version, skip, execute.metadata_id.unwrap_or(result.id()), result)
    }
}

/// The columns of a result whose statement was not prepared: nobody asks for their digest.
pub(crate) fn result_of_text(ready: &PreparedStatement) -> ResultMetadata {
    ResultMetadata::without_id(ready.prepared.result.iter().flat_map(|columns| columns.iter()).map(column))
}

/// The columns of a statement's result.
fn result_of(ready: &PreparedStatement) -> ResultMetadata {
    ResultMetadata::new(ready.prepared.result.iter().flat_map(|columns| columns.iter()).map(column))
}

/// Columns that only an answer itself can tell.
pub(crate) fn result_metadata(columns: &[ColumnSpec]) -> ResultMetadata {
    ResultMetadata::new(columns.iter().map(column))
}

fn column(spec: &ColumnSpec) -> ColumnRef<'_> {
    ColumnRef { keyspace: &spec.keyspace, table: &spec.table, name: &spec.name, data_type: &spec.data_type }
}

/// The statements that a connection has prepared or executed.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_id: HashMap<StatementId, Arc<CachedStatement>>,
    /// Bytes of the texts that were added since it was last emptied.
    text_bytes: usize,
}

impl Statements {
    pub(crate) fn get(&self, id: &[u8]) -> Option<&Arc<CachedStatement>> {
        self.by_id.get(id)
    }

    pub(crate) fn keep(&mut self, known: Arc<CachedStatement>) {
        if self.by_id.len() >= STATEMENTS_MAX || self.text_bytes > TEXT_BYTES_MAX {
            self.by_id.clear();
            self.text_bytes = 0;
        }
        self.text_bytes += known.ready.text.len();
        self.by_id.insert(known.metadata.id, known);
    }
}
