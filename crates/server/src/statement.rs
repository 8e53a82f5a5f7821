//! Prepared statements as connections know them: the node's, with the protocol's metadata, encoded once for all connections.

use henge_node::{ColumnSpec, PreparedStatement};
use henge_protocol::{
    BindMetadata, ColumnRef, Execute, MetadataMode, PreparedMetadata, ResultMetadata, StatementId, Version,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// Statements that a connection remembers.
const STATEMENTS_MAX: usize = 1_000;

/// A statement that is ready to run, with its columns as clients are told of them.
#[derive(Clone, Debug)]
pub(crate) struct CachedStatement {
    pub(crate) ready: Arc<PreparedStatement>,
}

/// The part that the server keeps with a statement.
#[derive(Debug)]
struct CachedMetadata {
    metadata: PreparedMetadata,
    /// Bytes of the largest of its last answers: each that is smaller lowers it by an eighth of the difference.
    answer_bytes: AtomicUsize,
}

impl CachedStatement {
    pub(crate) fn new(id: StatementId, ready: Arc<PreparedStatement>) -> CachedStatement {
        ready.front.get_or_init(|| {
            let prepared = &ready.prepared;
            let bind = BindMetadata::new(prepared.bind.iter().map(column), &prepared.pk_indexes);
            let metadata = PreparedMetadata { id, bind, result: result_of(&ready) };
            Arc::new(CachedMetadata { metadata, answer_bytes: AtomicUsize::new(0) })
        });
        CachedStatement { ready }
    }

    fn front(&self) -> &CachedMetadata {
        let encoded = self.ready.front.get().and_then(|front| front.downcast_ref());
        encoded.expect("it is set when a statement is cached, by nobody else")
    }

    /// The columns as clients are told of them.
    pub(crate) fn metadata(&self) -> &PreparedMetadata {
        &self.front().metadata
    }

    /// Bytes that the next answer may have, going by the last ones.
    pub(crate) fn answer_bytes(&self) -> usize {
        self.front().answer_bytes.load(Ordering::Relaxed)
    }

    /// Notes the bytes of an answer.
    pub(crate) fn note_answer(&self, bytes: usize) {
        let known = &self.front().answer_bytes;
        let before = known.load(Ordering::Relaxed);
        // Of two at once one may be lost: it is an estimate.
        if bytes != before {
            known.store(bytes.max(before - before.saturating_sub(bytes).div_ceil(8)), Ordering::Relaxed);
        }
    }

    /// How much an execution says of the columns. Before version 5 clients cannot tell which columns they know: where these may be
    /// others, they are told of all, even if they asked to skip them.
    pub(crate) fn metadata_mode(&self, version: Version, execute: &Execute<'_>) -> MetadataMode {
        let result = &self.metadata().result;
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

/// The statements that a connection has prepared or executed, as long as the node keeps them.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_id: HashMap<StatementId, Weak<PreparedStatement>>,
}

impl Statements {
    pub(crate) fn get(&self, id: &[u8]) -> Option<CachedStatement> {
        Some(CachedStatement { ready: self.by_id.get(id)?.upgrade()? })
    }

    pub(crate) fn keep(&mut self, known: &CachedStatement) {
        if self.by_id.len() >= STATEMENTS_MAX {
            self.by_id.retain(|_, statement| statement.strong_count() > 0);
        }
        if self.by_id.len() >= STATEMENTS_MAX {
            self.by_id.clear();
        }
        self.by_id.insert(known.metadata().id, Arc::downgrade(&known.ready));
    }
}
