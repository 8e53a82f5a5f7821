//! Statements about roles and permissions: they give resources their keyspaces and LIST its columns.

use crate::error::Error;
use crate::plan::{Labels, PermissionPlan, Plan, PlannedStatement, ResultColumn};
use crate::prepare::absent::function_resource;
use crate::prepare::scope::Scope;
use crate::statement::{PermissionList, PermissionStatement, ResourceName, RoleStatement};
use henge_model::{DataType, Permission, Permissions, Resource};
use std::sync::Arc;

pub(crate) fn roles(statement: &RoleStatement) -> PlannedStatement {
    let result = match statement {
        RoleStatement::List { users, .. } => Some(role_columns(*users)),
        _ => None,
    };
    PlannedStatement { result, ..PlannedStatement::bare(Plan::Role(statement.clone())) }
}

pub(crate) fn permissions(statement: &PermissionStatement, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let change = |permissions: &PermissionList, name: &ResourceName, role: &str, given| {
        let resource = match resource(name, scope)? {
            Ok(resource) => resource,
            Err(absent) => return Ok(PlannedStatement::bare(Plan::Permission(absent))),
        };
        let applicable = resource.applicable();
        let permissions = match permissions {
            PermissionList::All => applicable,
            PermissionList::These(asked) => applicable.intersection(*asked),
        };
        Ok(PlannedStatement::bare(Plan::Permission(PermissionPlan::Change {
            permissions,
            resource,
            role: role.to_owned(),
            given,
        })))
    };
    match statement {
        PermissionStatement::Grant { permissions, resource, role } => change(permissions, resource, role, true),
        PermissionStatement::Revoke { permissions, resource, role } => change(permissions, resource, role, false),
        PermissionStatement::List { permissions, resource: name, of, recursive } => {
            let permissions = match permissions {
                PermissionList::All => Permissions::of(&Permission::ALL),
                PermissionList::These(asked) => *asked,
            };
            let resource = match name.as_ref().map(|name| resource(name, scope)).transpose()?.transpose() {
                Ok(resource) => resource,
                Err(absent) => return Ok(PlannedStatement::bare(Plan::Permission(absent))),
            };
            let plan = PermissionPlan::List { permissions, resource, of: of.clone(), recursive: *recursive };
            Ok(PlannedStatement {
                result: Some(permission_columns()),
                ..PlannedStatement::bare(Plan::Permission(plan))
            })
        }
    }
}

/// The resource of that name, or else the plan that refuses the statement because Henge has no such resources.
fn resource(name: &ResourceName, scope: &Scope<'_>) -> Result<Result<Resource, PermissionPlan>, Error> {
    match name {
        ResourceName::Full(resource) => Ok(Ok(resource.clone())),
        ResourceName::Table(table) => Ok(Ok(Resource::Table(scope.keyspace_of(table)?, table.name.text.clone()))),
        ResourceName::Function(name, types) => function_resource(name, types, scope).map(Err),
        ResourceName::Beans(_, position) => {
            Ok(Err(PermissionPlan::Absent { refusal: Some(Error::absent("MBeans", *position).message) }))
        }
    }
}

fn role_columns(users: bool) -> Arc<[ResultColumn]> {
    let labels = Labels::new("system_auth", if users { "users" } else { "roles" });
    let text = |name| labels.column(name, DataType::Text);
    let flag = |name| labels.column(name, DataType::Boolean);
    if users {
        return [text("name"), flag("super"), text("datacenters")].into();
    }
    let options = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Text));
    [text("role"), flag("super"), flag("login"), labels.column("options", options), text("datacenters")].into()
}

fn permission_columns() -> Arc<[ResultColumn]> {
    let labels = Labels::new("system_auth", "permissions");
    ["role", "username", "resource", "permission"].map(|name| labels.column(name, DataType::Text)).into()
}
