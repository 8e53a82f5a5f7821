//! Data as Henge stores it, and how two versions of a row are merged. No async, no clock, no disk.
//!
//! - `data_type`, `fields`: CQL types, user types among them, with their fields, which clones share.
//! - `value`: native encodings of values, their order, and literals.
//! - `user_type`: user types within a type: found, replaced, altered.
//! - `schema`: keyspaces, tables and columns, as the metadata log agrees on them.
//! - `speculative_retry`: when a read asks more replicas than its level needs.
//! - `serial_scope`, `serial_voters`: the voters of a table's conditional writes, and when its levels have different ones.
//! - `token`, `storage_id`, `key`: the partitioner, the numbers of tables, and the order-preserving key of every row.
//! - `row`, `normal`, `row_codec`, `merge`: rows as markers, deletions and cells; their normal form, with deletions
//!   applied; their bytes; how versions merge.
//! - `storage_map`: values by storage id, cheap to clone at every change of the schema.
//! - `index`: secondary indexes and the terms of rows.
//! - `covers`: the key ranges that tombstones of partitions and ranges cover.
//! - `tombstone_count`: the tombstones that a read passes.
//! - `digest`: a hash of logical content, equal wherever content is equal.
//! - `write_id`: the identity of a write.
//! - `mutation`, `shared_mutation`, `read_command`, `columns`, `row_block`: writes, reads and their answers in the form in which
//!   replicas are sent them.
//! - `row_sink`, `project`: receivers of rows, and the projection of a row's selected columns into one.
//! - `mask`: masks of columns, shown to roles without UNMASK.
//! - `access`: permissions, and the resources they are granted on.
//! - `consistency`, `batch_kind`, `write_type`, `limits`: the levels and guarantees that a request may ask for; kinds of
//!   writes; the largest sizes allowed.

mod access;
mod batch_kind;
mod bound_value;
mod columns;
mod command_error;
mod consistency;
mod covers;
mod data_type;
mod digest;
mod fields;
mod index;
mod key;
mod limits;
mod mask;
mod merge;
mod mutation;
mod normal;
mod project;
mod read_command;
mod row;
mod row_block;
mod row_codec;
mod row_sink;
#[cfg(test)]
mod sample;
mod schema;
mod serial_scope;
mod serial_voters;
mod shared_mutation;
mod speculative_retry;
mod storage_id;
mod storage_map;
mod table_draft;
mod token;
mod tombstone_count;
mod user_type;
mod value;
mod write_id;
mod write_type;

pub use access::{Permission, Permissions, Resource};
pub use batch_kind::BatchKind;
pub use bound_value::BoundValue;
pub use columns::Columns;
pub use command_error::CommandError;
pub use consistency::Consistency;
pub use covers::Covers;
pub use data_type::{DataType, DurationHolder, UserType};
pub use digest::{Digest, Digester, StoredRowHash};
pub use fields::Fields;
pub use index::{Analysis, Index, IndexDraft, IndexEntry, IndexId, IndexKind, IndexedPart, Probe, Terms};
pub use key::tombstone::Extent;
pub use key::{Key, KeyError, KeyKind, PartitionKey};
pub use limits::{COMPONENT_BYTES_MAX, MUTATION_ROWS_MAX};
pub use mask::{ColumnMask, MaskArgument};
pub use merge::{merge_encoded, merge_rows};
pub use mutation::{Mutation, MutationError};
pub use project::{project, project_joined};
pub use read_command::{KeyRange, READ_KEYS_MAX, ReadCommand};
pub use row::{Cell, CellKind, ColumnId, Deletion, Marker, Row};
pub use row_block::RowBlock;
pub use row_codec::{CellKindView, CellView, Cells, RowError, RowView, Strip, encode_cells, encode_row, strip_row};
pub use row_sink::{ProjectedColumn, Projection, RowCount, RowSink, Rows};
pub use schema::{
    Column, ColumnKind, CompactStorage, Compaction, DroppedColumn, Keyspace, Order, Replication, ReplicationFactor,
    Schema, Table, TableHistory, TableId, TableOptions,
};
pub use serial_scope::SerialScope;
pub use shared_mutation::SharedMutation;
pub use speculative_retry::{Percentile, SpeculativeRetry};
pub use storage_id::StorageId;
pub use storage_map::StorageMap;
pub use table_draft::{AddedColumn, ColumnDraft, TableChange, TableDraft};
pub use token::{Token, TokenRange};
pub use tombstone_count::{CELLS_PER_RANGE, TombstoneCount};
pub use user_type::{TypeChange, field_path};
pub use value::ValueError;
pub use write_id::WriteId;
pub use write_type::WriteType;
