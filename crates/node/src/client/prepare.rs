//! Statements made ready: parsed, resolved against one epoch's schema, with the placement of their keyspaces beside them.

use crate::client::access::{MaskedRead, Need, masked_read, needs};
use crate::client::error::Error;
use crate::client::read_only;
use crate::cluster::view::View;
use crate::ground::world::World;
use crate::shared::Shared;
use henge_coordinator::Placed;
use henge_cql::{Plan, Prepared, Statement};
use henge_metadata::Epoch;
use henge_model::{Column, Table, TableId};

/// A statement at one epoch.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Its text.
    pub text: String,
    /// The keyspace that was in effect.
    pub keyspace: Option<String>,
    /// Bind columns, result columns and plan.
    pub prepared: Prepared,
    /// True if clients may hold other result columns under the same id, from before a change of the schema.
    pub result_varies: bool,
    pub(crate) epoch: Epoch,
    /// Why it cannot be carried out, though it can be prepared.
    pub(crate) refusal: Option<String>,
    /// The permissions it needs; none without an authorizer.
    pub(crate) needs: Vec<Need>,
    /// What to look at before masked columns are read; nothing without an authorizer.
    pub(crate) masked: Option<Box<MaskedRead>>,
    /// The placement of each table that the plan touches, in its order.
    pub(crate) placed: Vec<Placed>,
}

impl Ready {
    /// Whether it is a DESCRIBE: with no keyspace in effect it speaks of all of them.
    pub fn describes(&self) -> bool {
        matches!(self.prepared.plan, Plan::Describe(_))
    }

    /// Whether it may be a read of one row that memory can answer; [`crate::Core::try_execute`] says whether it is.
    pub fn may_read_one_row(&self) -> bool {
        matches!(&self.prepared.plan, Plan::Select(plan) if plan.may_read_one_row())
    }

    /// True if a client that prepared `older` may go on with this one: the same tables with the same columns, as in Cassandra,
    /// so that bind markers and result columns are the same too.
    pub(crate) fn continues(&self, older: &Ready) -> bool {
        let (new, old) = (&self.prepared, &older.prepared);
        let same_tables = tables(&new.plan).map(columns).eq(tables(&old.plan).map(columns));
        same_tables && (&new.bind, &new.pk_indexes, &new.result) == (&old.bind, &old.pk_indexes, &old.result)
    }
}

/// The tables that a plan reads or writes.
fn tables(plan: &Plan) -> impl Iterator<Item = &Table> {
    let (one, batch) = match plan {
        Plan::Select(select) => (Some(select.table()), None),
        Plan::Modify(modify) => (Some(modify.table()), None),
        Plan::Batch(batch) => (None, Some(batch)),
        _ => (None, None),
    };
    let batched = batch.into_iter().flat_map(|batch| batch.statements.iter().map(|s| s.table()));
    one.into_iter().chain(batched).map(|table| &**table)
}

/// A table's identity and its columns with their types.
fn columns(table: &Table) -> (TableId, Vec<&Column>) {
    (table.id, table.columns().collect())
}

/// True for `SELECT *` of a table that got or lost columns: clients that prepared it before hold other result columns.
fn widens(statement: &Statement, plan: &Plan) -> bool {
    let selects_all =
        matches!(statement, Statement::Select(select) if select.items.is_empty() && select.json.is_none());
    selects_all && tables(plan).any(|table| table.history.next_column > 0)
}

/// Parses a statement and resolves it at the current epoch.
pub(crate) fn ready<W: World>(shared: &Shared<W>, text: &str, keyspace: Option<&str>) -> Result<Ready, Error> {
    let view = shared.view.load_full();
    let mut ready = resolve(&view, text, keyspace)?;
    if shared.options.authorize {
        ready.needs = needs(&ready.prepared.plan);
        ready.masked = if shared.options.masking { masked_read(&ready.prepared.plan) } else { None };
    }
    Ok(ready)
}

/// A statement at the epoch of a view, as a node without an authorizer has it.
pub(crate) fn resolve(view: &View, text: &str, keyspace: Option<&str>) -> Result<Ready, Error> {
    let statement = henge_cql::parse(text)?;
    let prepared = henge_cql::prepare(&statement, &view.schema, keyspace)?;
    Ok(Ready {
        text: text.to_owned(),
        keyspace: keyspace.map(str::to_owned),
        result_varies: widens(&statement, &prepared.plan),
        epoch: view.epoch(),
        refusal: read_only::refusal(&prepared.plan),
        needs: Vec::new(),
        masked: None,
        placed: placements(view, &prepared.plan)?,
        prepared,
    })
}

fn placements(view: &View, plan: &Plan) -> Result<Vec<Placed>, Error> {
    let of = |keyspace: &str| {
        let missing = || Error::Query(henge_query::Error::Invalid(format!("Keyspace {keyspace} does not exist")));
        view.placed(keyspace).cloned().ok_or_else(missing)
    };
    match plan {
        Plan::Select(select) => Ok(vec![of(&select.table().keyspace)?]),
        Plan::Modify(modify) => Ok(vec![of(&modify.table().keyspace)?]),
        Plan::Batch(batch) => batch.statements.iter().map(|s| of(&s.table().keyspace)).collect(),
        Plan::Schema(_) | Plan::Use(_) | Plan::Describe(_) | Plan::Role(_) | Plan::Permission(_) => Ok(Vec::new()),
        Plan::Nothing => Ok(Vec::new()),
    }
}
