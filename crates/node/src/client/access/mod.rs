//! Who asks, and whether they may.
//!
//! - `login`: passwords, on a worker of their own; `first`: the first role.
//! - `needs`: the permissions that a statement needs, found once when it is made ready; `check`: whether a user has them.
//! - `exempt`: who is held to guardrails.
//! - `masked`: what of masked columns a user sees.
//! - `roles`, `permissions`: statements about roles and permissions; `settings`: what is said of a role.

mod check;
mod exempt;
mod first;
mod login;
mod masked;
mod needs;
mod permissions;
mod roles;
mod settings;

pub(crate) use first::make_superuser;
pub(crate) use login::Logins;
pub(crate) use masked::{MaskedRead, masked_read};
pub(crate) use needs::{Need, needs};

use crate::client::error::Error;
use crate::client::execute::Outcome;
use crate::coordinator::Core;
use crate::ground::world::World;
use henge_cql::{Plan, statement::RoleStatement};
use henge_model::RowSink;

/// Carries out a statement about roles or permissions. `user` is `None` where nobody has to log in.
pub(crate) async fn run<W: World>(
    core: &Core<W>,
    plan: &Plan,
    user: Option<&str>,
    sink: &mut (dyn RowSink + Send),
) -> Result<Outcome, Error> {
    match plan {
        Plan::Role(RoleStatement::List { of, recursive, users }) => {
            roles::list(&core.shared, user, of.as_deref(), *recursive, *users, sink)
        }
        Plan::Role(statement) => roles::change(core, statement, user).await,
        Plan::Permission(plan) => permissions::run(core, plan, user, sink).await,
        _ => Ok(Outcome::Void),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    henge_query::Error::Invalid(message.into()).into()
}

fn unauthorized(message: impl Into<String>) -> Error {
    Error::Unauthorized(message.into())
}

/// The user, or the error for those who need not be anybody.
fn known(user: Option<&str>) -> Result<&str, Error> {
    user.ok_or_else(|| unauthorized("You have to be logged in and not anonymous to perform this request"))
}
