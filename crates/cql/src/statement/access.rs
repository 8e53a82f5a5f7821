//! Statements about roles and permissions.

use super::{TableName, TypeName};
use crate::error::Position;
use henge_model::{Permissions, Resource};
use std::fmt;

/// A statement about roles. It names nothing of the schema, so that it is its own plan.
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
        /// `LIST USERS`.
        users: bool,
    },
}

/// What stands behind `WITH`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleOptions {
    /// `PASSWORD` or `HASHED PASSWORD`.
    pub password: Option<Password>,
    /// `LOGIN`.
    pub can_login: Option<bool>,
    /// `SUPERUSER`.
    pub is_superuser: Option<bool>,
    /// `OPTIONS`: there are none that mean anything.
    pub has_options: bool,
    /// `ACCESS TO DATACENTERS`.
    pub datacenters: Option<Access>,
    /// `ACCESS FROM CIDRS`.
    pub cidrs: Option<Access>,
}

/// From or to where a role has access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// `ALL`: as it is anyway.
    All,
    /// These alone.
    Only(Vec<String>),
}

/// A password as a statement gives it; it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// Itself.
    Clear(String),
    /// Its bcrypt hash.
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
    /// `ALL`: those that the resource knows.
    All,
    /// These.
    These(Permissions),
}

/// A resource as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceName {
    /// One that says itself where it is.
    Full(Resource),
    /// A table, perhaps of the connection's keyspace.
    Table(TableName),
    /// A function with the types of its parameters.
    Function(TableName, Vec<TypeName>),
    /// `MBEAN`, `MBEANS` with a pattern, or `ALL MBEANS`, which has none.
    Beans(Option<String>, Position),
}
