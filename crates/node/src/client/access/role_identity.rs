//! The role that a connection logged in as. It is that role and no later one of the same name.

use crate::client::core::Core;
use crate::ground::world::World;
use henge_metadata::Role;
use std::sync::Arc;

/// The end of the name that a connection's user has once its role was dropped: no role's name contains it.
pub(super) const DROPPED_ROLE_MARK: char = '\0';

/// A role as it was at a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleIdentity {
    name: Arc<str>,
    /// The index of the entry that created it.
    created: u64,
}

impl RoleIdentity {
    /// A role of that name that the entry of that index created.
    pub fn new(name: &str, created: u64) -> RoleIdentity {
        RoleIdentity { name: name.into(), created }
    }

    pub(super) fn of(role: &Role) -> RoleIdentity {
        RoleIdentity::new(&role.name, role.created)
    }

    /// The user that statements are executed for.
    pub fn user(&self) -> &Arc<str> {
        &self.name
    }

    /// The user in place of a role that was dropped: it has no permission, and no later role is meant by it.
    pub fn dropped_user(&self) -> Arc<str> {
        format!("{}{DROPPED_ROLE_MARK}", self.name).into()
    }
}

impl<W: World> Core<W> {
    /// True if the role has not been dropped since its login, as far as this node knows.
    pub fn has_role(&self, role: &RoleIdentity) -> bool {
        let view = self.cluster().view();
        view.state.roles.get(&role.name).is_some_and(|now| now.created == role.created)
    }
}
