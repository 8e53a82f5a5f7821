//! Statements about roles and permissions.

use super::{permissions, roles};
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::Outcome;
use crate::client::parameters::Parameters;
use crate::ground::world::World;
use henge_base::Mono;
use henge_cql::{Plan, statement::RoleStatement};
use henge_model::RowSink;

/// Carries out a statement about roles or permissions. A change is agreed on
/// until the deadline.
pub(crate) async fn run<W: World>(
    core: &Core<W>,
    plan: &Plan,
    parameters: &Parameters<'_>,
    deadline: Mono,
    sink: &mut (dyn RowSink + Send),
) -> Result<Outcome, Error> {
    match plan {
        Plan::Role(RoleStatement::List { of, recursive, users }) => {
            roles::list(core, parameters.user, of.as_deref(), *recursive, *users, sink)
        }
        Plan::Role(statement) => roles::change(core, statement, parameters, deadline).await,
        Plan::Permission(plan) => permissions::run(core, plan, parameters, deadline, sink).await,
        _ => Ok(Outcome::Void),
    }
}
