//! The room that a request waits for before it begins: for its answer, and for the plan of a statement that is not prepared.

use super::lookup::StatementLookup;
use crate::intake::{Address, AnswerLease, Overload};
use henge_node::{AnswerSize, PreparedStatement};
use std::sync::Arc;

/// Bytes of an answer of one row, unless executions of its statement had more.
const ROW_BYTES: usize = 16 << 10;
/// The same of a statement that is not prepared: nothing is known of other executions.
const TEXT_ROW_BYTES: usize = 256 << 10;
/// Bytes of an answer of several rows: a block as replicas send it, and what is held beside it.
const ROWS_BYTES: usize = (1 << 20) + (64 << 10);

/// Finds room for the answer, waiting for it if need be. A request that waits holds no plan, which may be larger than its answer: its
/// statement is looked up again afterwards.
pub(super) async fn find_room(
    address: &Arc<Address>,
    found: StatementLookup,
) -> Result<(StatementLookup, AnswerLease), Overload> {
    let Some(bytes) = expected_bytes(&found) else { return Ok((found, address.no_answer())) };
    if let Some(lease) = address.try_room(bytes) {
        return Ok((found, lease));
    }
    drop(found);
    Ok((StatementLookup::Nothing, address.room(bytes).await?))
}

/// Bytes that the answer is likely to take; `None` for statements that answer next to nothing.
fn expected_bytes(found: &StatementLookup) -> Option<usize> {
    match found {
        StatementLookup::Nothing => None,
        StatementLookup::Prepared(known) => Some(at_least(&known.ready, ROW_BYTES)?.max(known.answer_bytes())),
        StatementLookup::Ready(ready) => Some(at_least(ready, TEXT_ROW_BYTES)? + ready.bytes()),
    }
}

fn at_least(statement: &PreparedStatement, row_bytes: usize) -> Option<usize> {
    match statement.answer_size() {
        AnswerSize::Row => Some(row_bytes),
        AnswerSize::Rows => Some(ROWS_BYTES),
        AnswerSize::Little => None,
    }
}
