//! Statements with IF: bound once, decided by Paxos on the current rows.

use crate::batch_part::{BatchPart, check_guardrails, statement_seed};
use crate::condition_rows::ConditionRows;
use crate::{Error, Request};
use henge_base::{Bytes, Micros};
use henge_coordinator::{Decision, KeyspacePlacement, Replicas};
use henge_cql::{BatchKind, BindContext, Conditional, ConditionalPart, ModifyPlan, ResultColumn};
use henge_model::{Columns, Key, KeyKind, KeyRange, Mutation, ProjectedColumn, ReadCommand, RowBlock, Table, WriteId};

/// The answer to a conditional statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionalResult {
    /// `[applied]`; if that is false, then the columns that show why.
    pub columns: Vec<ResultColumn>,
    /// The values of these columns.
    pub rows: Vec<Vec<Option<Bytes>>>,
}

/// Executes a statement with IF.
pub async fn modify_conditionally<R: Replicas>(
    replicas: &R,
    plan: &ModifyPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
) -> Result<ConditionalResult, Error> {
    check_guardrails(plan, request)?;
    let part = ConditionalPart { plan, values: request.context.values, seed: request.context.seed };
    let conditional = Conditional::new(&[part], &request.context, false)?;
    run_paxos(replicas, &conditional, placed, request).await
}

/// Executes a batch in which a statement has an IF. All of it is written, or nothing.
pub async fn batch_conditionally<R: Replicas>(
    replicas: &R,
    kind: BatchKind,
    statements: &[BatchPart<'_>],
    request: &Request<'_>,
) -> Result<ConditionalResult, Error> {
    let Some(first) = statements.first().filter(|_| kind != BatchKind::Counter) else {
        return Err(Error::Invalid("Conditional updates are not supported in counter batches".to_owned()));
    };
    for statement in statements {
        statement.plan.guard(&BindContext { values: statement.values, ..request.context }, true)?;
    }
    let parts: Vec<ConditionalPart<'_>> = statements
        .iter()
        .enumerate()
        .map(|(number, BatchPart { plan, values, .. })| ConditionalPart {
            plan,
            values,
            seed: statement_seed(request, number),
        })
        .collect();
    let conditional = Conditional::new(&parts, &request.context, true)?;
    run_paxos(replicas, &conditional, first.placed, request).await
}

async fn run_paxos<R: Replicas>(
    replicas: &R,
    conditional: &Conditional<'_>,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
) -> Result<ConditionalResult, Error> {
    check_levels(request)?;
    let now_seconds = request.context.now_seconds;
    let table = conditional.table();
    let paxos = henge_coordinator::Conditional {
        placed: placed.clone(),
        token: conditional.token(),
        key: conditional.partition().clone(),
        reads: read_commands(table, conditional, now_seconds),
        serial: request.serial,
        consistency: request.consistency,
        deadline: request.deadline,
    };
    let decide = |blocks: &[RowBlock], ballot: Micros| -> Result<Decision, Error> {
        let found = ConditionRows::from_blocks(blocks, conditional.reads_first_row(), table, now_seconds);
        if !conditional.holds(|key| found.row(key))? {
            return Ok(Decision::Stop);
        }
        // Clients' clocks may be ahead: the decision must win against everything that was read.
        let stamp = ballot.max(found.newest.saturating_add(1));
        let bound = conditional.update(stamp, &found.rows)?;
        let rows: Vec<(Bytes, Bytes)> = bound.into_iter().map(|modify| (modify.key.to_bytes(), modify.row)).collect();
        Ok(match rows.is_empty() {
            true => Decision::Nothing,
            false => {
                let id = WriteId { issued: ballot, ..request.id };
                Decision::Write(Mutation { id, rows }.encode())
            }
        })
    };
    let (applied, blocks) = henge_coordinator::conditional(replicas, paxos, decide).await?;
    conditional_result(
        conditional,
        applied,
        &ConditionRows::from_blocks(&blocks, conditional.reads_first_row(), table, now_seconds),
    )
}

/// Checks both levels: the serial one, which decides, and the other, which the commit must reach.
fn check_levels(request: &Request<'_>) -> Result<(), Error> {
    if !request.serial.is_serial() {
        let message = "Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL";
        return Err(Error::Invalid(message.to_owned()));
    }
    if request.consistency.is_serial() {
        let level = request.consistency;
        return Err(Error::Invalid(format!("{level} is not supported as conditional update commit consistency")));
    }
    Ok(())
}

/// The reads of all rows that are written or that conditions are about, each with the static row. If conditions are
/// about static columns only, the last read is of the partition's first row.
fn read_commands(table: &Table, conditional: &Conditional<'_>, now_seconds: i64) -> Vec<ReadCommand> {
    let command = |keys, statics, columns: Columns| ReadCommand {
        storage_id: table.storage_id,
        token: conditional.token(),
        keys,
        statics,
        columns,
        limit: 1,
        now_seconds,
        purge_before: i64::MIN,
        probe: None,
    };
    let rows = conditional.rows().into_iter().map(|key| KeyRange::One(Key(key)));
    let mut reads: Vec<ReadCommand> =
        rows.map(|one| command(one, !table.statics.is_empty(), table.live_columns())).collect();
    if conditional.reads_first_row() {
        let partition = conditional.partition();
        // Rows sort after the static row.
        let start = Bytes::from([partition, &[KeyKind::Static as u8, 0][..]].concat());
        let run = KeyRange::Run { start, end: Key::prefix_end(partition).into(), reversed: false };
        reads.push(command(run, false, table.live_columns().intersect(&conditional.result_column_ids())));
    }
    reads
}

fn conditional_result(
    conditional: &Conditional<'_>,
    applied: bool,
    found: &ConditionRows<'_>,
) -> Result<ConditionalResult, Error> {
    let (columns, projected) = conditional.columns(applied);
    let mut rows = Vec::new();
    if !applied {
        for key in conditional.subjects().iter().filter(|key| found.exists(key)).chain(found.first_row()) {
            rows.extend(found.project(Some(key), projected.clone())?);
        }
        if rows.is_empty() && found.has_statics(&conditional.result_column_ids())? {
            rows.extend(found.project(None, projected.clone())?);
        }
    }
    let shown = conditional.result_column_ids();
    for row in &mut rows {
        for (value, projected) in row.iter_mut().zip(&projected) {
            if matches!(projected, ProjectedColumn::Cell(column) if shown.binary_search(column).is_err()) {
                *value = None;
            }
        }
    }
    let flag = || Some(Bytes::from_static(if applied { &[1] } else { &[0] }));
    if rows.is_empty() {
        let columns = columns.into_iter().take(1).collect();
        return Ok(ConditionalResult { columns, rows: vec![vec![flag()]] });
    }
    rows.iter_mut().for_each(|row| row.insert(0, flag()));
    Ok(ConditionalResult { columns, rows })
}
