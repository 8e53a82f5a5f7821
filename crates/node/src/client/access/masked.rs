//! Masked columns: who sees them clear, and who may ask for what is in them.

use super::check::logged_in;
use super::masked_read::MaskedRead;
use super::unauthorized_error;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::prepared_statement::PreparedStatement;
use crate::ground::world::World;
use henge_cql::SelectPlan;
use henge_model::Permission;

impl<W: World> Core<W> {
    /// True if the user sees unmasked all columns that a statement reads.
    pub(crate) fn sees_clear(&self, ready: &PreparedStatement, user: Option<&str>) -> bool {
        match &ready.masked {
            None => true,
            Some(read) => self.has(user, Permission::Unmask, read),
        }
    }

    /// The plan that a user's SELECT is carried out by. A restriction on a masked column reveals its values: that needs a permission.
    pub(crate) fn seen_by<'r>(
        &self,
        ready: &'r PreparedStatement,
        plan: &'r SelectPlan,
        user: Option<&str>,
    ) -> Result<&'r SelectPlan, Error> {
        let Some(read) = &ready.masked else { return Ok(plan) };
        if self.has(user, Permission::Unmask, read) {
            return Ok(plan);
        }
        let restricted = plan.restricted_masked();
        if !restricted.is_empty() && !self.has(user, Permission::SelectMasked, read) {
            let (user, table) = (user.unwrap_or("anonymous"), plan.table());
            return Err(unauthorized_error(format!(
                "User {user} has no UNMASK nor SELECT_MASKED permission on table {}.{}, cannot query masked columns [{}]",
                table.keyspace,
                table.name,
                restricted.join(", ")
            )));
        }
        Ok(read.plan.as_ref().unwrap_or(plan))
    }

    fn has(&self, user: Option<&str>, permission: Permission, read: &MaskedRead) -> bool {
        let view = self.cluster().view();
        logged_in(user).is_ok_and(|user| view.state.roles.allows(user, permission, &read.chain))
    }
}
