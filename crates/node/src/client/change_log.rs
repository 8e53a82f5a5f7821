//! Lines of the log about changes that clients make: of the schema, and of roles and permissions. Each names the change, its object, the
//! role and the client's address; none has a password or a value. The node that the client asked writes it, once the change is agreed on.

use crate::client::parameters::Parameters;
use henge_cql::statement::{RoleOptions, RoleStatement};
use henge_cql::{PermissionPlan, SchemaChange};
use henge_model::{IndexDraft, Permission, TableChange, TypeChange};
use std::net::IpAddr;

/// The role of a client that need not log in, in Cassandra's word.
const ANONYMOUS: &str = "anonymous";

/// A change as the log names it.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    /// The words that begin the statement.
    change: &'static str,
    /// The name of what changes.
    object: String,
    /// The part of it, or the other role, as names alone.
    detail: Option<String>,
}

/// Writes the line of a change of the schema.
pub(super) fn log_schema_change(statement: &SchemaChange, parameters: &Parameters<'_>) {
    let Change { change, object, detail } = describe_schema_change(statement);
    let (role, client) = asker(parameters);
    tracing::info!(change, object, detail, role, client, "the schema was changed");
}

/// Writes the line of a change of roles.
pub(super) fn log_role_change(statement: &RoleStatement, parameters: &Parameters<'_>) {
    let Some(Change { change, object, detail }) = describe_role_change(statement) else { return };
    let (role, client) = asker(parameters);
    tracing::info!(change, object, detail, role, client, "roles were changed");
}

/// Writes the line of a change of permissions.
pub(super) fn log_permission_change(plan: &PermissionPlan, parameters: &Parameters<'_>) {
    let PermissionPlan::Change { permissions, resource, role: holder, given } = plan else { return };
    let change = if *given { "GRANT" } else { "REVOKE" };
    let names: Vec<&str> = permissions.iter().map(Permission::name).collect();
    let detail = format!("{} {} {holder}", names.join(", "), if *given { "TO" } else { "FROM" });
    let (object, (role, client)) = (resource.to_string(), asker(parameters));
    tracing::info!(change, object, detail, role, client, "permissions were changed");
}

/// The role and the address of who asked; a node that restores asks for itself, from no address.
fn asker<'a>(parameters: &Parameters<'a>) -> (&'a str, Option<String>) {
    (parameters.user.unwrap_or(ANONYMOUS), parameters.client.as_ref().map(IpAddr::to_string))
}

fn describe_schema_change(statement: &SchemaChange) -> Change {
    let within = |keyspace: &str, name: &str| format!("{keyspace}.{name}");
    let (change, object, detail) = match statement {
        SchemaChange::CreateKeyspace { name, .. } => ("CREATE KEYSPACE", name.clone(), None),
        SchemaChange::AlterKeyspace { name, .. } => ("ALTER KEYSPACE", name.clone(), None),
        SchemaChange::DropKeyspace { name, .. } => ("DROP KEYSPACE", name.clone(), None),
        SchemaChange::CreateTable { draft, .. } => ("CREATE TABLE", within(&draft.keyspace, &draft.name), None),
        SchemaChange::AlterTable { keyspace, table, change, .. } => {
            ("ALTER TABLE", within(keyspace, table), Some(describe_table_change(change)))
        }
        SchemaChange::DropTable { keyspace, table, .. } => ("DROP TABLE", within(keyspace, table), None),
        SchemaChange::CreateType { user_type, .. } => {
            ("CREATE TYPE", within(&user_type.keyspace, &user_type.name), None)
        }
        SchemaChange::AlterType { keyspace, name, change, .. } => {
            let detail = match change {
                TypeChange::Add { field, .. } => format!("ADD {field}"),
                TypeChange::Rename { names, .. } => describe_renames(names),
            };
            ("ALTER TYPE", within(keyspace, name), Some(detail))
        }
        SchemaChange::DropType { keyspace, name, .. } => ("DROP TYPE", within(keyspace, name), None),
        SchemaChange::CreateIndex { keyspace, table, draft, .. } => {
            ("CREATE INDEX", within(keyspace, table), Some(describe_index(draft)))
        }
        SchemaChange::DropIndex { keyspace, name, .. } => ("DROP INDEX", within(keyspace, name), None),
        SchemaChange::Truncate { keyspace, table } => ("TRUNCATE", within(keyspace, table), None),
    };
    Change { change, object, detail }
}

/// The column, and the name of the index if the statement gives one.
fn describe_index(draft: &IndexDraft) -> String {
    let name = draft.name.iter().map(|name| format!("{name} "));
    name.chain([format!("ON {}", draft.column)]).collect()
}

fn describe_table_change(change: &TableChange) -> String {
    match change {
        TableChange::Add { columns, .. } => {
            let names: Vec<&str> = columns.iter().map(|column| column.draft.name.as_str()).collect();
            format!("ADD {}", names.join(", "))
        }
        TableChange::Drop { columns, .. } => format!("DROP {}", columns.join(", ")),
        TableChange::Rename { names, .. } => describe_renames(names),
        TableChange::Mask { column, mask, .. } => {
            format!("ALTER {column} {}", if mask.is_some() { "MASKED" } else { "DROP MASKED" })
        }
        TableChange::Options { properties, .. } => format!("WITH {}", properties.join(", ")),
        TableChange::DropCompactStorage => "DROP COMPACT STORAGE".to_owned(),
        TableChange::FixSerialScope(_) => "the level of its conditional writes".to_owned(),
    }
}

fn describe_renames(names: &[(String, String)]) -> String {
    let each: Vec<String> = names.iter().map(|(old, new)| format!("{old} TO {new}")).collect();
    format!("RENAME {}", each.join(", "))
}

/// `None` for what only lists roles.
fn describe_role_change(statement: &RoleStatement) -> Option<Change> {
    let (change, object, detail) = match statement {
        RoleStatement::Create { name, options, .. } => ("CREATE ROLE", name, describe_options(options)),
        RoleStatement::Alter { name, options, .. } => ("ALTER ROLE", name, describe_options(options)),
        RoleStatement::Drop { name, .. } => ("DROP ROLE", name, None),
        RoleStatement::Grant { role, member } => ("GRANT ROLE", role, Some(format!("TO {member}"))),
        RoleStatement::Revoke { role, member } => ("REVOKE ROLE", role, Some(format!("FROM {member}"))),
        RoleStatement::List { .. } => return None,
    };
    Some(Change { change, object: object.clone(), detail })
}

/// The options that a statement sets; of a password only that there is one.
fn describe_options(options: &RoleOptions) -> Option<String> {
    let RoleOptions { password, can_login, is_superuser, has_options, datacenters, cidrs } = options;
    let named = [
        password.as_ref().map(|_| "PASSWORD".to_owned()),
        can_login.map(|can| format!("LOGIN = {can}")),
        is_superuser.map(|is| format!("SUPERUSER = {is}")),
        has_options.then(|| "OPTIONS".to_owned()),
        datacenters.as_ref().map(|_| "ACCESS TO DATACENTERS".to_owned()),
        cidrs.as_ref().map(|_| "ACCESS FROM CIDRS".to_owned()),
    ];
    let named: Vec<String> = named.into_iter().flatten().collect();
    (!named.is_empty()).then(|| named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_cql::statement::Password;

    #[test]
    fn options_of_roles_are_named_and_passwords_are_not_shown() {
        let options = RoleOptions {
            password: Some(Password::Clear("secret".to_owned())),
            is_superuser: Some(true),
            ..RoleOptions::default()
        };
        let create = RoleStatement::Create { name: "ann".to_owned(), if_not_exists: false, options };
        let change = describe_role_change(&create).unwrap();
        assert_eq!((change.change, change.object.as_str()), ("CREATE ROLE", "ann"));
        assert_eq!(change.detail.as_deref(), Some("PASSWORD, SUPERUSER = true"));
        let list = RoleStatement::List { of: None, recursive: true, users: false };
        assert_eq!(describe_role_change(&list), None);
    }

    #[test]
    fn changes_of_the_schema_name_their_object() {
        let (keyspace, name) = ("shop".to_owned(), "address".to_owned());
        let names = vec![("zip".to_owned(), "postcode".to_owned())];
        let change = TypeChange::Rename { names, if_exists: false };
        let statement = SchemaChange::AlterType { keyspace, name, if_exists: false, change };
        let detail = Some("RENAME zip TO postcode".to_owned());
        let expected = Change { change: "ALTER TYPE", object: "shop.address".to_owned(), detail };
        assert_eq!(describe_schema_change(&statement), expected);
    }
}
