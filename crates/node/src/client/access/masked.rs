//! Masked columns: who sees them clear, and who may ask for what is in them.

use super::check::logged_in;
use super::unauthorized;
use crate::client::error::Error;
use crate::client::prepare::Ready;
use crate::coordinator::Core;
use crate::ground::world::World;
use henge_cql::{Plan, SelectPlan};
use henge_model::{Permission, Resource};

/// A SELECT of a table with masked columns.
#[derive(Clone, Debug)]
pub(crate) struct MaskedRead {
    /// The table, and what contains it.
    chain: Vec<Resource>,
    /// The plan for those who see masks, if that is another one.
    plan: Option<SelectPlan>,
}

/// What there is to look at before a plan is carried out; nothing for most.
pub(crate) fn masked_read(plan: &Plan) -> Option<Box<MaskedRead>> {
    match plan {
        Plan::Select(select) if !select.table().masks.is_empty() => {
            let (keyspace, name) = (select.table().keyspace.clone(), select.table().name.clone());
            let chain = Resource::Table(keyspace, name).chain();
            Some(Box::new(MaskedRead { chain, plan: select.masked() }))
        }
        _ => None,
    }
}

impl<W: World> Core<W> {
    /// Whether the user sees all columns of what a statement reads as they are.
    pub(crate) fn sees_clear(&self, ready: &Ready, user: Option<&str>) -> bool {
        match &ready.masked {
            None => true,
            Some(read) => self.has(user, Permission::Unmask, read),
        }
    }

    /// The plan that a user's SELECT is carried out by. What a masked column is asked for tells of it: that needs a permission.
    pub(crate) fn seen_by<'r>(
        &self,
        ready: &'r Ready,
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
            return Err(unauthorized(format!(
                "User {user} has no UNMASK nor SELECT_MASKED permission on table {}.{}, cannot query masked columns [{}]",
                table.keyspace,
                table.name,
                restricted.join(", ")
            )));
        }
        Ok(read.plan.as_ref().unwrap_or(plan))
    }

    fn has(&self, user: Option<&str>, permission: Permission, read: &MaskedRead) -> bool {
        let view = self.shared.view.load();
        logged_in(user).is_ok_and(|user| view.state.roles.allows(user, permission, &read.chain))
    }
}
