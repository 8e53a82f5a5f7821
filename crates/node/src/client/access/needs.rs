//! The permissions that a statement needs.

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
        Need { permission, chain: resource.with_parents() }
    }
}

/// System tables that drivers and shells read whoever uses them. As in Cassandra that goes for traces as well, but not for the tables of
/// `system_views`, which show what others do and how the node is set up.
const READABLE: [&str; 4] = ["local", "peers", "peers_v2", "size_estimates"];
const READABLE_KEYSPACES: [&str; 3] = ["system_schema", "system_virtual_schema", "system_traces"];

/// The permissions that a statement needs. Statements about roles and permissions are checked when they run.
pub(crate) fn needs(plan: &Plan) -> Vec<Need> {
    match plan {
        Plan::Select(select) if readable(select.table()) => Vec::new(),
        Plan::Select(select) => vec![on(Permission::Select, select.table())],
        Plan::Modify(modify) => {
            let mut needs = vec![on(Permission::Modify, modify.table())];
            // It tells something of what was there before.
            if modify.is_conditional() {
                needs.push(on(Permission::Select, modify.table()));
            }
            needs
        }
        Plan::Batch(batch) => batch_needs(batch),
        Plan::Schema(change) => vec![of_schema_change(change)],
        Plan::Explain(explained) => needs(&explained.statement.plan),
        Plan::Use(_) | Plan::Describe(_) | Plan::Role(_) | Plan::Permission(_) | Plan::Nothing => Vec::new(),
    }
}

fn batch_needs(batch: &henge_cql::BatchPlan) -> Vec<Need> {
    let mut needs: Vec<Need> = batch.statements.iter().map(|s| on(Permission::Modify, s.table())).collect();
    let conditional = batch.statements.iter().filter(|s| s.is_conditional());
    needs.extend(conditional.map(|s| on(Permission::Select, s.table())));
    needs.dedup();
    needs
}

fn on(permission: Permission, table: &Table) -> Need {
    Need::new(permission, &Resource::Table(table.keyspace.clone(), table.name.clone()))
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
        // Types are the keyspace's, as its tables are.
        SchemaChange::CreateType { user_type, .. } => {
            Need::new(Permission::Create, &Resource::AllTables(user_type.keyspace.clone()))
        }
        SchemaChange::AlterType { keyspace, .. } => {
            Need::new(Permission::Alter, &Resource::AllTables(keyspace.clone()))
        }
        SchemaChange::DropType { keyspace, .. } => Need::new(Permission::Drop, &Resource::AllTables(keyspace.clone())),
        SchemaChange::AlterTable { keyspace, table: name, .. } => Need::new(Permission::Alter, &table(keyspace, name)),
        SchemaChange::DropTable { keyspace, table: name, .. } => Need::new(Permission::Drop, &table(keyspace, name)),
        SchemaChange::CreateIndex { keyspace, table: name, .. }
        | SchemaChange::DropIndex { keyspace, table: Some(name), .. } => {
            Need::new(Permission::Alter, &table(keyspace, name))
        }
        SchemaChange::DropIndex { keyspace, table: None, .. } => {
            Need::new(Permission::Alter, &Resource::AllTables(keyspace.clone()))
        }
        SchemaChange::Truncate { keyspace, table: name } => Need::new(Permission::Modify, &table(keyspace, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::system_keyspaces;

    #[test]
    fn everybody_reads_what_drivers_need_and_no_more() {
        let keyspaces = system_keyspaces::keyspaces();
        let tables = keyspaces.iter().flat_map(|keyspace| keyspace.tables.values());
        // What is built says what there is: that, too, is not for everybody.
        let closed = tables.filter(|t| !readable(t) && t.name != "IndexInfo");
        let closed: Vec<&str> = closed.map(|table| table.keyspace.as_str()).collect();
        let expected = ["system_auth", "system_distributed", "system_views"];
        assert!(closed.iter().all(|keyspace| expected.contains(keyspace)), "{closed:?}");
        let views = keyspaces.iter().filter(|keyspace| keyspace.name == "system_views");
        assert!(views.flat_map(|keyspace| keyspace.tables.values()).all(|table| !readable(table)));
    }
}
