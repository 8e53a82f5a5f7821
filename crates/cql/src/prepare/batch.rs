//! BATCH to a plan.

use super::marker::Markers;
use super::modify::{ModifyPlan, plan, using};
use super::scope::Scope;
use super::select::partition_markers;
use super::term::Terms;
use super::{Plan, Prepared};
use crate::error::Error;
use crate::statement::{Batch, BatchKind, Statement};

/// Writes that belong together. A timestamp of the batch is in each of its statements.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    /// What it promises.
    pub kind: BatchKind,
    /// The writes, in order.
    pub statements: Vec<ModifyPlan>,
}

pub(crate) fn prepare(batch: &Batch, scope: &Scope<'_>) -> Result<Prepared, Error> {
    if batch.kind == BatchKind::Counter {
        return Err(Error::unsupported("COUNTER batches are", batch.position));
    }
    let mut markers = Markers::default();
    let mut statements = Vec::with_capacity(batch.statements.len());
    for statement in &batch.statements {
        if let (Some(_), Some(own)) = (&batch.using.timestamp, own_timestamp(statement)) {
            let message = "Timestamp must be set either on BATCH or individual statements";
            return Err(Error::invalid(message).at(own));
        }
        statements.push(plan(statement, scope, &mut markers)?);
    }
    if let Some(first) = statements.first().map(|s: &ModifyPlan| s.table.clone()) {
        let (_, timestamp) = using(&batch.using, &mut Terms::of(&first, scope, &mut markers))?;
        if timestamp.is_some() {
            statements.iter_mut().for_each(|s| s.timestamp.clone_from(&timestamp));
        }
    }
    statements.iter_mut().for_each(|s| s.markers = markers.count());
    let one_table = statements.windows(2).all(|pair| pair[0].table.id == pair[1].table.id);
    let pk_indexes = match statements.first() {
        Some(first) if one_table => partition_markers(&first.partition),
        _ => Vec::new(),
    };
    let plan = Plan::Batch(BatchPlan { kind: batch.kind, statements });
    Ok(Prepared { bind: markers.finish()?, pk_indexes, result: None, plan })
}

fn own_timestamp(statement: &Statement) -> Option<crate::Position> {
    let using = match statement {
        Statement::Insert(insert) => &insert.using,
        Statement::Update(update) => &update.using,
        Statement::Delete(delete) => &delete.using,
        _ => return None,
    };
    using.timestamp.as_ref().map(|t| t.position)
}
