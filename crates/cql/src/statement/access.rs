//! Statements about roles and permissions.

use super::function::FunctionName;
use super::name::write_quoted;
use super::separated_list::{ands, clause, commas, words};
use super::{Name, TableName, TypeName};
use crate::error::Position;
use henge_model::{Permissions, Resource};
use std::fmt;
use std::fmt::{Display, Formatter, Result};

/// A statement about roles. It names nothing of the schema, so that it needs no separate plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum RoleStatement {
    /// `CREATE ROLE` and `CREATE USER`.
    Create { name: String, if_not_exists: bool, options: RoleOptions },
    /// `ALTER ROLE` and `ALTER USER`.
    Alter { name: String, if_exists: bool, options: RoleOptions },
    /// `DROP ROLE` and `DROP USER`.
    Drop { name: String, if_exists: bool },
    /// `GRANT role TO member`.
    Grant { role: String, member: String },
    /// `REVOKE role FROM member`.
    Revoke { role: String, member: String },
    /// `LIST ROLES` and `LIST USERS`.
    List {
        of: Option<String>,
        recursive: bool,
        /// True for `LIST USERS`.
        users: bool,
    },
}

/// The options behind `WITH`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleOptions {
    /// `PASSWORD` or `HASHED PASSWORD`.
    pub password: Option<Password>,
    /// `LOGIN`.
    pub can_login: Option<bool>,
    /// `SUPERUSER`.
    pub is_superuser: Option<bool>,
    /// True if `OPTIONS` is given. Henge has no such options.
    pub has_options: bool,
    /// `ACCESS TO DATACENTERS`.
    pub datacenters: Option<Access>,
    /// `ACCESS FROM CIDRS`.
    pub cidrs: Option<Access>,
}

/// The datacentres that a role may connect to, or the CIDR groups that it may connect from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// `ALL`: no restriction.
    All,
    /// These only.
    Only(Vec<String>),
}

/// A password as a statement gives it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// The password in clear text.
    Clear(String),
    /// The password's bcrypt hash.
    Hashed(String),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// A statement about permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum PermissionStatement {
    /// `GRANT permissions ON resource TO role`.
    Grant { permissions: PermissionList, resource: ResourceName, role: String },
    /// `REVOKE permissions ON resource FROM role`.
    Revoke { permissions: PermissionList, resource: ResourceName, role: String },
    /// `LIST PERMISSIONS`.
    List { permissions: PermissionList, resource: Option<ResourceName>, of: Option<String>, recursive: bool },
}

/// Permissions as a statement names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionList {
    /// `ALL`: every permission that applies to the resource.
    All,
    /// The named permissions.
    These(Permissions),
}

/// A resource as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// A resource that is complete without the connection's keyspace.
    Full(Resource),
    /// A table, whose keyspace may be the connection's.
    Table(TableName),
    /// A function with the types of its parameters.
    Function(TableName, Vec<TypeName>),
    /// `MBEAN`, `MBEANS` with a pattern, or `ALL MBEANS`, which has none.
    Beans(Option<String>, Position),
}

impl Display for RoleStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            RoleStatement::Create { name, if_not_exists, options } => {
                f.write_str("CREATE ROLE")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                write!(f, " {}{options}", RoleName(name))
            }
            RoleStatement::Alter { name, if_exists, options } => {
                f.write_str("ALTER ROLE")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {}{options}", RoleName(name))
            }
            RoleStatement::Drop { name, if_exists } => {
                f.write_str("DROP ROLE")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {}", RoleName(name))
            }
            RoleStatement::Grant { role, member } => write!(f, "GRANT {} TO {}", RoleName(role), RoleName(member)),
            RoleStatement::Revoke { role, member } => write!(f, "REVOKE {} FROM {}", RoleName(role), RoleName(member)),
            RoleStatement::List { users: true, .. } => f.write_str("LIST USERS"),
            RoleStatement::List { of, recursive, .. } => {
                f.write_str("LIST ROLES")?;
                of_role(f, of.as_deref(), *recursive)
            }
        }
    }
}

impl Display for RoleOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut options = Vec::new();
        // Passwords are not printed.
        options.extend(self.password.as_ref().map(|password| match password {
            Password::Clear(_) => "PASSWORD = '***'".to_owned(),
            Password::Hashed(_) => "HASHED PASSWORD = '***'".to_owned(),
        }));
        options.extend(self.can_login.map(|flag| format!("LOGIN = {flag}")));
        options.extend(self.is_superuser.map(|flag| format!("SUPERUSER = {flag}")));
        // The content of OPTIONS is not kept by the parser.
        options.extend(self.has_options.then(|| "OPTIONS = {}".to_owned()));
        options.extend(self.datacenters.as_ref().map(|access| format!("ACCESS TO {}", Places(access, "DATACENTERS"))));
        options.extend(self.cidrs.as_ref().map(|access| format!("ACCESS FROM {}", Places(access, "CIDRS"))));
        if options.is_empty() { Ok(()) } else { write!(f, " WITH {}", ands(&options)) }
    }
}

impl Display for PermissionStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            PermissionStatement::Grant { permissions, resource, role } => {
                write!(f, "GRANT {permissions} ON {resource} TO {}", RoleName(role))
            }
            PermissionStatement::Revoke { permissions, resource, role } => {
                write!(f, "REVOKE {permissions} ON {resource} FROM {}", RoleName(role))
            }
            PermissionStatement::List { permissions, resource, of, recursive } => {
                write!(f, "LIST {permissions}")?;
                clause(f, "ON", resource.as_ref())?;
                of_role(f, of.as_deref(), *recursive)
            }
        }
    }
}

impl Display for PermissionList {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            PermissionList::All => f.write_str("ALL PERMISSIONS"),
            PermissionList::These(these) => {
                let names: Vec<&str> = these.iter().map(|permission| permission.name()).collect();
                commas(&names).fmt(f)
            }
        }
    }
}

impl Display for ResourceName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let keyspace = |text: &str| Name { text: text.to_owned(), position: crate::Position::default() };
        match self {
            ResourceName::Full(Resource::AllKeyspaces) => f.write_str("ALL KEYSPACES"),
            ResourceName::Full(Resource::Keyspace(name)) => write!(f, "KEYSPACE {}", keyspace(name)),
            ResourceName::Full(Resource::AllTables(name)) => write!(f, "ALL TABLES IN KEYSPACE {}", keyspace(name)),
            ResourceName::Full(Resource::Table(of, name)) => write!(f, "TABLE {}.{}", keyspace(of), keyspace(name)),
            ResourceName::Full(Resource::AllRoles) => f.write_str("ALL ROLES"),
            ResourceName::Full(Resource::Role(name)) => write!(f, "ROLE {}", RoleName(name)),
            ResourceName::Full(Resource::AllFunctions) => f.write_str("ALL FUNCTIONS"),
            ResourceName::Full(Resource::KeyspaceFunctions(name)) => {
                write!(f, "ALL FUNCTIONS IN KEYSPACE {}", keyspace(name))
            }
            ResourceName::Table(name) => write!(f, "TABLE {name}"),
            ResourceName::Function(name, types) => write!(f, "FUNCTION {}({})", FunctionName(name), commas(types)),
            ResourceName::Beans(None, _) => f.write_str("ALL MBEANS"),
            // MBEAN accepts a pattern too, so the plural is not needed.
            ResourceName::Beans(Some(name), _) => write!(f, "MBEAN {}", RoleName(name)),
        }
    }
}

/// Prints `ALL what` or `what {'a', 'b'}`.
struct Places<'a>(&'a Access, &'a str);

impl Display for Places<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Access::All => write!(f, "ALL {}", self.1),
            Access::Only(names) => {
                let names: Vec<RoleName<'_>> = names.iter().map(|name| RoleName(name)).collect();
                write!(f, "{} {{{}}}", self.1, commas(&names))
            }
        }
    }
}

/// Prints a role's name, always in quotes.
struct RoleName<'a>(&'a str);

impl Display for RoleName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write_quoted(f, self.0, '\'')
    }
}

fn of_role(f: &mut Formatter<'_>, of: Option<&str>, recursive: bool) -> Result {
    clause(f, "OF", of.map(RoleName).as_ref())?;
    words(f, !recursive, "NORECURSIVE")
}
