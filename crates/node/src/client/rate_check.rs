//! Requests, held to the rates of their role and of the keyspaces that they ask.

use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::parameters::Parameters;
use crate::client::prepared_statement::PreparedStatement;
use crate::cluster::system_keyspaces;
use crate::ground::world::World;
use henge_cql::Plan;
use henge_model::Table;

impl<W: World> Core<W> {
    /// True if no rate is set that could concern a request.
    pub(super) fn is_unlimited(&self) -> bool {
        self.clients.rates.is_empty()
    }

    /// Refuses a request whose role or keyspace has none left in this second. Drivers look at system tables whenever they have to.
    pub(super) fn check_rate(&self, ready: &PreparedStatement, parameters: &Parameters<'_>) -> Result<(), Error> {
        if self.is_unlimited() {
            return Ok(());
        }
        self.check_batch_rate(std::iter::once(ready), parameters)
    }

    /// As [`Core::check_rate`], of the statements of a batch.
    pub(super) fn check_batch_rate<'a>(
        &self,
        statements: impl Iterator<Item = &'a PreparedStatement>,
        parameters: &Parameters<'_>,
    ) -> Result<(), Error> {
        if self.is_unlimited() {
            return Ok(());
        }
        let tables: Vec<&Table> = statements.flat_map(|ready| tables_of(&ready.prepared.plan)).collect();
        if tables.is_empty() {
            return Ok(());
        }
        let keyspaces = tables.iter().map(|table| table.keyspace.as_str());
        self.clients
            .rates
            .take(parameters.user, keyspaces, self.now())
            .map_err(|refused| Error::Overloaded(refused.to_string()))
    }
}

/// The stored tables that a plan reads or writes.
fn tables_of(plan: &Plan) -> Vec<&Table> {
    let tables = match plan {
        Plan::Select(plan) => vec![&**plan.table()],
        Plan::Modify(plan) => vec![&**plan.table()],
        Plan::Batch(plan) => plan.statements.iter().map(|write| &**write.table()).collect(),
        _ => Vec::new(),
    };
    tables.into_iter().filter(|table| !system_keyspaces::is_computed(table.storage_id)).collect()
}
