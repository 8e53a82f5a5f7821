//! Preparing a statement: it is parsed, and resolved against the current epoch's schema.

use crate::client::access::{masked_read, needs};
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::prepared_statement::{PreparedStatement, tables};
use crate::client::read_only;
use crate::client::resolution::Resolution;
use crate::cluster::view::View;
use crate::ground::world::World;
use henge_coordinator::KeyspacePlacement;
use henge_cql::{Plan, Statement};
use std::sync::OnceLock;

/// True for `SELECT *` of a table that got or lost columns: clients that prepared it before hold other result columns.
fn widens(statement: &Statement, plan: &Plan) -> bool {
    let selects_all =
        matches!(statement, Statement::Select(select) if select.items.is_empty() && select.json.is_none());
    selects_all && tables(plan).any(|table| table.history.next_column > 0)
}

/// Parses a statement and resolves it at the current epoch.
pub(super) fn prepare<W: World>(
    core: &Core<W>,
    text: &str,
    keyspace: Option<&str>,
) -> Result<PreparedStatement, Error> {
    let view = core.cluster().current_view();
    let mut ready = resolve(&view, text, keyspace)?;
    if core.context().options.authorize {
        ready.needs = needs(&ready.prepared.plan);
        ready.masked = if core.context().options.masking { masked_read(&ready.prepared.plan) } else { None };
    }
    Ok(ready)
}

/// A statement at the epoch of a view, as a node without an authorizer has it.
pub(super) fn resolve(view: &View, text: &str, keyspace: Option<&str>) -> Result<PreparedStatement, Error> {
    let statement = henge_cql::parse(text)?;
    let prepared = henge_cql::prepare(&statement, &view.schema, keyspace)?;
    Ok(PreparedStatement {
        text: text.to_owned(),
        keyspace: keyspace.map(str::to_owned),
        result_varies: widens(&statement, &prepared.plan),
        resolved: Resolution::of(view, tables(&prepared.plan)),
        refusal: read_only::refusal(&prepared.plan),
        needs: Vec::new(),
        masked: None,
        placed: placements(view, &prepared.plan)?,
        front: OnceLock::new(),
        prepared,
    })
}

fn placements(view: &View, plan: &Plan) -> Result<Vec<KeyspacePlacement>, Error> {
    let of = |keyspace: &str| {
        let missing = || Error::Query(henge_query::Error::Invalid(format!("Keyspace {keyspace} does not exist")));
        view.keyspace_placement(keyspace).cloned().ok_or_else(missing)
    };
    match plan {
        Plan::Select(select) => Ok(vec![of(&select.table().keyspace)?]),
        Plan::Modify(modify) => Ok(vec![of(&modify.table().keyspace)?]),
        Plan::Batch(batch) => batch.statements.iter().map(|s| of(&s.table().keyspace)).collect(),
        Plan::Schema(_) | Plan::Use(_) | Plan::Describe(_) | Plan::Role(_) | Plan::Permission(_) => Ok(Vec::new()),
        Plan::Explain(explained) => placements(view, &explained.statement.plan),
        Plan::Nothing => Ok(Vec::new()),
    }
}
