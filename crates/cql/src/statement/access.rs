//! Statements about roles and permissions.

use super::{TableName, TypeName};
use crate::error::Position;
use henge_model::{Permissions, Resource};
use std::fmt;

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
