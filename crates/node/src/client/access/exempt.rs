//! Guardrails hold for users who log in and are not superusers, as in Cassandra. Without logins they hold for nobody.

use crate::client::core::Core;
use crate::client::parameters::Parameters;
use crate::ground::world::World;
use henge_cql::Guard;

impl<W: World> Core<W> {
    /// True if reads and writes of a user are held to any guardrail.
    #[inline]
    pub(crate) fn is_held(&self, user: Option<&str>) -> bool {
        self.clients.holds_requests && !self.is_exempt(user)
    }

    /// The guardrails of a statement that changes the schema.
    pub(crate) fn schema_guard<'a>(&'a self, parameters: &Parameters<'a>) -> Guard<'a> {
        Guard::new(&self.context().options.guardrails, self.is_exempt(parameters.user), parameters.warnings)
    }

    fn is_exempt(&self, user: Option<&str>) -> bool {
        user.is_none_or(|user| self.cluster().view().state.roles.is_superuser(user))
    }
}
