//! Roles: who may log in, who belongs to whom, and what each may do.

use henge_model::{Permission, Permissions, Resource};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A role. Some log in, others are only granted to roles that do.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The index of the entry that created it. A later role of the same name has another; 0 in logs of older releases.
    #[serde(default)]
    pub created: u64,
    /// Nothing is forbidden to it, nor to its members.
    #[serde(default)]
    pub is_superuser: bool,
    /// True if it may log in.
    #[serde(default)]
    pub can_login: bool,
    /// The bcrypt hash of its password, if it has one.
    #[serde(default)]
    pub salted_hash: Option<String>,
    /// The roles granted to it.
    #[serde(default)]
    pub member_of: BTreeSet<String>,
    /// The permissions granted to the role itself.
    #[serde(default)]
    pub permissions: BTreeMap<Resource, Permissions>,
}

/// Without the hash: it has no place in logs.
impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All roles by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    by_name: BTreeMap<String, Arc<Role>>,
}

impl Roles {
    /// The role of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<Role>> {
        self.by_name.get(name)
    }

    /// All roles in name order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.by_name.values()
    }

    /// The number of roles.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True if there are no roles.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// A role with all roles that are granted to it, directly or through others; in name order. Empty if there is no such role.
    pub fn of(&self, name: &str) -> Vec<&Arc<Role>> {
        let mut found: BTreeMap<&str, &Arc<Role>> = BTreeMap::new();
        let mut next: Vec<&str> = vec![name];
        while let Some(name) = next.pop() {
            if !found.contains_key(name)
                && let Some(role) = self.by_name.get(name)
            {
                found.insert(&role.name, role);
                next.extend(role.member_of.iter().map(String::as_str));
            }
        }
        found.into_values().collect()
    }

    /// True if `name` is `other` or is a member of it.
    pub fn is_member(&self, name: &str, other: &str) -> bool {
        self.of(name).iter().any(|role| role.name == other)
    }

    /// True if a role is a superuser, itself or through another.
    pub fn is_superuser(&self, name: &str) -> bool {
        self.of(name).iter().any(|role| role.is_superuser)
    }

    /// True if a role has a permission. `chain` is the resource with those that contain it, see [`Resource::chain`].
    pub fn allows(&self, name: &str, permission: Permission, chain: &[Resource]) -> bool {
        let applies = |resource: &Resource| resource.applicable().contains(permission);
        let may = |role: &Arc<Role>| {
            let granted = |on: &Resource| role.permissions.get(on).is_some_and(|given| given.contains(permission));
            (role.is_superuser && chain.iter().any(applies)) || chain.iter().any(granted)
        };
        // Most often it is the role's own permission: nothing is gathered then.
        self.by_name.get(name).is_some_and(|role| may(role) || self.of(name).into_iter().any(may))
    }

    pub(crate) fn put(&mut self, role: &Arc<Role>) {
        self.by_name.insert(role.name.clone(), Arc::clone(role));
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        self.by_name.remove(name).is_some()
    }
}
