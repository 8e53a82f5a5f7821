//! BATCH.

use super::answer::Answer;
use super::conditional::{conditional, conditional_rows};
use super::context::{RequestContext, RequestSummary, error_response};
use super::lookup::find_prepared;
use crate::intake::{AnswerLease, AnswerRows};
use crate::world::ServerWorld;
use henge_node::{Consistency, Core, Operation, Outcome, Page, Parameters};
use henge_protocol::{Batch, BatchQuery, ErrorResponse};
use std::sync::Arc;

/// Statements of a batch that are prepared before others have their turn on the core.
const STATEMENTS_PER_TURN: usize = 100;

pub(super) async fn run_batch(
    core: &Core<ServerWorld>,
    batch: &Batch<'_>,
    context: &RequestContext<'_>,
    room: &mut Option<AnswerLease>,
    summary: &mut RequestSummary,
) -> Result<Answer, ErrorResponse> {
    summary.operation = Operation::Batch;
    summary.consistency = batch.consistency;
    let keyspace = batch.keyspace.or(context.client.keyspace.as_deref());
    let mut statements = Vec::with_capacity(batch.statements.len());
    for (number, statement) in batch.statements.iter().enumerate() {
        if number % STATEMENTS_PER_TURN == STATEMENTS_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
        let ready = match statement.query {
            BatchQuery::Text(text) => core.prepare_aside(text, keyspace).await.map_err(|e| error_response(core, &e))?,
            BatchQuery::Prepared(id) => Arc::clone(&find_prepared(core, id)?.ready),
        };
        statements.push((ready, batch.values(statement).to_vec()));
    }
    if statements.iter().any(|(ready, _)| ready.operation() == Operation::Cas) {
        summary.operation = Operation::Cas;
    }
    let parameters = Parameters {
        values: &[],
        consistency: batch.consistency,
        serial: batch.serial_consistency.unwrap_or(Consistency::Serial),
        timestamp: batch.timestamp,
        now_seconds: batch.now_in_seconds.map(i64::from),
        page: Page::default(),
        user: context.client.user.as_deref(),
        client: context.client.address,
        warnings: context.warnings,
        received: Some(context.received),
    };
    let outcome =
        core.execute_batch(batch.kind, &statements, &parameters).await.map_err(|e| error_response(core, &e))?;
    let Outcome::Applied(applied) = outcome else { return Ok(Answer::Void) };
    let rows = AnswerRows::new(room.take().unwrap_or_else(|| context.account.no_answer()));
    let (rows, lease) = conditional_rows(&applied, rows)?;
    *room = Some(lease);
    Ok(conditional(&applied, rows))
}
