//! Permission checks, against the state that this node holds: a permission that is revoked is gone at once.

use super::needs::Need;
use super::role_identity::DROPPED_ROLE_MARK;
use super::unauthorized_error;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::prepared_statement::PreparedStatement;
use crate::ground::world::World;
use henge_model::{Permission, Resource};

impl<W: World> Core<W> {
    /// True if the user has all permissions that a statement needs.
    pub(crate) fn may(&self, ready: &PreparedStatement, user: Option<&str>) -> bool {
        match ready.needs.is_empty() {
            true => !was_dropped(user),
            false => self.lacking(ready, user).is_ok_and(|lacking| lacking.is_none()),
        }
    }

    /// A permission that a statement needs and the user does not have.
    fn lacking<'r>(&self, ready: &'r PreparedStatement, user: Option<&str>) -> Result<Option<&'r Need>, Error> {
        let (view, user) = (self.cluster().view(), logged_in(user)?);
        Ok(ready.needs.iter().find(|need| !view.state.roles.allows(user, need.permission, &need.chain)))
    }

    /// Refuses a statement that the user has not all permissions for. Without an authorizer statements need none, but a user all the same.
    pub(crate) fn authorize(&self, ready: &PreparedStatement, user: Option<&str>) -> Result<(), Error> {
        if ready.needs.is_empty() {
            return refuse_dropped(user);
        }
        match self.lacking(ready, user)? {
            Some(need) => {
                self.context().metrics.denied.inc();
                Err(permission_error(user.unwrap_or_default(), need))
            }
            None => Ok(()),
        }
    }
}

/// Refuses what the user has no permission for, or what contains it.
pub(super) fn ensure<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    permission: Permission,
    resource: &Resource,
) -> Result<(), Error> {
    if !core.context().options.authorize {
        return refuse_dropped(user);
    }
    let (user, need) = (logged_in(user)?, Need::new(permission, resource));
    match core.cluster().view().state.roles.allows(user, permission, &need.chain) {
        true => Ok(()),
        false => Err(permission_error(user, &need)),
    }
}

/// The same of roles, in other words.
pub(super) fn ensure_of_role<W: World>(
    core: &Core<W>,
    user: Option<&str>,
    permission: Permission,
    resource: &Resource,
) -> Result<(), Error> {
    ensure(core, user, permission, resource).map_err(|_| {
        let user = user.unwrap_or("anonymous");
        unauthorized_error(format!(
            "User {user} does not have sufficient privileges to perform the requested operation"
        ))
    })
}

fn was_dropped(user: Option<&str>) -> bool {
    user.is_some_and(|user| user.ends_with(DROPPED_ROLE_MARK))
}

/// Refuses a user whose role was dropped.
fn refuse_dropped(user: Option<&str>) -> Result<(), Error> {
    match user.and_then(|user| user.strip_suffix(DROPPED_ROLE_MARK)) {
        Some(name) => Err(unauthorized_error(format!("Role {name} was dropped: log in again"))),
        None => Ok(()),
    }
}

pub(super) fn logged_in(user: Option<&str>) -> Result<&str, Error> {
    user.ok_or_else(|| unauthorized_error("You have not logged in"))
}

fn permission_error(user: &str, need: &Need) -> Error {
    let user = user.trim_end_matches(DROPPED_ROLE_MARK);
    let (permission, resource) = (need.permission, &need.chain[0]);
    unauthorized_error(format!("User {user} has no {permission} permission on {resource} or any of its parents"))
}
