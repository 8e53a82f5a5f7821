//! CREATE, DROP and TRUNCATE: from the statement to a command for the metadata log.

use crate::client::change_log::log_schema_change;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::{Outcome, changed_type, schema_outcome};
use crate::client::parameters::Parameters;
use crate::cluster::events::Change;
use crate::cluster::view::View;
use crate::ground::world::World;
use henge_base::HostId;
use henge_cql::{ClusterFacts, DescribeTarget, Guard, ReplicationDraft, SchemaChange, is_kept_everywhere};
use henge_metadata::Command;
use henge_model::{Keyspace, Replication, TableChange, TableDraft};
use henge_ring::PlacedRange;
use std::collections::{BTreeMap, BTreeSet};

/// Carries out a schema statement. `IF [NOT] EXISTS` that changes nothing answers `Void`. With an
/// authorizer the user gets every permission on what is created.
pub(super) async fn run<W: World>(
    core: &Core<W>,
    statement: &SchemaChange,
    parameters: &Parameters<'_>,
) -> Result<Outcome, Error> {
    if statement.needs_masking() && !core.context().options.masking {
        let message = "Cannot mask columns because dynamic data masking is not enabled. You can enable it with the \
                       dynamic_data_masking_enabled property on cassandra.yaml";
        return Err(henge_query::Error::Invalid(message.to_owned()).into());
    }
    let view = core.cluster().current_view();
    let guard = core.schema_guard(parameters);
    let statement = &*statement.apply_guardrails(&guard, &view.schema)?;
    if !statement.check(&view.schema)? {
        return Ok(Outcome::Void);
    }
    check_enabled(core, statement)?;
    statement.guard_change(&guard, &view.schema)?;
    let context = SchemaContext { view: &view, default_rf: core.context().options.default_keyspace_rf, guard };
    let (command, outcome) = command(statement, &context)?;
    let user = parameters.user;
    let command = match user.filter(|_| core.context().options.authorize) {
        Some(user) => Command::By { role: user.to_owned(), command: Box::new(command) },
        None => command,
    };
    let (_, changed) = core.cluster().change_before(core.metadata_deadline(parameters)?, command).await?;
    if !changed {
        return Ok(Outcome::Void);
    }
    log_schema_change(statement, parameters);
    statement.idle_options().into_iter().for_each(|text| parameters.warnings.add(text));
    Ok(outcome)
}

/// Refuses what the settings switch off.
fn check_enabled<W: World>(core: &Core<W>, statement: &SchemaChange) -> Result<(), Error> {
    let change = if let SchemaChange::AlterTable { change, .. } = statement { Some(change) } else { None };
    if change == Some(&TableChange::DropCompactStorage) && !core.context().options.drop_compact_storage {
        let message = "DROP COMPACT STORAGE is disabled; drop_compact_storage_enabled switches it on";
        return Err(henge_query::Error::Invalid(message.to_owned()).into());
    }
    Ok(())
}

/// The view and the limits of a schema change.
struct SchemaContext<'a> {
    view: &'a View,
    /// Copies of a keyspace that says nothing of them.
    default_rf: u32,
    guard: Guard<'a>,
}

fn command(statement: &SchemaChange, context: &SchemaContext<'_>) -> Result<(Command, Outcome), Error> {
    Ok(match statement {
        SchemaChange::CreateKeyspace { name, replication, durable_writes, if_not_exists } => {
            let command = context.new_keyspace(name, replication, *durable_writes, *if_not_exists)?;
            (command, schema_outcome(Change::Created, name, None))
        }
        SchemaChange::AlterKeyspace { name, replication, durable_writes, .. } => {
            let command = context.altered_keyspace(name, replication.as_ref(), *durable_writes)?;
            (command, schema_outcome(Change::Updated, name, None))
        }
        SchemaChange::DropKeyspace { name, if_exists } => {
            let command = Command::DropKeyspace { name: name.clone(), if_exists: *if_exists };
            (command, schema_outcome(Change::Dropped, name, None))
        }
        SchemaChange::CreateTable { draft, if_not_exists } => {
            let outcome = schema_outcome(Change::Created, &draft.keyspace, Some(&draft.name));
            let draft = TableDraft::clone(draft);
            (Command::CreateTable { draft, if_not_exists: *if_not_exists }, outcome)
        }
        SchemaChange::AlterTable { keyspace, table, if_exists, change } => {
            let outcome = schema_outcome(Change::Updated, keyspace, Some(table));
            let (keyspace, table, change) = (keyspace.clone(), table.clone(), change.clone());
            (Command::AlterTable { keyspace, table, if_exists: *if_exists, change }, outcome)
        }
        SchemaChange::DropTable { keyspace, table, if_exists } => {
            let outcome = schema_outcome(Change::Dropped, keyspace, Some(table));
            let (keyspace, table) = (keyspace.clone(), table.clone());
            (Command::DropTable { keyspace, table, if_exists: *if_exists }, outcome)
        }
        SchemaChange::CreateType { user_type, if_not_exists } => {
            let outcome = changed_type(Change::Created, &user_type.keyspace, &user_type.name);
            (Command::CreateType { user_type: user_type.clone(), if_not_exists: *if_not_exists }, outcome)
        }
        SchemaChange::AlterType { keyspace, name, if_exists, change } => {
            let outcome = changed_type(Change::Updated, keyspace, name);
            let (keyspace, name, change) = (keyspace.clone(), name.clone(), change.clone());
            (Command::AlterType { keyspace, name, if_exists: *if_exists, change }, outcome)
        }
        SchemaChange::DropType { keyspace, name, if_exists } => {
            let outcome = changed_type(Change::Dropped, keyspace, name);
            (Command::DropType { keyspace: keyspace.clone(), name: name.clone(), if_exists: *if_exists }, outcome)
        }
        SchemaChange::CreateIndex { keyspace, table, draft, if_not_exists } => {
            let outcome = schema_outcome(Change::Updated, keyspace, Some(table));
            let (keyspace, table, draft) = (keyspace.clone(), table.clone(), draft.clone());
            (Command::CreateIndex { keyspace, table, draft, if_not_exists: *if_not_exists }, outcome)
        }
        SchemaChange::DropIndex { keyspace, table, name, if_exists } => {
            let outcome = schema_outcome(Change::Updated, keyspace, table.as_deref());
            (Command::DropIndex { keyspace: keyspace.clone(), name: name.clone(), if_exists: *if_exists }, outcome)
        }
        SchemaChange::Truncate { keyspace, table } => {
            (Command::Truncate { keyspace: keyspace.clone(), table: table.clone() }, Outcome::Void)
        }
    })
}

impl SchemaContext<'_> {
    fn resolve(&self, replication: &ReplicationDraft) -> Result<Replication, Error> {
        let datacenters: BTreeSet<String> =
            self.view.state.members.values().map(|member| member.datacenter.clone()).collect();
        Ok(replication.resolve(&datacenters, self.default_rf)?)
    }

    /// Holds a replication setting to the guardrails, and warns of one that wants more nodes than there are.
    fn check(&self, keyspace: &str, replication: &Replication) -> Result<(), Error> {
        self.guard.replication(keyspace, replication)?;
        let mut nodes: BTreeMap<String, usize> = BTreeMap::new();
        for member in self.view.state.members.values() {
            *nodes.entry(member.datacenter.clone()).or_default() += 1;
        }
        self.guard.warn_of_few_nodes(keyspace, replication, &nodes);
        Ok(())
    }

    /// The command of CREATE KEYSPACE.
    fn new_keyspace(
        &self,
        name: &str,
        replication: &ReplicationDraft,
        durable_writes: bool,
        if_not_exists: bool,
    ) -> Result<Command, Error> {
        let replication = self.resolve(replication)?;
        self.check(name, &replication)?;
        Ok(Command::CreateKeyspace { name: name.to_owned(), replication, durable_writes, if_not_exists })
    }

    /// The command of ALTER KEYSPACE.
    fn altered_keyspace(
        &self,
        name: &str,
        replication: Option<&ReplicationDraft>,
        durable_writes: Option<bool>,
    ) -> Result<Command, Error> {
        let replication = replication.map(|replication| self.resolve(replication)).transpose()?;
        // One that is not there is for the metadata log to tell.
        let keyspace = self.view.schema.keyspaces.get(name);
        if let Some(setting) = replication.as_ref().or(keyspace.map(|keyspace| &keyspace.replication)) {
            self.check(name, setting)?;
        }
        if let (Some(new), Some(keyspace)) = (&replication, keyspace)
            && *new != keyspace.replication
        {
            move_warning(name, keyspace).into_iter().for_each(|text| self.guard.warn(text));
        }
        let durable_writes = durable_writes.or(keyspace.map(|keyspace| keyspace.durable_writes)).unwrap_or(true);
        Ok(Command::AlterKeyspace { name: name.to_owned(), durable_writes, replication })
    }
}

/// The warning of an ALTER KEYSPACE that changes the replication: the statement is answered before the rows have moved.
fn move_warning(name: &str, keyspace: &Keyspace) -> Option<String> {
    match is_kept_everywhere(name) {
        true => Some(format!(
            "every member keeps what keyspace {name} holds, whatever its replication: the setting is kept and shown"
        )),
        false if keyspace.tables.is_empty() => None,
        false => Some(format!(
            "the rows of keyspace {name} are moved to their new replicas in the background, one copy after the other: henge admin plan \
             shows how far they are. No repair and no cleanup is needed"
        )),
    }
}

/// The facts of DESCRIBE CLUSTER.
pub(super) fn facts(view: &View, target: &DescribeTarget) -> ClusterFacts {
    let owned = match target {
        DescribeTarget::Cluster { owned } => owned.as_deref(),
        _ => None,
    };
    ClusterFacts {
        name: view.state.name.clone(),
        partitioner: "Murmur3Partitioner".to_owned(),
        snitch: "DynamicEndpointSnitch".to_owned(),
        range_ownership: owned.map(|keyspace| ownership(view, keyspace)).unwrap_or_default(),
    }
}

/// For the last token of each range the addresses of those who answer reads of it, as Cassandra writes them.
fn ownership(view: &View, keyspace: &str) -> Vec<(String, Vec<String>)> {
    let Some(placed) = view.keyspace_placement(keyspace) else { return Vec::new() };
    let address = |host: HostId| {
        let member = view.state.members.get(&host)?;
        Some(format!("{0}/{0}:{1}", member.address.ip(), member.address.port()))
    };
    let of = |range: PlacedRange<'_>| (range.range.end.0.to_string(), range.read.iter().filter_map(address).collect());
    placed.placement.ranges().map(of).collect()
}
