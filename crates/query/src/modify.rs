//! INSERT, UPDATE, DELETE and batches of them.

use crate::batch_part::{BatchPart, check_guardrails, statement_seed};
use crate::conditional::{ConditionalResult, batch_conditionally};
use crate::read_before_write::bind;
use crate::{Error, Request};
use futures_util::future::join_all;
use henge_base::Bytes;
use henge_coordinator::{Count, KeyspacePlacement, Replicas, Write, WriteError, WriteType, check_write};
use henge_cql::guardrails::BatchSize;
use henge_cql::{BatchKind, BatchPlan, BindContext, BoundModify, ModifyPlan, check_kind};
use henge_model::{Consistency, Key, Mutation, Table, Token};
use std::collections::BTreeMap;

/// The most partitions that one batch or one IN may write.
const PARTITIONS_MAX: usize = 10_000;

/// Executes a write. `placed` is the placement of its table's keyspace.
pub async fn modify<R: Replicas>(
    replicas: &R,
    plan: &ModifyPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
) -> Result<(), Error> {
    check_level(request.consistency)?;
    check_guardrails(plan, request)?;
    let mut bound = Vec::with_capacity(1);
    let context = stamp(plan, request, request.context);
    bind(replicas, plan, placed, request, &context, &mut bound).await?;
    if plan.table().is_counter() {
        let mut parts = MutationGroups::default();
        parts.add(placed, bound)?;
        return Box::pin(parts.add_to_counters(replicas, request)).await;
    }
    if let [one] = &bound[..] {
        let mutation = Mutation::single(request.id, one.key.to_bytes(), one.row.clone());
        return Ok(write_mutation(replicas, placed, request, one.token, mutation, WriteType::Simple).await?);
    }
    let mut parts = MutationGroups::default();
    parts.add(placed, bound)?;
    let write_type = if parts.groups.len() > 1 { WriteType::UnloggedBatch } else { WriteType::Simple };
    Box::pin(parts.write(replicas, request, write_type)).await
}

/// Executes a `BEGIN BATCH` statement. `placed` holds the placement of each statement's keyspace, in order. Returns the
/// outcome if there are conditions, else `None`.
pub async fn batch<R: Replicas>(
    replicas: &R,
    plan: &BatchPlan,
    placed: &[KeyspacePlacement],
    request: &Request<'_>,
) -> Result<Option<ConditionalResult>, Error> {
    let values = request.context.values;
    let parts: Vec<BatchPart<'_>> =
        plan.statements.iter().zip(placed).map(|(plan, placed)| BatchPart { plan, placed, values }).collect();
    batch_parts(replicas, plan.kind, &parts, request).await
}

/// Executes a protocol batch. Returns the outcome if there are conditions, else `None`.
pub async fn batch_parts<R: Replicas>(
    replicas: &R,
    kind: BatchKind,
    statements: &[BatchPart<'_>],
    request: &Request<'_>,
) -> Result<Option<ConditionalResult>, Error> {
    request.context.guard.write_levels(request.consistency, request.serial)?;
    if statements.iter().any(|statement| statement.plan.is_conditional()) {
        return batch_conditionally(replicas, kind, statements, request).await.map(Some);
    }
    check_level(request.consistency)?;
    check_kind(kind, statements.iter().map(|statement| statement.plan))?;
    let mut parts = MutationGroups::default();
    for (number, statement) in statements.iter().enumerate() {
        let mut bound = Vec::new();
        let seed = statement_seed(request, number);
        let place = u16::try_from(number).unwrap_or(u16::MAX);
        let context = BindContext { values: statement.values, statement: place, seed, ..request.context };
        let context = stamp(statement.plan, request, context);
        statement.plan.guard(&context, true)?;
        bind(replicas, statement.plan, statement.placed, request, &context, &mut bound).await?;
        parts.add(statement.placed, bound)?;
    }
    parts.check_size(kind, statements, request)?;
    let counters = statements.iter().any(|statement| statement.plan.table().is_counter());
    replicas.count_batch(
        match kind {
            _ if counters => WriteType::Counter,
            BatchKind::Logged => WriteType::Batch,
            BatchKind::Unlogged | BatchKind::Counter => WriteType::UnloggedBatch,
        },
        parts.groups.len(),
    );
    if counters {
        return parts.add_to_counters(replicas, request).await.map(|()| None);
    }
    parts.write_batch(kind, replicas, request).await.map(|()| None)
}

/// The context of a statement. Counters have the server's own time, and so has what deletes them: a client's clock that
/// is behind would otherwise delete nothing.
fn stamp<'a>(plan: &ModifyPlan, request: &Request<'_>, context: BindContext<'a>) -> BindContext<'a> {
    match plan.table().is_counter() {
        true => BindContext { timestamp: request.id.issued, ..context },
        false => context,
    }
}

fn check_level(consistency: Consistency) -> Result<(), Error> {
    if consistency.is_serial() {
        return Err(Error::Invalid("You must use conditional updates for serializable writes".to_owned()));
    }
    Ok(())
}

async fn write_mutation<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
    token: Token,
    mutation: Mutation,
    write_type: WriteType,
) -> Result<(), WriteError> {
    let (consistency, deadline) = (request.consistency, request.deadline);
    henge_coordinator::write(
        replicas,
        Write {
            placed: placed.clone(),
            token,
            mutation: mutation.into(),
            consistency,
            deadline,
            write_type,
            applied: None,
        },
    )
    .await
}

/// Keys, each with its encoded row.
type KeyedRows = Vec<(Bytes, Bytes)>;

/// Rows grouped by table and partition. Each group becomes one mutation, which each replica applies atomically.
#[derive(Default)]
struct MutationGroups {
    groups: BTreeMap<(Token, Bytes), (KeyspacePlacement, KeyedRows)>,
}

impl MutationGroups {
    fn add(&mut self, placed: &KeyspacePlacement, bound: Vec<BoundModify>) -> Result<(), Error> {
        for modify in bound {
            let key = modify.key.to_bytes();
            // The prefix of a key names its table and partition.
            let partition = key.slice(..Key::partition(&key).unwrap_or(key.len()));
            let entry = self.groups.entry((modify.token, partition)).or_insert_with(|| (placed.clone(), Vec::new()));
            entry.1.push((key, modify.row));
        }
        if self.groups.len() > PARTITIONS_MAX {
            return Err(Error::Invalid(format!("a statement may touch at most {PARTITIONS_MAX} partitions")));
        }
        Ok(())
    }

    /// Checks a batch against the guardrails. One that writes a single partition may have any size.
    fn check_size(&self, kind: BatchKind, statements: &[BatchPart<'_>], request: &Request<'_>) -> Result<(), Error> {
        if self.groups.len() < 2 {
            return Ok(());
        }
        let tables: BTreeMap<_, &Table> =
            statements.iter().map(|s| (s.plan.table().storage_id, &**s.plan.table())).collect();
        let mut size = BatchSize::default();
        for (key, row) in self.groups.values().flat_map(|(_, rows)| rows) {
            if let Some(table) = Key::storage_id(key).and_then(|id| tables.get(&id)) {
                size.add(table, key, row);
            }
        }
        Ok(request.context.guard.batch(kind, &size)?)
    }

    async fn write_batch<R: Replicas>(self, kind: BatchKind, replicas: &R, request: &Request<'_>) -> Result<(), Error> {
        let write_type = match (kind, self.groups.len()) {
            // One partition is one mutation: atomic without a batch log, as in Cassandra.
            (_, 0 | 1) => WriteType::UnloggedBatch,
            (BatchKind::Unlogged | BatchKind::Counter, _) => WriteType::UnloggedBatch,
            (BatchKind::Logged, _) => return self.write_logged(replicas, request).await,
        };
        self.write(replicas, request, write_type).await
    }

    /// Executes additions to counters and deletions of them, each partition independently.
    async fn add_to_counters<R: Replicas>(self, replicas: &R, request: &Request<'_>) -> Result<(), Error> {
        let (id, consistency, deadline) = (request.id, request.consistency, request.deadline);
        for ((token, _), (placed, _)) in &self.groups {
            check_write(replicas, placed, *token, consistency)?;
        }
        let counts = self.groups.into_iter().map(|((token, _), (placed, rows))| {
            let additions = Mutation { id, rows }.encode();
            henge_coordinator::count(replicas, Count { placed, token, additions, consistency, deadline })
        });
        Ok(merge_outcomes(join_all(counts).await, WriteType::Counter)?)
    }

    /// Writes all groups, or none of them (I20).
    async fn write_logged<R: Replicas>(self, replicas: &R, request: &Request<'_>) -> Result<(), Error> {
        let (id, consistency, deadline) = (request.id, request.consistency, request.deadline);
        let write = |((token, _), (placed, rows)): ((Token, Bytes), (KeyspacePlacement, KeyedRows))| {
            let mutation = Mutation { id, rows }.into();
            Write { placed, token, mutation, consistency, deadline, write_type: WriteType::Batch, applied: None }
        };
        let writes = self.groups.into_iter().map(write).collect();
        Ok(henge_coordinator::logged_batch(replicas, writes, id.issued).await?)
    }

    /// Writes all groups concurrently. If the level cannot be met for one of them, nothing is sent (I39).
    async fn write<R: Replicas>(self, replicas: &R, request: &Request<'_>, write_type: WriteType) -> Result<(), Error> {
        for ((token, _), (placed, _)) in &self.groups {
            check_write(replicas, placed, *token, request.consistency)?;
        }
        let writes = self.groups.into_iter().map(|((token, _), (placed, rows))| async move {
            let mutation = Mutation { id: request.id, rows };
            write_mutation(replicas, &placed, request, token, mutation, write_type).await
        });
        Ok(merge_outcomes(join_all(writes).await, write_type)?)
    }
}

/// The outcome of writes that were sent together. Once one of them may have been applied, the answer must not claim
/// that nothing was: Unavailable of another part becomes a timeout.
fn merge_outcomes(outcomes: Vec<Result<(), WriteError>>, write_type: WriteType) -> Result<(), WriteError> {
    let sent = outcomes.iter().any(|o| !matches!(o, Err(WriteError::Unavailable { .. } | WriteError::Invalid(_))));
    let mut worst = Ok(());
    for error in outcomes.into_iter().filter_map(Result::err) {
        let error = match error {
            WriteError::Unavailable { consistency, required, .. } if sent => {
                WriteError::Timeout { consistency, received: 0, block_for: required, write_type }
            }
            other => other,
        };
        // A timeout claims the least, so it is true of all of them.
        if worst.is_ok() || matches!(error, WriteError::Timeout { .. }) {
            worst = Err(error);
        }
    }
    worst
}
