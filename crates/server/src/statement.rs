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
    /// Expected bytes of an answer: the largest of the last ones. Each smaller answer lowers it by an eighth of the difference.
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

    /// Expected bytes of the next answer, from the last ones.
    pub(crate) fn answer_bytes(&self) -> usize {
        self.front().answer_bytes.load(Ordering::Relaxed)
    }

    /// Notes the bytes of an answer.
    pub(crate) fn note_answer(&self, bytes: usize) {
        let known = &self.front().answer_bytes;
        let before = known.load(Ordering::Relaxed);
        // Of two concurrent updates one may be lost, which an estimate can bear.
        if bytes != before {
            known.store(bytes.max(before - before.saturating_sub(bytes).div_ceil(8)), Ordering::Relaxed);
        }
    }

    /// The metadata that an execution answers. Before version 5 a client cannot say which columns it knows: if they may have changed, it gets
    /// all of them, even if it asked to skip them.
    pub(crate) fn metadata_mode(&self, version: Version, execute: &Execute<'_>) -> MetadataMode {
        let result = &self.metadata().result;
        let skip = execute.parameters.skip_metadata && (version >= Version::V5 || !self.ready.result_varies);
        MetadataMode::for_execute(version, skip, execute.metadata_id.unwrap_or(result.id()), result)
    }
}

/// The columns of a result whose statement was not prepared, without an id.
pub(crate) fn result_of_text(ready: &PreparedStatement) -> ResultMetadata {
    ResultMetadata::without_id(ready.prepared.result.iter().flat_map(|columns| columns.iter()).map(column))
}

/// The columns of a statement's result.
fn result_of(ready: &PreparedStatement) -> ResultMetadata {
    ResultMetadata::new(ready.prepared.result.iter().flat_map(|columns| columns.iter()).map(column))
}

/// Columns that are known only with the answer.
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
