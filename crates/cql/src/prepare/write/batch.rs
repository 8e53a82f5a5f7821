//! Resolution of BATCH.

use crate::error::{Error, Position};
use crate::plan::{BatchPlan, ModifyPlan, Plan, PlannedStatement, check_kind};
use crate::prepare::scope::Scope;
use crate::prepare::term::marker::Markers;
use crate::prepare::term::terms::Terms;
use crate::prepare::write::statement::{check_counter_using, plan};
use crate::prepare::write::using::using;
use crate::prepare::write::virtual_table;
use crate::statement::{Batch, BatchKind, ModifyStatement};

pub(crate) fn prepare(batch: &Batch, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let mut markers = Markers::default();
    let mut statements = Vec::with_capacity(batch.statements.len());
    for statement in &batch.statements {
        statements.push(plan(statement, scope, &mut markers)?);
    }
    if let Some(first) = statements.first().map(|s: &ModifyPlan| s.table.clone()) {
        let (_, timestamp) = using(&batch.using, &mut Terms::of_batch(&first, scope, &mut markers))?;
        if timestamp.is_some() {
            check_timestamp(batch, &statements).map_err(|e| e.at(batch.position))?;
            for statement in &mut statements {
                statement.timestamp.clone_from(&timestamp);
                statement.has_timestamp_of_batch = true;
            }
        }
    }
    check_kind(batch.kind, statements.iter()).map_err(|e| e.at(batch.position))?;
    virtual_table::check_batch(batch.kind, &statements).map_err(|e| e.at(batch.position))?;
    let one_table = statements.windows(2).all(|pair| pair[0].table.id == pair[1].table.id);
    if !one_table && statements.iter().any(ModifyPlan::is_conditional) {
        return Err(Error::invalid("Batch with conditions cannot span multiple tables").at(batch.position));
    }
    for (statement, plan) in batch.statements.iter().zip(&statements) {
        check_counter_using(statement, plan)?;
        plan.check_choices(statement.table().name.position)?;
    }
    statements.iter_mut().for_each(|s| s.markers = markers.count());
    let pk_indexes = match statements.first() {
        Some(first) if one_table => markers.partition_indexes(&first.table),
        _ => Vec::new(),
    };
    let plan = Plan::Batch(BatchPlan { kind: batch.kind, statements });
    Ok(PlannedStatement { bind: markers.finish()?, pk_indexes, result: None, plan })
}

/// Refuses the timestamp of a batch that has conditions, counters, or timestamps of its statements.
fn check_timestamp(batch: &Batch, plans: &[ModifyPlan]) -> Result<(), Error> {
    let refuse = |message: &str| Err(Error::invalid(message));
    if plans.iter().any(ModifyPlan::is_conditional) {
        return refuse("Cannot provide custom timestamp for conditional BATCH");
    }
    if batch.kind == BatchKind::Counter {
        return refuse("Cannot provide custom timestamp for counter BATCH");
    }
    if let Some(own) = batch.statements.iter().find_map(own_timestamp) {
        let message = "Timestamp must be set either on BATCH or individual statements";
        return Err(Error::invalid(message).at(own));
    }
    if plans.iter().any(|plan| plan.table.is_counter()) {
        return refuse("Cannot provide custom timestamp for a BATCH containing counters");
    }
    Ok(())
}

fn own_timestamp(statement: &ModifyStatement) -> Option<Position> {
    statement.using().timestamp.as_ref().map(|t| t.position)
}
