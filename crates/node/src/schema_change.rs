//! CREATE, DROP and TRUNCATE: from the statement to a command for the metadata log.

use crate::core::Core;
use crate::error::Error;
use crate::events::Change;
use crate::execute::{Outcome, changed};
use crate::propose::change;
use crate::view::View;
use crate::world::World;
use henge_cql::{ClusterFacts, SchemaChange};
use henge_metadata::Command;
use std::collections::BTreeSet;

/// Carries out a schema statement. `IF [NOT] EXISTS` that changes nothing answers `Void`.
pub(crate) async fn run<W: World>(core: &Core<W>, statement: &SchemaChange) -> Result<Outcome, Error> {
    let view = core.shared.view.load_full();
    if !statement.check(&view.schema)? {
        return Ok(Outcome::Void);
    }
    let (command, outcome) = command(statement, &view)?;
    let (_, changed) = change(&core.shared, command, false).await?;
    Ok(if changed { outcome } else { Outcome::Void })
}

fn command(statement: &SchemaChange, view: &View) -> Result<(Command, Outcome), Error> {
    Ok(match statement {
        SchemaChange::CreateKeyspace { name, replication, durable_writes, if_not_exists } => {
            let datacenters: BTreeSet<String> = view.state.members.values().map(|m| m.datacenter.clone()).collect();
            let command = Command::CreateKeyspace {
                name: name.clone(),
                replication: replication.resolve(&datacenters)?,
                durable_writes: *durable_writes,
                if_not_exists: *if_not_exists,
            };
            (command, changed(Change::Created, name, None))
        }
        SchemaChange::DropKeyspace { name, if_exists } => {
            let command = Command::DropKeyspace { name: name.clone(), if_exists: *if_exists };
            (command, changed(Change::Dropped, name, None))
        }
        SchemaChange::CreateTable { draft, if_not_exists } => {
            let outcome = changed(Change::Created, &draft.keyspace, Some(&draft.name));
            let draft = table_draft(draft);
            (Command::CreateTable { draft, if_not_exists: *if_not_exists }, outcome)
        }
        SchemaChange::DropTable { keyspace, table, if_exists } => {
            let outcome = changed(Change::Dropped, keyspace, Some(table));
            let (keyspace, table) = (keyspace.clone(), table.clone());
            (Command::DropTable { keyspace, table, if_exists: *if_exists }, outcome)
        }
        SchemaChange::Truncate { keyspace, table } => {
            (Command::Truncate { keyspace: keyspace.clone(), table: table.clone() }, Outcome::Void)
        }
    })
}

fn table_draft(draft: &henge_cql::TableDraft) -> henge_metadata::TableDraft {
    let columns = |drafts: &[henge_cql::ColumnDraft]| {
        let column = |c: &henge_cql::ColumnDraft| henge_metadata::ColumnDraft {
            name: c.name.clone(),
            data_type: c.data_type.clone(),
            order: c.order,
        };
        drafts.iter().map(column).collect()
    };
    henge_metadata::TableDraft {
        keyspace: draft.keyspace.clone(),
        name: draft.name.clone(),
        id: draft.id,
        partition_key: columns(&draft.partition_key),
        clustering: columns(&draft.clustering),
        statics: columns(&draft.statics),
        regulars: columns(&draft.regulars),
        options: draft.options.clone(),
    }
}

/// What DESCRIBE CLUSTER tells.
pub(crate) fn facts(view: &View) -> ClusterFacts {
    ClusterFacts {
        name: view.state.name.clone(),
        partitioner: "Murmur3Partitioner".to_owned(),
        snitch: "DynamicEndpointSnitch".to_owned(),
        range_ownership: Vec::new(),
    }
}
