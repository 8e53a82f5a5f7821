//! A statement that is resolved against one epoch's schema, with the placement of its keyspaces beside it.

use crate::client::access::{MaskedRead, Need};
use crate::ground::metrics::Operation;
use henge_coordinator::KeyspacePlacement;
use henge_cql::{Plan, Prepared};
use henge_metadata::Epoch;
use henge_model::{Column, Table, TableId};

/// A statement at one epoch.
#[derive(Clone, Debug)]
pub struct PreparedStatement {
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
    /// The masked read that it is, if it is one; none without an authorizer.
    pub(crate) masked: Option<Box<MaskedRead>>,
    /// The placement of each table that the plan touches, in its order.
    pub(crate) placed: Vec<KeyspacePlacement>,
}

impl PreparedStatement {
    /// The operation as metrics count it.
    pub fn operation(&self) -> Operation {
        match self.prepared.plan {
            Plan::Select(_) => Operation::Read,
            Plan::Modify(_) | Plan::Batch(_) => Operation::Write,
            _ => Operation::Other,
        }
    }

    /// True for DESCRIBE: with no keyspace in effect it covers all of them.
    pub fn describes(&self) -> bool {
        matches!(self.prepared.plan, Plan::Describe(_))
    }

    /// True if it may be a read of one row that memory can answer; [`crate::Core::try_execute`] finds out.
    pub fn may_read_one_row(&self) -> bool {
        matches!(&self.prepared.plan, Plan::Select(plan) if plan.may_read_one_row())
    }

    /// True if a client that prepared `older` may go on with this one: the same tables with the same columns, as in Cassandra,
    /// so that bind markers and result columns are the same too.
    pub(crate) fn continues(&self, older: &PreparedStatement) -> bool {
        let (new, old) = (&self.prepared, &older.prepared);
        let same_tables = tables(&new.plan).map(columns).eq(tables(&old.plan).map(columns));
        same_tables && (&new.bind, &new.pk_indexes, &new.result) == (&old.bind, &old.pk_indexes, &old.result)
    }
}

/// The tables that a plan reads or writes.
pub(super) fn tables(plan: &Plan) -> impl Iterator<Item = &Table> {
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
