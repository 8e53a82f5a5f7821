//! Permissions of roles, and the resources they are granted on. Names and forms are Cassandra's.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One kind of action that a role may be granted. The number of a variant is its bit in [`Permissions`], which is
/// stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // Each is the permission of its name.
pub enum Permission {
    Create,
    Alter,
    Drop,
    Select,
    Modify,
    Authorize,
    Describe,
    Execute,
    Unmask,
    SelectMasked,
}

use Permission::{Alter, Authorize, Create, Describe, Drop, Execute, Modify, Select, SelectMasked, Unmask};

impl Permission {
    /// Every permission, in the order in which Cassandra lists them.
    pub const ALL: [Permission; 10] =
        [Create, Alter, Drop, Select, Modify, Authorize, Describe, Execute, Unmask, SelectMasked];

    /// The name as statements and messages have it, in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Create => "CREATE",
            Alter => "ALTER",
            Drop => "DROP",
            Select => "SELECT",
            Modify => "MODIFY",
            Authorize => "AUTHORIZE",
            Describe => "DESCRIBE",
            Execute => "EXECUTE",
            Unmask => "UNMASK",
            SelectMasked => "SELECT_MASKED",
        }
    }

    /// The permission of this name in any case; `None` if no permission has it.
    pub fn from_name(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|p| p.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of permissions: bit `n` for the permission with number `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions(u16);

impl Permissions {
    /// The set that holds exactly `permissions`.
    pub fn of(permissions: &[Permission]) -> Permissions {
        permissions.iter().copied().collect()
    }

    /// True if the set holds `permission`.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// True if the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The union of two sets.
    pub fn union(self, other: Permissions) -> Permissions {
        Permissions(self.0 | other.0)
    }

    /// The intersection of two sets.
    pub fn intersection(self, other: Permissions) -> Permissions {
        Permissions(self.0 & other.0)
    }

    /// The permissions of this set that `other` lacks.
    pub fn difference(self, other: Permissions) -> Permissions {
        Permissions(self.0 & !other.0)
    }

    /// The permissions of the set in Cassandra's order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Permissions {
        Permissions(permissions.into_iter().fold(0, |bits, permission| bits | 1 << permission as u8))
    }
}

/// An object that permissions are granted on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Resource {
    /// `ALL KEYSPACES`.
    AllKeyspaces,
    /// `KEYSPACE k`.
    Keyspace(String),
    /// `ALL TABLES IN KEYSPACE k`.
    AllTables(String),
    /// `TABLE k.t`: keyspace, table.
    Table(String, String),
    /// `ALL ROLES`.
    AllRoles,
    /// `ROLE r`.
    Role(String),
    /// `ALL FUNCTIONS`.
    AllFunctions,
    /// `ALL FUNCTIONS IN KEYSPACE k`.
    KeyspaceFunctions(String),
}

impl Resource {
    /// The next larger resource that contains this one; a permission granted there holds here too.
    pub fn parent(&self) -> Option<Resource> {
        Some(match self {
            Resource::AllKeyspaces | Resource::AllRoles | Resource::AllFunctions => return None,
            Resource::Keyspace(_) => Resource::AllKeyspaces,
            Resource::AllTables(keyspace) => Resource::Keyspace(keyspace.clone()),
            Resource::Table(keyspace, _) => Resource::AllTables(keyspace.clone()),
            Resource::Role(_) => Resource::AllRoles,
            Resource::KeyspaceFunctions(_) => Resource::AllFunctions,
        })
    }

    /// This resource and all that contain it, smallest first.
    pub fn with_parents(&self) -> Vec<Resource> {
        std::iter::successors(Some(self.clone()), Resource::parent).collect()
    }

    /// The permissions that can be granted on this resource: the meaning of `ALL PERMISSIONS`.
    pub fn applicable(&self) -> Permissions {
        match self {
            Resource::AllKeyspaces | Resource::Keyspace(_) | Resource::AllTables(_) => {
                Permissions::of(&[Create, Alter, Drop, Select, Modify, Authorize, Unmask, SelectMasked])
            }
            Resource::Table(..) => Permissions::of(&[Alter, Drop, Select, Modify, Authorize, Unmask, SelectMasked]),
            Resource::AllRoles => Permissions::of(&[Create, Alter, Drop, Authorize, Describe]),
            Resource::Role(_) => Permissions::of(&[Alter, Drop, Authorize, Describe]),
            Resource::AllFunctions | Resource::KeyspaceFunctions(_) => {
                Permissions::of(&[Create, Alter, Drop, Authorize, Execute])
            }
        }
    }

    /// The class name that Cassandra's messages use for this kind of resource.
    pub fn kind(&self) -> &'static str {
        match self {
            Resource::AllRoles | Resource::Role(_) => "RoleResource",
            Resource::AllFunctions | Resource::KeyspaceFunctions(_) => "FunctionResource",
            _ => "DataResource",
        }
    }

    /// The keyspace that the resource is or lies in; `None` for roles and for resources of all keyspaces.
    pub fn keyspace(&self) -> Option<&str> {
        match self {
            Resource::Keyspace(keyspace)
            | Resource::AllTables(keyspace)
            | Resource::Table(keyspace, _)
            | Resource::KeyspaceFunctions(keyspace) => Some(keyspace),
            Resource::AllKeyspaces | Resource::AllRoles | Resource::Role(_) | Resource::AllFunctions => None,
        }
    }

    /// The resource's name in `system_auth.role_permissions`.
    pub fn path(&self) -> String {
        match self {
            Resource::AllKeyspaces => "data".to_owned(),
            Resource::Keyspace(keyspace) => format!("data/{keyspace}"),
            Resource::AllTables(keyspace) => format!("data/{keyspace}/*"),
            Resource::Table(keyspace, table) => format!("data/{keyspace}/{table}"),
            Resource::AllRoles => "roles".to_owned(),
            Resource::Role(role) => format!("roles/{role}"),
            Resource::AllFunctions => "functions".to_owned(),
            Resource::KeyspaceFunctions(keyspace) => format!("functions/{keyspace}"),
        }
    }
}

/// The form that messages and LIST PERMISSIONS use.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::AllKeyspaces => f.write_str("<all keyspaces>"),
            Resource::Keyspace(keyspace) => write!(f, "<keyspace {keyspace}>"),
            Resource::AllTables(keyspace) => write!(f, "<all tables in {keyspace}>"),
            Resource::Table(keyspace, table) => write!(f, "<table {keyspace}.{table}>"),
            Resource::AllRoles => f.write_str("<all roles>"),
            Resource::Role(role) => write!(f, "<role {role}>"),
            Resource::AllFunctions => f.write_str("<all functions>"),
            Resource::KeyspaceFunctions(keyspace) => write!(f, "<all functions in {keyspace}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_lies_in_larger_ones() {
        let chain =
            |resource: Resource| resource.with_parents().iter().map(Resource::to_string).collect::<Vec<_>>().join(" ");
        let table = Resource::Table("k".into(), "t".into());
        assert_eq!(chain(table), "<table k.t> <all tables in k> <keyspace k> <all keyspaces>");
        assert_eq!(chain(Resource::Role("r".into())), "<role r> <all roles>");
        assert_eq!(chain(Resource::KeyspaceFunctions("k".into())), "<all functions in k> <all functions>");
    }

    #[test]
    fn sets_of_permissions_are_listed_in_order() {
        let given = Permissions::of(&[Select, Create]);
        assert_eq!(given.iter().map(Permission::name).collect::<Vec<_>>(), ["CREATE", "SELECT"]);
        assert_eq!(given.difference(Permissions::of(&[Create])), Permissions::of(&[Select]));
        assert!(!Resource::Table("k".into(), "t".into()).applicable().contains(Create));
        assert_eq!(Permission::from_name("select_masked"), Some(SelectMasked));
        assert_eq!(Permission::from_name("all"), None);
    }
}
