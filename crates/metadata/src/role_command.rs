//! Commands about roles: statements of CQL, and the first role.

use henge_model::{Permissions, Resource};
use serde::{Deserialize, Serialize};

/// A command about roles.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleCommand {
    /// Make the first role: a superuser who logs in. Nothing happens if there is any role, unless it is asked for anyway.
    First {
        /// Its name.
        name: String,
        /// The bcrypt hash of its password.
        salted_hash: String,
        /// Whatever roles there are, and whatever this one was.
        #[serde(default)]
        anew: bool,
    },
    /// `CREATE ROLE`.
    Create {
        /// Its name.
        name: String,
        /// Leave one that exists as it is.
        if_not_exists: bool,
        /// Its settings.
        settings: RoleSettings,
    },
    /// `ALTER ROLE`.
    Alter {
        /// Its name.
        name: String,
        /// Do nothing if there is none.
        if_exists: bool,
        /// The change.
        settings: RoleSettings,
    },
    /// `DROP ROLE`.
    Drop {
        /// Its name.
        name: String,
        /// Do nothing if there is none.
        if_exists: bool,
    },
    /// `GRANT role TO member` and `REVOKE role FROM member`.
    Member {
        /// The role.
        role: String,
        /// The role that becomes a member or ceases to be one.
        member: String,
        /// True to grant, false to revoke.
        is_one: bool,
    },
    /// `GRANT permissions ON resource TO role`.
    Grant {
        /// The role.
        role: String,
        /// The resource.
        resource: Resource,
        /// The permissions.
        permissions: Permissions,
    },
    /// `REVOKE permissions ON resource FROM role`.
    Revoke {
        /// The role.
        role: String,
        /// The resource.
        resource: Resource,
        /// The permissions.
        permissions: Permissions,
    },
}

/// Without hashes: they have no place in logs.
impl std::fmt::Debug for RoleCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoleCommand")
    }
}

/// The settings that a statement gives a role; `None` for those it leaves as they are.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleSettings {
    /// `SUPERUSER`.
    pub is_superuser: Option<bool>,
    /// `LOGIN`.
    pub can_login: Option<bool>,
    /// The bcrypt hash of its password.
    pub salted_hash: Option<String>,
}
