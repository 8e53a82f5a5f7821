//! Statements with IF: bound once, decided by Paxos on the rows as they are.

use crate::modify::{BatchPart, guard, seed_of};
use crate::{Error, Request};
use henge_base::{Bytes, Micros};
use henge_coordinator::{Decision, Placed, Replicas};
use henge_cql::{BatchKind, BindContext, Conditional, ConditionalPart, ModifyPlan, Present, ResultColumn};
use henge_model::{
    ColumnId, Columns, Key, KeyKind, KeyRange, Mutation, Projected, Projection, ReadCommand, RowBlock, RowView, Rows,
    Table, project_joined,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a conditional statement answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// `[applied]`, and where it is false what tells why.
    pub columns: Vec<ResultColumn>,
    /// Their values.
    pub rows: Vec<Vec<Option<Bytes>>>,
}

/// Carries out a statement with IF.
pub async fn modify_if<R: Replicas>(
    replicas: &R,
    plan: &ModifyPlan,
    placed: &Placed,
    request: &Request<'_>,
) -> Result<Applied, Error> {
    guard(plan, request)?;
    let part = ConditionalPart { plan, values: request.context.values, seed: request.context.seed };
    let conditional = Conditional::new(&[part], &request.context, false)?;
    run(replicas, &conditional, placed, request).await
}

/// Carries out a batch in which a statement has an IF: all of it, or nothing.
pub async fn batch_if<R: Replicas>(
    replicas: &R,
    kind: BatchKind,
    statements: &[BatchPart<'_>],
    request: &Request<'_>,
) -> Result<Applied, Error> {
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
            seed: seed_of(request, number),
        })
        .collect();
    let conditional = Conditional::new(&parts, &request.context, true)?;
    run(replicas, &conditional, first.placed, request).await
}

async fn run<R: Replicas>(
    replicas: &R,
    conditional: &Conditional<'_>,
    placed: &Placed,
    request: &Request<'_>,
) -> Result<Applied, Error> {
    check(request)?;
    let now_seconds = request.context.now_seconds;
    let table = conditional.table();
    let paxos = henge_coordinator::Conditional {
        placed: placed.clone(),
        token: conditional.token(),
        key: conditional.partition().clone(),
        reads: conditional.rows().into_iter().map(|key| read(table, conditional, key, now_seconds)).collect(),
        serial: request.serial,
        consistency: request.consistency,
        deadline: request.deadline,
    };
    let decide = |blocks: &[RowBlock], ballot: Micros| -> Result<Decision, Error> {
        let found = Found::of(blocks, table, now_seconds);
        if !conditional.holds(|key| found.seen(key))? {
            return Ok(Decision::Stop);
        }
        // Clients' clocks may be ahead: what is decided must win against what was seen.
        let stamp = ballot.max(found.newest.saturating_add(1));
        let bound = conditional.update(stamp, &found.rows)?;
        let rows: Vec<(Bytes, Bytes)> = bound.into_iter().map(|modify| (modify.key.to_bytes(), modify.row)).collect();
        Ok(match rows.is_empty() {
            true => Decision::Nothing,
            false => Decision::Write(Mutation { issued: ballot, rows }.encode()),
        })
    };
    let (applied, blocks) = henge_coordinator::conditional(replicas, paxos, decide).await?;
    answer(conditional, applied, &Found::of(&blocks, table, now_seconds))
}

/// One level says who decides, another how many have to have the decision.
fn check(request: &Request<'_>) -> Result<(), Error> {
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

fn read(table: &Table, conditional: &Conditional<'_>, key: Bytes, now_seconds: i64) -> ReadCommand {
    ReadCommand {
        storage_id: table.storage_id,
        token: conditional.token(),
        keys: KeyRange::One(Key(key)),
        statics: !table.statics.is_empty(),
        columns: Columns::All,
        limit: 1,
        now_seconds,
        purge_before: i64::MIN,
        probe: None,
    }
}

fn answer(conditional: &Conditional<'_>, applied: bool, found: &Found<'_>) -> Result<Applied, Error> {
    let (columns, projected) = conditional.columns(applied);
    let mut rows = Vec::new();
    if !applied {
        let shown = conditional.subjects().into_iter().filter(|key| found.exists(key));
        for key in shown {
            rows.extend(found.project(Some(&key), projected.clone())?);
        }
        if rows.is_empty() {
            rows.extend(found.project(None, projected)?);
        }
    }
    let flag = || Some(Bytes::from_static(if applied { &[1] } else { &[0] }));
    if rows.is_empty() {
        let columns = columns.into_iter().take(1).collect();
        return Ok(Applied { columns, rows: vec![vec![flag()]] });
    }
    rows.iter_mut().for_each(|row| row.insert(0, flag()));
    Ok(Applied { columns, rows })
}

/// What the reads of a conditional write found.
struct Found<'t> {
    table: &'t Arc<Table>,
    now_seconds: i64,
    /// Rows by key, the static one among them.
    rows: BTreeMap<Bytes, Bytes>,
    /// The greatest timestamp of anything, deletions included.
    newest: Micros,
}

impl<'t> Found<'t> {
    fn of(blocks: &[RowBlock], table: &'t Arc<Table>, now_seconds: i64) -> Found<'t> {
        let mut found = Found { table, now_seconds, rows: BTreeMap::new(), newest: Micros::MIN };
        for (key, row) in blocks.iter().flat_map(|block| block.rows.iter().chain(&block.context)) {
            let Ok(view) = RowView::parse_trusted(row) else { continue };
            found.newest = found.newest.max(newest(&view));
            // Tombstones of ranges and partitions have taken what they cover from the rows already.
            if Key::extent(key).is_none() {
                found.rows.insert(key.clone(), row.clone());
            }
        }
        found
    }

    fn view(&self, key: &Bytes) -> Option<RowView<'_>> {
        let view = RowView::parse_trusted(self.rows.get(key)?).ok()?;
        view.is_live(self.now_seconds).then_some(view)
    }

    fn exists(&self, key: &Bytes) -> bool {
        self.view(key).is_some()
    }

    /// The static row, with its key.
    fn statics(&self) -> Option<(&Bytes, RowView<'_>)> {
        let key = self.rows.keys().find(|key| Key::kind(key) == Some(KeyKind::Static))?;
        Some((key, self.view(key)?))
    }

    /// Columns of a row with its static ones, or of the static row alone; nothing of a row that is not there.
    fn project(&self, key: Option<&Bytes>, columns: Vec<Projected>) -> Result<Option<Vec<Option<Bytes>>>, Error> {
        let projection = Projection { table: Arc::clone(self.table), columns };
        let mut rows = Rows::new(projection.columns.len());
        let (row, statics) = (key.and_then(|key| self.view(key)), self.statics());
        let Some(key) = key.filter(|_| row.is_some()).or(statics.as_ref().map(|(key, _)| *key)) else {
            return Ok(None);
        };
        let statics = statics.map(|(_, view)| view);
        project_joined(key, row.as_ref(), statics.as_ref(), &projection, self.now_seconds, &mut rows)?;
        Ok(rows.rows.pop())
    }

    fn seen(&self, key: &Bytes) -> Seen {
        let columns: Vec<ColumnId> = self.table.statics.iter().chain(&self.table.regulars).map(|c| c.id).collect();
        let is_static = Key::kind(key) == Some(KeyKind::Static);
        let row = Some(key).filter(|_| !is_static);
        let projected = columns.iter().map(|column| Projected::Cell(*column)).collect();
        let values = self.project(row, projected).ok().flatten().unwrap_or_default();
        Seen { exists: self.exists(key), values: columns.into_iter().zip(values).collect() }
    }
}

/// A row as a condition sees it.
struct Seen {
    exists: bool,
    values: BTreeMap<ColumnId, Option<Bytes>>,
}

impl Present for Seen {
    fn exists(&self) -> bool {
        self.exists
    }

    fn value(&self, column: ColumnId) -> Option<&[u8]> {
        self.values.get(&column)?.as_deref()
    }
}

fn newest(view: &RowView<'_>) -> Micros {
    let of_row = view.marker().map(|m| m.timestamp).max(view.deletion().map(|d| d.timestamp));
    let of_cells = view.cells().map(|cell| cell.timestamp).max();
    of_row.max(of_cells).unwrap_or(Micros::MIN)
}
