//! Random statements about roles and permissions. Passwords are left out, since they are not printed.

use crate::names::{many, maybe, name, table_name, type_name};
use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{
    Access, IdentityStatement, PermissionList, PermissionStatement, ResourceName, RoleOptions, RoleStatement,
};
use henge_model::{Permissions, Resource};

fn role(random: &mut Random) -> String {
    name(random).text
}

fn options(random: &mut Random) -> RoleOptions {
    RoleOptions {
        password: None,
        can_login: maybe(random, |random| random.chance(1, 2)),
        is_superuser: maybe(random, |random| random.chance(1, 2)),
        has_options: random.chance(1, 4),
        datacenters: maybe(random, access),
        cidrs: maybe(random, access),
    }
}

fn access(random: &mut Random) -> Access {
    if random.chance(1, 2) { Access::All } else { Access::Only(many(random, 1, 3, role)) }
}

pub(crate) fn identity(random: &mut Random) -> IdentityStatement {
    let (identity, yes) = (role(random), random.chance(1, 2));
    match random.chance(1, 2) {
        true => IdentityStatement::Drop { identity, if_exists: yes },
        false => {
            IdentityStatement::Add { identity, role: role(random), if_not_exists: yes, position: Position::default() }
        }
    }
}

pub(crate) fn roles(random: &mut Random) -> RoleStatement {
    let yes = random.chance(1, 2);
    match random.below(7) {
        0 => RoleStatement::Create { name: role(random), if_not_exists: yes, options: options(random) },
        1 => RoleStatement::Alter { name: role(random), if_exists: yes, options: options(random) },
        2 => RoleStatement::Drop { name: role(random), if_exists: yes },
        3 => RoleStatement::Grant { role: role(random), member: role(random) },
        4 => RoleStatement::Revoke { role: role(random), member: role(random) },
        5 => RoleStatement::List { of: None, recursive: true, users: true },
        _ => RoleStatement::List { of: maybe(random, role), recursive: yes, users: false },
    }
}

/// A resource that Henge has none of. Combined with ALL, so that this is the only reason for refusal.
fn absent(random: &mut Random) -> ResourceName {
    match random.below(3) {
        0 => ResourceName::Function(table_name(random), many(random, 0, 3, |random| type_name(random, 2))),
        1 => ResourceName::Beans(Some("org.example:type=It's,name=*".to_owned()), Position::default()),
        _ => ResourceName::Beans(None, Position::default()),
    }
}

fn resource(random: &mut Random) -> (ResourceName, Resource) {
    let table = Resource::Table(String::new(), String::new());
    let full = match random.below(8) {
        0 => Resource::AllKeyspaces,
        1 => Resource::Keyspace(role(random)),
        2 => Resource::AllTables(role(random)),
        3 => Resource::AllRoles,
        4 => Resource::Role(role(random)),
        5 => Resource::AllFunctions,
        6 => Resource::KeyspaceFunctions(role(random)),
        _ => return (ResourceName::Table(table_name(random)), table),
    };
    (ResourceName::Full(full.clone()), full)
}

/// Those of a resource that it knows: others may not be granted.
fn permissions_on(random: &mut Random, resource: &Resource) -> PermissionList {
    let some: Permissions = resource.applicable().iter().filter(|_| random.chance(1, 2)).collect();
    if some.is_empty() { PermissionList::All } else { PermissionList::These(some) }
}

pub(crate) fn permissions(random: &mut Random) -> PermissionStatement {
    let (mut named, full) = resource(random);
    let mut permissions = permissions_on(random, &full);
    if random.chance(1, 4) {
        (named, permissions) = (absent(random), PermissionList::All);
    }
    match random.below(3) {
        0 => PermissionStatement::Grant { permissions, resource: named, role: role(random) },
        1 => PermissionStatement::Revoke { permissions, resource: named, role: role(random) },
        _ => PermissionStatement::List {
            permissions,
            resource: random.chance(1, 2).then_some(named),
            of: maybe(random, role),
            recursive: random.chance(1, 2),
        },
    }
}
