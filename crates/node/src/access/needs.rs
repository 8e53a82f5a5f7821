//! The permissions that a statement needs.

use henge_cql::statement::{Condition, Statement};
use henge_cql::{Plan, SchemaChange};
use henge_model::{Permission, Resource, Table};

/// A permission that a statement needs, on a resource or on one that contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) permission: Permission,
    /// The resource first.
    pub(crate) chain: Vec<Resource>,
}

impl Need {
    pub(crate) fn new(permission: Permission, resource: &Resource) -> Need {
        Need { permission, chain: resource.chain() }
    }
}

/// System tables that drivers and shells read whoever uses them.
const READABLE: [&str; 4] = ["local", "peers", "peers_v2", "size_estimates"];
const READABLE_KEYSPACES: [&str; 3] = ["system_schema", "system_virtual_schema", "system_traces"];

/// What a statement needs. Statements about roles and permissions look for themselves.
pub(crate) fn needs(statement: &Statement, plan: &Plan) -> Vec<Need> {
    match plan {
        Plan::Select(select) if readable(select.table()) => Vec::new(),
        Plan::Select(select) => vec![on(Permission::Select, select.table())],
        Plan::Modify(modify) => {
            let mut needs = vec![on(Permission::Modify, modify.table())];
            if is_conditional(statement) {
                needs.push(on(Permission::Select, modify.table()));
            }
            needs
        }
        Plan::Batch(batch) => batched(statement, batch),
        Plan::Schema(change) => vec![of_schema_change(change)],
        Plan::Use(_) | Plan::Describe(_) | Plan::Role(_) | Plan::Permission(_) => Vec::new(),
    }
}

fn batched(statement: &Statement, batch: &henge_cql::BatchPlan) -> Vec<Need> {
    let mut needs: Vec<Need> = batch.statements.iter().map(|s| on(Permission::Modify, s.table())).collect();
    if let Statement::Batch(texts) = statement {
        let conditional = texts.statements.iter().zip(&batch.statements).filter(|(text, _)| is_conditional(text));
        needs.extend(conditional.map(|(_, s)| on(Permission::Select, s.table())));
    }
    needs.dedup();
    needs
}

fn on(permission: Permission, table: &Table) -> Need {
    Need::new(permission, &Resource::Table(table.keyspace.clone(), table.name.clone()))
}

/// Whether a write tells something of what was there before.
fn is_conditional(statement: &Statement) -> bool {
    let conditional = |condition: &Option<Condition>| condition.is_some();
    match statement {
        Statement::Insert(insert) => insert.if_not_exists.is_some(),
        Statement::Update(update) => conditional(&update.condition),
        Statement::Delete(delete) => conditional(&delete.condition),
        _ => false,
    }
}

fn readable(table: &Table) -> bool {
    READABLE_KEYSPACES.contains(&table.keyspace.as_str())
        || (table.keyspace == "system" && READABLE.contains(&table.name.as_str()))
}

fn of_schema_change(change: &SchemaChange) -> Need {
    let table = |keyspace: &String, table: &String| Resource::Table(keyspace.clone(), table.clone());
    match change {
        SchemaChange::CreateKeyspace { .. } => Need::new(Permission::Create, &Resource::AllKeyspaces),
        SchemaChange::AlterKeyspace { name, .. } => Need::new(Permission::Alter, &Resource::Keyspace(name.clone())),
        SchemaChange::DropKeyspace { name, .. } => Need::new(Permission::Drop, &Resource::Keyspace(name.clone())),
        SchemaChange::CreateTable { draft, .. } => {
            Need::new(Permission::Create, &Resource::AllTables(draft.keyspace.clone()))
        }
        SchemaChange::AlterTable { keyspace, table: name, .. } => Need::new(Permission::Alter, &table(keyspace, name)),
        SchemaChange::DropTable { keyspace, table: name, .. } => Need::new(Permission::Drop, &table(keyspace, name)),
        SchemaChange::Truncate { keyspace, table: name } => Need::new(Permission::Modify, &table(keyspace, name)),
    }
}
