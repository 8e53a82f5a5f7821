//! A statement that is resolved against one epoch's schema, with the placement of its keyspaces beside it.

use crate::client::access::{MaskedRead, Need};
use crate::client::resolution::Resolution;
use crate::cluster::view::View;
use crate::ground::request_labels::Operation;
use henge_coordinator::KeyspacePlacement;
use henge_cql::{Plan, PlannedStatement};
use henge_model::{Column, Consistency, Table, TableId};
use std::any::Any;
use std::sync::{Arc, OnceLock};

/// Bytes of a text from which on it is not prepared on a core that serves clients: that takes milliseconds.
pub const LONG_TEXT_BYTES: usize = 32 << 10;

/// Bytes that a statement takes: in any case, for each part of its text, and for each of its bind markers and result columns. Estimates,
/// on the large side.
const OWN_BYTES: usize = 2 << 10;
const PART_BYTES: usize = 200;
const COLUMN_BYTES: usize = 600;
/// The letters that part names and values.
const PARTING: &[u8] = b",;(=<>?";

/// A statement at one epoch.
#[derive(Clone, Debug)]
pub struct PreparedStatement {
    /// Its text.
    pub text: String,
    /// The keyspace that was in effect.
    pub keyspace: Option<String>,
    /// Bind columns, result columns and plan.
    pub prepared: PlannedStatement,
    /// True if clients may hold other result columns under the same id, from before a change of the schema.
    pub result_varies: bool,
    pub(crate) resolved: Resolution,
    /// Why it cannot be carried out, though it can be prepared.
    pub(crate) refusal: Option<String>,
    /// The permissions it needs; none without an authorizer.
    pub(crate) needs: Vec<Need>,
    /// The masked read that it is, if it is one; none without an authorizer.
    pub(crate) masked: Option<Box<MaskedRead>>,
    /// The placement of each table that the plan touches, in its order.
    pub(crate) placed: Vec<KeyspacePlacement>,
    /// The server's part, which it makes once for all clients: it lives as long as the statement.
    pub front: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// The size of an answer, as far as the statement tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSize {
    /// Next to nothing.
    Little,
    /// A row at most: also that of a condition that does not hold.
    Row,
    /// Rows.
    Rows,
}

impl PreparedStatement {
    /// The operation as metrics count it.
    pub fn operation(&self) -> Operation {
        match &self.prepared.plan {
            Plan::Select(select) if select.reads_by_key() => Operation::Read,
            Plan::Select(_) => Operation::Scan,
            Plan::Modify(write) if write.is_conditional() => Operation::Cas,
            Plan::Modify(write) if write.table().is_counter() => Operation::Counter,
            Plan::Modify(_) => Operation::Write,
            Plan::Batch(batch) if batch.statements.iter().any(|write| write.is_conditional()) => Operation::Cas,
            Plan::Batch(_) => Operation::Batch,
            Plan::Schema(_) => Operation::Schema,
            Plan::Role(_) | Plan::Permission(_) => Operation::Auth,
            Plan::Use(_) | Plan::Describe(_) | Plan::Explain(_) | Plan::Nothing => Operation::Other,
        }
    }

    /// The keyspace and the table that it reads or writes; of several the first.
    pub fn target(&self) -> Option<(&str, &str)> {
        tables(&self.prepared.plan).next().map(|table| (table.keyspace.as_str(), table.name.as_str()))
    }

    /// The memory that it takes, in bytes, about.
    pub fn bytes(&self) -> usize {
        estimate_bytes(&self.text, &self.prepared)
    }

    /// True for DESCRIBE: with no keyspace in effect it covers all of them.
    pub fn describes(&self) -> bool {
        matches!(self.prepared.plan, Plan::Describe(_))
    }

    /// The size of its answer.
    pub fn answer_size(&self) -> AnswerSize {
        match &self.prepared.plan {
            Plan::Select(_) if self.may_read_one_row() => AnswerSize::Row,
            Plan::Select(_) => AnswerSize::Rows,
            Plan::Modify(plan) if plan.is_conditional() => AnswerSize::Row,
            _ => AnswerSize::Little,
        }
    }

    /// True if it may be a read of one row that memory can answer; [`crate::Core::try_execute`] finds out.
    pub fn may_read_one_row(&self) -> bool {
        matches!(&self.prepared.plan, Plan::Select(plan) if plan.may_read_one_row())
    }

    /// True if one replica's memory may answer it at this level.
    pub fn may_read_one_replica(&self, consistency: Consistency) -> bool {
        let may_read = |placed| henge_coordinator::may_read_one_replica(placed, consistency);
        self.may_read_one_row() && self.placed.first().is_some_and(may_read)
    }

    /// True if a view gives its text the same meaning as the one in which it was resolved: then it may be executed.
    pub(crate) fn is_current(&self, view: &View) -> bool {
        self.resolved.holds_in(view, tables(&self.prepared.plan), &self.placed)
    }

    /// True if a client that prepared `older` may go on with this one: the same tables with the same columns, as in Cassandra,
    /// so that bind markers and result columns are the same too.
    pub(crate) fn continues(&self, older: &PreparedStatement) -> bool {
        let (new, old) = (&self.prepared, &older.prepared);
        let same_tables = tables(&new.plan).map(columns).eq(tables(&old.plan).map(columns));
        same_tables && (&new.bind, &new.pk_indexes, &new.result) == (&old.bind, &old.pk_indexes, &old.result)
    }
}

/// The memory of a statement, in bytes: its text, the values in it, and what is kept of each part of it.
fn estimate_bytes(text: &str, prepared: &PlannedStatement) -> usize {
    let parts = text.bytes().filter(|letter| PARTING.contains(letter)).count();
    let columns = prepared.bind.len() + prepared.result.as_ref().map_or(0, |columns| columns.len());
    OWN_BYTES + 2 * text.len() + parts * PART_BYTES + columns * COLUMN_BYTES
}

/// The tables that a plan reads or writes.
pub(super) fn tables(plan: &Plan) -> impl Iterator<Item = &Table> {
    let plan = if let Plan::Explain(explained) = plan { &explained.statement.plan } else { plan };
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
