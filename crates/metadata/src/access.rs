//! Commands about roles, turned into the roles as they will be. With a dropped role go its memberships and the permissions on it.

use crate::limits::{GRANTS_MAX, ROLE_NAME_BYTES_MAX, ROLES_MAX};
use crate::{Change, ClusterState, CommandRefusal, Role, RoleCommand, RoleSettings};
use henge_model::{Permissions, Resource};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn propose(state: &ClusterState, command: &RoleCommand) -> Result<Vec<Change>, CommandRefusal> {
    match command {
        RoleCommand::First { name, salted_hash, anew } => {
            if !state.roles.is_empty() && !anew {
                return Err(CommandRefusal::Nothing);
            }
            let was = state.roles.get(name).map_or_else(|| new_role(state, name), |role| Role::clone(role));
            let salted_hash = Some(salted_hash.clone());
            Ok(vec![put(Role { is_superuser: true, can_login: true, salted_hash, ..was })])
        }
        RoleCommand::Create { name, if_not_exists, settings } => create(state, name, *if_not_exists, settings),
        RoleCommand::Alter { name, if_exists, settings } => match state.roles.get(name) {
            None if *if_exists => Err(CommandRefusal::Nothing),
            None => Err(invalid(format!("Role {name} doesn't exist"))),
            Some(role) => Ok(vec![put(with(role, settings))]),
        },
        RoleCommand::Drop { name, if_exists } => drop_role(state, name, *if_exists),
        RoleCommand::Member { role, member, is_one } => membership(state, role, member, *is_one),
        RoleCommand::Grant { role, resource, permissions } => {
            if !exists(state, resource) {
                return Err(invalid(format!("Resource {resource} doesn't exist")));
            }
            regrant(state, role, resource, |given| given.union(*permissions))
        }
        RoleCommand::Revoke { role, resource, permissions } => {
            regrant(state, role, resource, |given| given.difference(*permissions))
        }
    }
}

/// The permissions that the creator gets on what `changes` create, and those that roles lose with what is dropped.
pub(crate) fn follow(state: &ClusterState, changes: &[Change], creator: Option<&str>) -> Vec<Change> {
    let mut changed: BTreeMap<&str, Role> = BTreeMap::new();
    for change in changes {
        let (made, gone) = resource_changes(state, change);
        for role in state.roles.iter() {
            let losses: Vec<&Resource> = role.permissions.keys().filter(|r| gone.contains(r)).collect();
            if !losses.is_empty() {
                let role = changed.entry(&role.name).or_insert_with(|| Role::clone(role));
                losses.iter().for_each(|resource| {
                    role.permissions.remove(*resource);
                });
            }
        }
        if let Some(role) = creator.and_then(|name| state.roles.get(name)) {
            let role = changed.entry(&role.name).or_insert_with(|| Role::clone(role));
            role.permissions.extend(made.into_iter().map(|resource| (resource.clone(), resource.applicable())));
        }
    }
    changed.retain(|name, role| state.roles.get(name).is_none_or(|was| **was != *role));
    changed.into_values().map(put).collect()
}

/// The resources that come to be by a change, and those that go.
fn resource_changes(state: &ClusterState, change: &Change) -> (Vec<Resource>, Vec<Resource>) {
    match change {
        Change::Keyspace(keyspace) if !state.schema.keyspaces.contains_key(&keyspace.name) => {
            let name = || keyspace.name.clone();
            (vec![Resource::Keyspace(name()), Resource::KeyspaceFunctions(name())], Vec::new())
        }
        Change::Table(table) if state.table(&table.keyspace, &table.name).is_none() => {
            (vec![Resource::Table(table.keyspace.clone(), table.name.clone())], Vec::new())
        }
        Change::Role(role) if state.roles.get(&role.name).is_none() => {
            (vec![Resource::Role(role.name.clone())], Vec::new())
        }
        Change::TableDropped { keyspace, table } => {
            (Vec::new(), vec![Resource::Table(keyspace.clone(), table.clone())])
        }
        Change::KeyspaceDropped(name) => {
            let tables = state.schema.keyspaces.get(name).into_iter().flat_map(|k| k.tables.keys());
            let mut gone: Vec<Resource> = tables.map(|t| Resource::Table(name.clone(), t.clone())).collect();
            gone.push(Resource::Keyspace(name.clone()));
            gone.push(Resource::AllTables(name.clone()));
            gone.push(Resource::KeyspaceFunctions(name.clone()));
            (Vec::new(), gone)
        }
        _ => (Vec::new(), Vec::new()),
    }
}

/// True if a resource exists. System keyspaces are not in the log and count as existing.
fn exists(state: &ClusterState, resource: &Resource) -> bool {
    let is_system = resource.keyspace().is_some_and(|k| k.starts_with("system"));
    match resource {
        _ if is_system => true,
        Resource::AllKeyspaces | Resource::AllRoles | Resource::AllFunctions => true,
        Resource::Keyspace(name) | Resource::AllTables(name) | Resource::KeyspaceFunctions(name) => {
            state.schema.keyspaces.contains_key(name)
        }
        Resource::Table(keyspace, table) => state.table(keyspace, table).is_some(),
        Resource::Role(name) => state.roles.get(name).is_some(),
    }
}

fn put(role: Role) -> Change {
    Change::Role(Arc::new(role))
}

fn invalid(message: String) -> CommandRefusal {
    CommandRefusal::Invalid(message)
}

fn with(role: &Role, settings: &RoleSettings) -> Role {
    let mut role = role.clone();
    role.is_superuser = settings.is_superuser.unwrap_or(role.is_superuser);
    role.can_login = settings.can_login.unwrap_or(role.can_login);
    role.salted_hash = settings.salted_hash.clone().or(role.salted_hash);
    role
}

fn create(
    state: &ClusterState,
    name: &str,
    if_not_exists: bool,
    settings: &RoleSettings,
) -> Result<Vec<Change>, CommandRefusal> {
    if state.roles.get(name).is_some() {
        return Err(if if_not_exists { CommandRefusal::Nothing } else { invalid(format!("{name} already exists")) });
    }
    if state.roles.len() >= ROLES_MAX {
        return Err(CommandRefusal::Limit(format!("a cluster has at most {ROLES_MAX} roles")));
    }
    if name.len() > ROLE_NAME_BYTES_MAX {
        return Err(CommandRefusal::Limit(format!("a role's name has at most {ROLE_NAME_BYTES_MAX} bytes")));
    }
    if name.contains('\0') {
        return Err(CommandRefusal::Invalid("a role's name has no NUL characters".to_owned()));
    }
    Ok(vec![put(with(&new_role(state, name), settings))])
}

/// A role without settings, which the next entry creates.
fn new_role(state: &ClusterState, name: &str) -> Role {
    Role { name: name.to_owned(), created: state.epoch.index + 1, ..Role::default() }
}

fn drop_role(state: &ClusterState, name: &str, if_exists: bool) -> Result<Vec<Change>, CommandRefusal> {
    if state.roles.get(name).is_none() {
        return Err(if if_exists { CommandRefusal::Nothing } else { missing(name) });
    }
    let resource = Resource::Role(name.to_owned());
    let mentions = |role: &&Arc<Role>| role.member_of.contains(name) || role.permissions.contains_key(&resource);
    let mut changes = vec![Change::RoleDropped(name.to_owned())];
    changes.extend(state.roles.iter().filter(|r| r.name != name).filter(mentions).map(|role| {
        let mut role = Role::clone(role);
        role.member_of.remove(name);
        role.permissions.remove(&resource);
        put(role)
    }));
    Ok(changes)
}

fn membership(state: &ClusterState, role: &str, member: &str, is_one: bool) -> Result<Vec<Change>, CommandRefusal> {
    state.roles.get(role).ok_or_else(|| missing(role))?;
    let mut changed = Role::clone(state.roles.get(member).ok_or_else(|| missing(member))?);
    if is_one {
        for (one, other) in [(member, role), (role, member)] {
            if state.roles.is_member(one, other) {
                return Err(invalid(format!("{one} is a member of {other}")));
            }
        }
        check_grant_count(changed.member_of.len())?;
        changed.member_of.insert(role.to_owned());
    } else if !changed.member_of.remove(role) {
        return Err(invalid(format!("{member} is not a member of {role}")));
    }
    Ok(vec![put(changed)])
}

fn regrant(
    state: &ClusterState,
    role: &str,
    resource: &Resource,
    change: impl FnOnce(Permissions) -> Permissions,
) -> Result<Vec<Change>, CommandRefusal> {
    let old = state.roles.get(role).ok_or_else(|| invalid(format!("Role {role} doesn't exist")))?;
    let mut changed = Role::clone(old);
    let given = change(changed.permissions.remove(resource).unwrap_or_default());
    if !given.is_empty() {
        check_grant_count(changed.permissions.len())?;
        changed.permissions.insert(resource.clone(), given);
    }
    if changed == **old { Err(CommandRefusal::Nothing) } else { Ok(vec![put(changed)]) }
}

fn check_grant_count(count: usize) -> Result<(), CommandRefusal> {
    if count >= GRANTS_MAX {
        Err(CommandRefusal::Limit(format!("a role has at most {GRANTS_MAX} grants")))
    } else {
        Ok(())
    }
}

fn missing(role: &str) -> CommandRefusal {
    invalid(format!("{role} doesn't exist"))
}
