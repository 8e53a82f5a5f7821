//! GRANT, REVOKE and LIST of permissions.

use super::check::ensure;
use super::{invalid, require_user, unauthorized_error};
use crate::client::change_log::log_permission_change;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::Outcome;
use crate::client::parameters::Parameters;
use crate::cluster::view::View;
use crate::ground::world::World;
use henge_base::Mono;
use henge_cql::{PermissionPlan, is_kept_everywhere, is_virtual};
use henge_metadata::{Command, Role, RoleCommand, Roles, TRACES};
use henge_model::{Keyspace, Permission, Permissions, Replication, Resource, RowSink};
use std::sync::Arc;

/// Carries out a statement about permissions.
pub(super) async fn run<W: World>(
    core: &Core<W>,
    plan: &PermissionPlan,
    parameters: &Parameters<'_>,
    deadline: Mono,
    sink: &mut (dyn RowSink + Send),
) -> Result<Outcome, Error> {
    let user = parameters.user;
    match plan {
        PermissionPlan::Change { permissions, resource, role, given } => {
            may_change(core, user, *permissions, resource, role, *given)?;
            let warning = warning(&core.cluster().view().state.roles, *permissions, resource, role, *given);
            let (role, resource, permissions) = (role.clone(), resource.clone(), *permissions);
            let command = match given {
                true => RoleCommand::Grant { role, resource, permissions },
                false => RoleCommand::Revoke { role, resource, permissions },
            };
            let (_, changed) = core.cluster().change_before(deadline, Command::Role(command)).await?;
            if changed {
                log_permission_change(plan, parameters);
            }
            Ok(warning.map_or(Outcome::Void, Outcome::Warning))
        }
        PermissionPlan::List { permissions, resource, of, recursive } => {
            let rows = list_permissions(core, user, *permissions, resource.as_ref(), of.as_deref(), *recursive)?;
            if rows.is_empty() {
                return Ok(Outcome::Void);
            }
            for (role, resource, permission) in rows {
                sink.begin_row();
                [&role, &role, &resource].into_iter().for_each(|value| sink.value(Some(value.as_bytes())));
                sink.value(Some(permission.name().as_bytes()));
            }
            Ok(Outcome::Rows(None))
        }
        PermissionPlan::Absent { refusal } => {
            require_user(user)?;
            refusal.as_ref().map_or(Ok(Outcome::Void), |message| Err(invalid(message.clone())))
        }
    }
}

/// The warning about permissions that were granted already, or are revoked without having been granted.
fn warning(roles: &Roles, asked: Permissions, on: &Resource, role: &str, given: bool) -> Option<String> {
    let has = roles.get(role).and_then(|r| r.permissions.get(on)).copied().unwrap_or_default();
    let idle = if given { asked.intersection(has) } else { asked.difference(has) };
    let names: Vec<&str> = idle.iter().map(Permission::name).collect();
    let what = if given { "already" } else { "not" };
    (!names.is_empty()).then(|| format!("Role '{role}' was {what} granted {} on {on}", names.join(", ")))
}

fn may_change<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    permissions: Permissions,
    resource: &Resource,
    role: &str,
    given: bool,
) -> Result<(), Error> {
    ensure(core, user, Permission::Authorize, resource)?;
    permissions.iter().try_for_each(|permission| ensure(core, user, permission, resource))?;
    require_user(user)?;
    let view = core.cluster().view();
    if view.state.roles.get(role).is_none() {
        return Err(invalid(format!("Role {role} doesn't exist")));
    }
    if !exists(&view, resource) {
        return Err(invalid(format!("Resource {resource} doesn't exist")));
    }
    let harmless =
        Permissions::of(&[Permission::Select, Permission::Alter, Permission::Unmask, Permission::SelectMasked]);
    if given && is_system(&view, resource) && !permissions.difference(harmless).is_empty() {
        let message = "Granting permissions on system keyspaces is strictly limited, this operation is not permitted";
        return Err(unauthorized_error(message));
    }
    demand_authorizer(core, if given { "GRANT" } else { "REVOKE" })
}

fn demand_authorizer<W: World>(core: &Core<W>, operation: &str) -> Result<(), Error> {
    match core.context().options.authorize {
        true => Ok(()),
        false => Err(invalid(format!("{operation} operation is not supported by AllowAllAuthorizer"))),
    }
}

/// True for resources of the system's own keyspaces. Virtual ones take no writes whatever is granted.
fn is_system(view: &View, resource: &Resource) -> bool {
    let keyspace = resource.keyspace().and_then(|name| view.schema.keyspaces.get(name));
    let own =
        |k: &Arc<Keyspace>| k.replication == Replication::Local || is_kept_everywhere(&k.name) || k.name == TRACES;
    keyspace.is_some_and(|keyspace| own(keyspace) && !is_virtual(&keyspace.name))
}

/// True if a resource exists, system keyspaces included.
fn exists(view: &View, resource: &Resource) -> bool {
    match resource {
        Resource::AllKeyspaces | Resource::AllRoles | Resource::AllFunctions => true,
        Resource::Keyspace(name) | Resource::AllTables(name) | Resource::KeyspaceFunctions(name) => {
            view.schema.keyspaces.contains_key(name)
        }
        Resource::Table(keyspace, table) => view.schema.table(keyspace, table).is_some(),
        Resource::Role(name) => view.state.roles.get(name).is_some(),
    }
}

/// Role, resource and permission of each row, in Cassandra's order.
fn list_permissions<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    permissions: Permissions,
    resource: Option<&Resource>,
    of: Option<&str>,
    recursive: bool,
) -> Result<Vec<(String, String, Permission)>, Error> {
    let user = require_user(user)?;
    let view = core.cluster().view();
    let roles = &view.state.roles;
    if let Some(resource) = resource.filter(|resource| !exists(&view, resource)) {
        return Err(invalid(format!("{resource} doesn't exist")));
    }
    if let Some(of) = of.filter(|of| roles.get(of).is_none()) {
        return Err(invalid(format!("{} doesn't exist", Resource::Role(of.to_owned()))));
    }
    demand_authorizer(core, "LIST PERMISSIONS")?;
    if !roles.is_superuser(user) && !of.is_some_and(|of| roles.is_member(user, of)) {
        let whose = of.unwrap_or("everyone");
        return Err(unauthorized_error(format!("You are not authorized to view {whose}'s permissions")));
    }
    let holders: Vec<&Arc<Role>> = of.map_or_else(|| roles.iter().collect(), |of| roles.of(of));
    let chain = resource.map(|resource| if recursive { resource.with_parents() } else { vec![resource.clone()] });
    let mut rows = Vec::new();
    for role in holders {
        let mut given: Vec<(&Resource, &Permissions)> = role.permissions.iter().collect();
        given.retain(|(on, _)| chain.as_ref().is_none_or(|chain| chain.contains(on)));
        given.sort_by_key(|(on, _)| on.path());
        for (on, has) in given {
            let wanted = has.intersection(permissions);
            rows.extend(wanted.iter().map(|permission| (role.name.clone(), on.to_string(), permission)));
        }
    }
    Ok(rows)
}
