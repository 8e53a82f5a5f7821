//! Statements about roles and permissions.

use super::{permissions, roles};
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::Outcome;
use crate::ground::world::World;
use henge_base::Mono;
use henge_cql::{Plan, statement::RoleStatement};
use henge_model::RowSink;

/// Carries out a statement about roles or permissions. `user` is `None` where nobody has to log in. A change is agreed on
/// until the deadline.
pub(crate) async fn run<W: World>(
    core: &Core<W>,
    plan: &Plan,
    user: Option<&str>,
    deadline: Mono,
    sink: &mut (dyn RowSink + Send),
) -> Result<Outcome, Error> {
    match plan {
        Plan::Role(RoleStatement::List { of, recursive, users }) => {
            roles::list(core, user, of.as_deref(), *recursive, *users, sink)
        }
        Plan::Role(statement) => roles::change(core, statement, user, deadline).await,
        Plan::Permission(plan) => permissions::run(core, plan, user, deadline, sink).await,
        _ => Ok(Outcome::Void),
    }
}
