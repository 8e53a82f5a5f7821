//! The room that a request leases before it begins: for its answer, and for the plan of a statement that is not prepared.

use super::lookup::StatementLookup;
use crate::intake::{AnswerLease, ConnectionAccount, Overload};
use henge_node::{AnswerSize, PreparedStatement};
use std::sync::Arc;

/// Expected bytes of an answer of one row, unless earlier executions of its statement had more.
const ROW_BYTES: usize = 16 << 10;
/// The same for a statement that is not prepared, of which no earlier executions are known.
const TEXT_ROW_BYTES: usize = 256 << 10;
/// Bytes of an answer of several rows: a block as replicas send it, and what is held beside it.
const ROWS_BYTES: usize = (1 << 20) + (64 << 10);

/// Leases room for the answer, and waits for it if need be. A waiting request holds no plan, which may be larger than its answer: its
/// statement is looked up again afterwards.
pub(super) async fn lease_room(
    account: &Arc<ConnectionAccount>,
    lookup: StatementLookup,
) -> Result<(StatementLookup, AnswerLease), Overload> {
    let Some(bytes) = expected_bytes(&lookup) else { return Ok((lookup, account.no_answer())) };
    if let Some(lease) = account.try_room(bytes) {
        return Ok((lookup, lease));
    }
    drop(lookup);
    Ok((StatementLookup::Nothing, account.room(bytes).await?))
}

/// Bytes that the answer is likely to take; `None` for statements that answer next to nothing.
fn expected_bytes(lookup: &StatementLookup) -> Option<usize> {
    match lookup {
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
