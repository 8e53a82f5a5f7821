//! The statement of a request, looked up before it is run.

use crate::statement::CachedStatement;
use crate::world::ServerWorld;
use henge_node::{Core, Operation, PreparedStatement};
use henge_protocol::{ErrorResponse, StatementId};
use std::sync::Arc;

/// The statement of a request, as far as it is known before it is run.
pub(crate) enum StatementLookup {
    /// Nothing, or nothing good.
    Nothing,
    /// It was prepared.
    Prepared(CachedStatement),
    /// Its text was read.
    Ready(Arc<PreparedStatement>),
}

impl StatementLookup {
    /// The prepared statement.
    pub(crate) fn prepared_statement(&self) -> Option<&CachedStatement> {
        if let StatementLookup::Prepared(known) = self { Some(known) } else { None }
    }

    /// The statement, if it is known.
    pub(crate) fn statement(&self) -> Option<&PreparedStatement> {
        match self {
            StatementLookup::Nothing => None,
            StatementLookup::Prepared(known) => Some(&known.ready),
            StatementLookup::Ready(ready) => Some(ready),
        }
    }

    /// Bytes of a plan that was made for this request alone.
    pub(crate) fn plan_bytes(&self) -> usize {
        // Its text is in the request.
        if let StatementLookup::Ready(ready) = self { ready.bytes().saturating_sub(2 * ready.text.len()) } else { 0 }
    }

    /// The operation of the request, as far as it is known.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            StatementLookup::Nothing => Operation::Other,
            StatementLookup::Prepared(known) => known.ready.operation(),
            StatementLookup::Ready(ready) => ready.operation(),
        }
    }
}

/// A prepared statement at the current epoch.
pub(super) fn find_prepared(core: &Core<ServerWorld>, id: &[u8]) -> Result<CachedStatement, ErrorResponse> {
    let known = StatementId::try_from(id).ok().and_then(|id| Some(CachedStatement::new(id, core.find_prepared(&id)?)));
    known.ok_or_else(|| ErrorResponse::unknown_statement(id))
}
