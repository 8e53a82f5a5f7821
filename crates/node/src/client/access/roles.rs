//! Statements about roles. What is checked, in which order and in which words is Cassandra's.

use super::check::{ensure, ensure_of_role};
use super::settings;
use super::{invalid, require_user, unauthorized_error};
use crate::client::change_log::log_role_change;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::Outcome;
use crate::client::parameters::Parameters;
use crate::ground::world::World;
use henge_base::Mono;
use henge_cql::statement::{RoleOptions, RoleStatement};
use henge_metadata::{Command, Role, RoleCommand, Roles};
use henge_model::{Permission, Resource, RowSink};
use std::sync::Arc;

/// Carries out a statement that changes roles.
pub(super) async fn change<W: World>(
    core: &Core<W>,
    statement: &RoleStatement,
    parameters: &Parameters<'_>,
    deadline: Mono,
) -> Result<Outcome, Error> {
    let user = parameters.user;
    let command = match statement {
        RoleStatement::Create { name, if_not_exists, options } => {
            may_create(core, user, name, *if_not_exists, options)?;
            let settings = settings::resolve(core, options).await?;
            RoleCommand::Create { name: name.clone(), if_not_exists: *if_not_exists, settings }
        }
        RoleStatement::Alter { name, if_exists, options } => {
            may_alter(core, user, name, *if_exists, options)?;
            let settings = settings::resolve(core, options).await?;
            RoleCommand::Alter { name: name.clone(), if_exists: *if_exists, settings }
        }
        RoleStatement::Drop { name, if_exists } => {
            may_drop(core, user, name, *if_exists)?;
            RoleCommand::Drop { name: name.clone(), if_exists: *if_exists }
        }
        RoleStatement::Grant { role, member } => membership(core, user, role, member, true)?,
        RoleStatement::Revoke { role, member } => membership(core, user, role, member, false)?,
        RoleStatement::List { .. } => return Ok(Outcome::Void),
    };
    let creates = matches!(command, RoleCommand::Create { .. });
    let mut command = Command::Role(command);
    if let (true, true, Some(user)) = (creates, core.context().options.authorize, user) {
        command = Command::By { role: user.to_owned(), command: Box::new(command) };
    }
    let (_, changed) = core.cluster().change_before(deadline, command).await?;
    if changed {
        log_role_change(statement, parameters);
    }
    Ok(Outcome::Void)
}

fn is_superuser(roles: &Roles, user: Option<&str>) -> bool {
    user.is_some_and(|user| roles.is_superuser(user))
}

fn role(name: &str) -> Resource {
    Resource::Role(name.to_owned())
}

fn may_create<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    name: &str,
    if_not_exists: bool,
    options: &RoleOptions,
) -> Result<(), Error> {
    let roles = &core.cluster().view().state.roles;
    ensure_of_role(core, user, Permission::Create, &Resource::AllRoles)?;
    if options.is_superuser == Some(true) && !is_superuser(roles, user) {
        return Err(unauthorized_error("Only superusers can create a role with superuser status"));
    }
    settings::check(core, options)?;
    if name.is_empty() {
        return Err(invalid("Role name can't be an empty string"));
    }
    require_user(user)?;
    if !if_not_exists && roles.get(name).is_some() {
        return Err(invalid(format!("{name} already exists")));
    }
    Ok(())
}

fn may_alter<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    name: &str,
    if_exists: bool,
    options: &RoleOptions,
) -> Result<(), Error> {
    let roles = &core.cluster().view().state.roles;
    may_set(core, roles, user, name, options)?;
    settings::check(core, options)?;
    if settings::is_empty(options) {
        return Err(invalid("ALTER [ROLE|USER] can't be empty"));
    }
    require_user(user)?;
    if !if_exists && roles.get(name).is_none() {
        return Err(invalid(format!("Role {name} doesn't exist")));
    }
    Ok(())
}

fn may_set<W: World>(
    core: &Core<W>,
    roles: &Roles,
    user: Option<&str>,
    name: &str,
    options: &RoleOptions,
) -> Result<(), Error> {
    let is_super = is_superuser(roles, user);
    if options.is_superuser.is_some() {
        if user.is_some_and(|user| roles.is_member(user, name)) {
            let message = "You aren't allowed to alter your own superuser status or that of a role granted to you";
            return Err(unauthorized_error(message));
        }
        if !is_super {
            return Err(unauthorized_error("Only superusers are allowed to alter superuser status"));
        }
    }
    if is_super {
        return Ok(());
    }
    if user == Some(name) {
        return match settings::not_ones_own(options) {
            Some(option) => Err(unauthorized_error(format!("You aren't allowed to alter {option}"))),
            None => Ok(()),
        };
    }
    ensure_of_role(core, user, Permission::Alter, &role(name))
}

fn may_drop<W: World>(core: &Core<W>, user: Option<&str>, name: &str, if_exists: bool) -> Result<(), Error> {
    let roles = &core.cluster().view().state.roles;
    ensure_of_role(core, user, Permission::Drop, &role(name))?;
    if roles.is_superuser(name) && !is_superuser(roles, user) {
        return Err(unauthorized_error("Only superusers can drop a role with superuser status"));
    }
    let user = require_user(user)?;
    if !if_exists && roles.get(name).is_none() {
        return Err(invalid(format!("{name} doesn't exist")));
    }
    if user == name {
        return Err(invalid("Cannot DROP primary role for current login"));
    }
    Ok(())
}

fn membership<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    granted: &str,
    member: &str,
    is_one: bool,
) -> Result<RoleCommand, Error> {
    ensure_of_role(core, user, Permission::Authorize, &role(granted))?;
    require_user(user)?;
    Ok(RoleCommand::Member { role: granted.to_owned(), member: member.to_owned(), is_one })
}

/// `LIST ROLES` and `LIST USERS`.
pub(super) fn list<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    of: Option<&str>,
    recursive: bool,
    users: bool,
    sink: &mut (dyn RowSink + Send),
) -> Result<Outcome, Error> {
    let user = require_user(user)?;
    let view = core.cluster().view();
    let roles = &view.state.roles;
    if let Some(of) = of
        && roles.get(of).is_none()
    {
        return Err(invalid(format!("{} doesn't exist", role(of))));
    }
    let sees_all = ensure(core, Some(user), Permission::Describe, &Resource::AllRoles).is_ok();
    let shown: Vec<&Arc<Role>> = match of {
        None if sees_all => roles.iter().collect(),
        None => granted_roles(roles, user, recursive),
        Some(of) if sees_all || roles.is_member(user, of) => granted_roles(roles, of, recursive),
        Some(of) => return Err(unauthorized_error(format!("You are not authorized to view roles granted to {of} "))),
    };
    if shown.is_empty() {
        return Ok(Outcome::Void);
    }
    for role in shown.into_iter().filter(|role| !users || role.can_login) {
        sink.begin_row();
        sink.value(Some(role.name.as_bytes()));
        sink.value(Some(&[u8::from(role.is_superuser)]));
        if !users {
            sink.value(Some(&[u8::from(role.can_login)]));
            // No options: a map of nothing.
            sink.value(Some(&[0; 4]));
        }
        sink.value(Some(b"ALL"));
    }
    Ok(Outcome::Rows(None))
}

/// A role with those granted to it, or with those granted to it directly.
fn granted_roles<'a>(roles: &'a Roles, name: &str, recursive: bool) -> Vec<&'a Arc<Role>> {
    if recursive {
        return roles.of(name);
    }
    let Some(role) = roles.get(name) else { return Vec::new() };
    let mut all: Vec<&Arc<Role>> = role.member_of.iter().filter_map(|r| roles.get(r)).chain([role]).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
