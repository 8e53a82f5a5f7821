//! The answer to a request before it is encoded.

use crate::statement::CachedStatement;
use henge_protocol::{EncodedRows, ErrorResponse, MetadataMode, ResultMetadata};

/// An answer on its way to the output buffer.
pub(crate) enum Answer {
    Void,
    Rows { rows: EncodedRows, next: Option<Vec<u8>>, metadata: RowsMetadata, mode: MetadataMode },
    Keyspace(String),
    Schema(henge_node::SchemaEvent),
    Prepared(CachedStatement),
    LoggedIn(henge_node::RoleIdentity),
    Error(ErrorResponse),
}

/// The description of the columns of rows.
pub(crate) enum RowsMetadata {
    Prepared(CachedStatement),
    Own(Box<ResultMetadata>),
}

impl RowsMetadata {
    pub(crate) fn get(&self) -> &ResultMetadata {
        match self {
            RowsMetadata::Prepared(known) => &known.metadata().result,
            RowsMetadata::Own(own) => own,
        }
    }
}
