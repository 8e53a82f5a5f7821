//! BATCH to a plan.

use super::marker::Markers;
use super::modify::{ModifyPlan, plan, using};
use super::scope::Scope;
use super::term::Terms;
use super::{Plan, Prepared, virtual_table};
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
        let (_, timestamp) = using(&batch.using, &mut Terms::of_batch(&first, scope, &mut markers))?;
        if timestamp.is_some() {
            for statement in &mut statements {
                statement.timestamp.clone_from(&timestamp);
                statement.has_timestamp_of_batch = true;
            }
        }
    }
    check_kind(batch.kind, statements.iter()).map_err(|e| e.at(batch.position))?;
    virtual_table::check_batch(batch.kind, &statements).map_err(|e| e.at(batch.position))?;
    if batch.kind == BatchKind::Counter && batch.using.timestamp.is_some() {
        return Err(Error::invalid("Cannot provide custom timestamp for counter BATCH").at(batch.position));
    }
    statements.iter_mut().for_each(|s| s.markers = markers.count());
    let one_table = statements.windows(2).all(|pair| pair[0].table.id == pair[1].table.id);
    let pk_indexes = match statements.first() {
        Some(first) if one_table => markers.partition_indexes(&first.table),
        _ => Vec::new(),
    };
    let plan = Plan::Batch(BatchPlan { kind: batch.kind, statements });
    Ok(Prepared { bind: markers.finish()?, pk_indexes, result: None, plan })
}

/// Counters are for batches of their own: an addition that is made again counts twice.
pub fn check_kind<'p>(
    kind: BatchKind,
    mut statements: impl Iterator<Item = &'p ModifyPlan> + Clone,
) -> Result<(), Error> {
    let counters = statements.clone().filter(|statement| statement.table.is_counter()).count();
    let all = statements.by_ref().count();
    let refused = match kind {
        BatchKind::Logged if counters > 0 => "Cannot include a counter statement in a logged batch",
        BatchKind::Counter if counters < all => "Cannot include non-counter statement in a counter batch",
        BatchKind::Unlogged if counters > 0 && counters < all => {
            "Counter and non-counter mutations cannot exist in the same batch"
        }
        _ => return Ok(()),
    };
    Err(Error::invalid(refused))
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
