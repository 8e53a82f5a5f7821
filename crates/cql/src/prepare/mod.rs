//! Statements against a schema: names become columns, terms become typed sources, restrictions become keys and filters.

mod absent;
mod access;
mod aggregate;
mod alter;
mod arithmetic;
mod batch;
mod cell_times;
mod change;
mod collection;
mod compact;
mod compaction_options;
mod compression_options;
mod computed;
mod condition;
mod data_type;
mod describe;
mod entry;
mod group;
mod index;
mod insert;
mod json;
mod keyspace;
mod marker;
mod mask;
mod masked;
mod misfit;
mod modify;
mod operand;
mod option_effects;
mod probe;
mod property;
mod reached;
mod relation;
mod replication;
mod restriction;
mod scope;
mod select;
mod selector;
mod shown;
mod sorting;
mod table;
mod table_options;
mod term;
mod user_type;
mod virtual_table;

#[cfg(test)]
mod tests;

pub use access::PermissionPlan;
pub(crate) use aggregate::{Aggregate, AggregatePlan};
pub use batch::{BatchPlan, check_kind};
pub use change::{AddedColumn, ColumnDraft, SchemaChange, TableChange, TableDraft};
pub(crate) use collection::{CollectionChange, CollectionPlan};
pub(crate) use condition::{ConditionPlan, Part, TestPlan, result_columns};
pub use describe::DescribeTarget;
pub(crate) use group::Grouping;
pub(crate) use json::JsonPlan;
pub use marker::{BindColumn, ColumnSpec, ResultColumn};
pub use modify::ModifyPlan;
pub(crate) use modify::{CellPlan, Reach};
pub(crate) use probe::{ProbeCondition, ProbePlan};
pub use replication::ReplicationDraft;
pub(crate) use restriction::{Bound, Partition, Slice, TokenBounds};
pub(crate) use scope::is_system;
pub use scope::is_virtual;
pub use select::SelectPlan;
pub(crate) use selector::Selector;
pub(crate) use table_options::{is_table_property, reset_property};

use crate::error::Error;
use crate::statement::{RoleStatement, Statement};
use henge_model::Schema;

use scope::Scope;
use std::sync::Arc;

/// A statement made ready against one schema. It holds good as long as the tables it names do not change.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What each bind marker takes, in order.
    pub bind: Vec<BindColumn>,
    /// For each component of the partition key the marker that gives it; empty unless every one has its own marker.
    pub pk_indexes: Vec<u16>,
    /// The columns of the answer; `None` of statements that answer no rows.
    pub result: Option<Arc<[ResultColumn]>>,
    /// What to do.
    pub plan: Plan,
}

/// What a statement asks to be done.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Read rows.
    Select(Box<SelectPlan>),
    /// Write rows of one table.
    Modify(Box<ModifyPlan>),
    /// Write several.
    Batch(BatchPlan),
    /// Change the schema, or truncate.
    Schema(SchemaChange),
    /// Make that keyspace the connection's own.
    Use(String),
    /// Print schema.
    Describe(DescribeTarget),
    /// Change or list roles.
    Role(RoleStatement),
    /// Change or list permissions.
    Permission(PermissionPlan),
    /// `IF EXISTS` of what Henge has none of.
    Nothing,
}

impl Prepared {
    /// A plan without markers and rows.
    fn bare(plan: Plan) -> Prepared {
        Prepared { bind: Vec::new(), pk_indexes: Vec::new(), result: None, plan }
    }
}

/// Resolves a statement. `keyspace` is the connection's, for names without one.
///
/// Statements that change the schema are checked by themselves here; against the newest schema by [`SchemaChange::check`].
pub fn prepare(statement: &Statement, schema: &Schema, keyspace: Option<&str>) -> Result<Prepared, Error> {
    let scope = Scope { schema, keyspace };
    match statement {
        Statement::Select(select) => select::prepare(select, &scope),
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => modify::prepare(statement, &scope),
        Statement::Batch(batch) => batch::prepare(batch, &scope),
        Statement::Use(name) => scope.keyspace_named(&name.keyspace).map(|k| Prepared::bare(Plan::Use(k.name.clone()))),
        Statement::CreateKeyspace(create) => keyspace::create(create).map(schema_plan),
        Statement::DropKeyspace(drop) => keyspace::drop(drop).map(schema_plan),
        Statement::CreateTable(create) => table::create(create, &scope).map(schema_plan),
        Statement::DropTable(drop) => table::drop(drop, &scope).map(schema_plan),
        Statement::CreateType(create) => user_type::create(create, &scope).map(schema_plan),
        Statement::AlterType(alter) => user_type::alter(alter, &scope).map(schema_plan),
        Statement::DropType(drop) => user_type::drop(drop, &scope).map(schema_plan),
        Statement::CreateIndex(create) => index::create(create, &scope).map(schema_plan),
        Statement::DropIndex(drop) => index::drop(drop, &scope).map(schema_plan),
        Statement::Truncate(truncate) => table::truncate(truncate, &scope).map(schema_plan),
        Statement::Describe(describe) => describe::prepare(describe, &scope),
        Statement::AlterKeyspace(alter) => alter::keyspace(alter).map(schema_plan),
        Statement::AlterTable(alter) => alter::table(alter, &scope).map(schema_plan),
        Statement::Role(statement) => Ok(access::roles(statement)),
        Statement::Permission(statement) => access::permissions(statement, &scope),
        Statement::Identity(statement) => Ok(absent::identities(statement)),
        Statement::Function(statement) => absent::functions(statement, &scope),
        Statement::View(statement) => absent::views(statement, &scope),
        Statement::Trigger(statement) => absent::triggers(statement, &scope),
    }
}

fn schema_plan(change: SchemaChange) -> Prepared {
    Prepared::bare(Plan::Schema(change))
}
