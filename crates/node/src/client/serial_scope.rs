//! Holds conditional statements to the serial level of their table, where SERIAL and LOCAL_SERIAL have different voters: quorums of
//! the two need not meet, so that a round of one might miss what the other has decided.

use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::parameters::Parameters;
use crate::ground::world::World;
use henge_base::Mono;
use henge_coordinator::KeyspacePlacement;
use henge_metadata::{Command, other_scope_text};
use henge_model::{Consistency, SerialScope, Table, TableChange};

/// The scope of a level, if it makes a difference in a keyspace.
fn scope_of(level: Consistency, placed: &KeyspacePlacement) -> Option<SerialScope> {
    SerialScope::of_level(level).filter(|_| placed.replication.parts_serial_scopes())
}

impl<W: World> Core<W> {
    /// Refuses a conditional write at another serial level than that of its table. The first one fixes it, before anything is proposed.
    pub(super) async fn hold_to_serial_scope(
        &self,
        table: &Table,
        placed: &KeyspacePlacement,
        parameters: &Parameters<'_>,
    ) -> Result<(), Error> {
        let Some(scope) = scope_of(parameters.serial, placed) else { return Ok(()) };
        match self.is_of_scope(table, scope)? {
            true => Ok(()),
            // In a box: a write is moved into its task as a whole, and this happens once in the life of a table.
            false => Box::pin(self.fix_serial_scope(table, scope, parameters)).await,
        }
    }

    /// Has the metadata log fix the scope of a table that has none, unless another write was first.
    async fn fix_serial_scope(
        &self,
        table: &Table,
        scope: SerialScope,
        parameters: &Parameters<'_>,
    ) -> Result<(), Error> {
        let deadline = self.receipt(parameters) + self.context().options.write_timeout;
        // Of many first ones of a node, one asks the log.
        let left = deadline.since(self.now());
        let Some(_lock) = self.context().within(left, self.clients.scope_lock.lock()).await else {
            let text = "other conditional writes have been fixing the serial level of their tables for too long; nothing was written";
            return Err(Error::Overloaded(text.to_owned()));
        };
        if self.is_of_scope(table, scope)? {
            return Ok(());
        }
        let (keyspace, name) = (table.keyspace.clone(), table.name.clone());
        let change = TableChange::FixSerialScope(scope);
        let command = Command::AlterTable { keyspace, table: name, if_exists: false, change };
        self.coordinator().note(|| format!("Fixing serial consistency {} of table {}", scope.level(), table.name));
        self.cluster().change_before(deadline, command).await?;
        Ok(())
    }

    /// Refuses a read at another serial level than that of its table's conditional writes, which it might miss. Where no level is fixed
    /// nothing was decided; whether it is so a majority of the metadata's voters says, for this node may have missed the entry.
    pub(super) async fn check_serial_read(
        &self,
        table: &Table,
        placed: &KeyspacePlacement,
        (level, deadline): (Consistency, Mono),
    ) -> Result<(), Error> {
        let Some(scope) = scope_of(level, placed) else { return Ok(()) };
        if !self.is_of_scope(table, scope)? && !self.context().options.faults.trust_unfixed_levels {
            Box::pin(self.cluster().become_newest(deadline)).await?;
            self.is_of_scope(table, scope)?;
        }
        Ok(())
    }

    /// True if the table has that scope, false if it has none yet; an error if it has the other one.
    fn is_of_scope(&self, table: &Table, scope: SerialScope) -> Result<bool, Error> {
        if table.options.serial_consistency == Some(scope) || self.context().options.faults.mix_serial_levels {
            return Ok(true);
        }
        // The statement may have been prepared before it was fixed, or altered.
        let view = self.cluster().view();
        let now = view.schema.table(&table.keyspace, &table.name);
        match now.and_then(|table| table.options.serial_consistency) {
            None => Ok(false),
            Some(fixed) if fixed == scope => Ok(true),
            Some(fixed) => {
                let text = other_scope_text(&table.keyspace, &table.name, fixed);
                Err(henge_query::Error::Invalid(text).into())
            }
        }
    }
}
