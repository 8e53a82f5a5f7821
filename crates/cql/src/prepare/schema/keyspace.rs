//! CREATE and DROP KEYSPACE.

use crate::error::Error;
use crate::limits;
use crate::plan::ReplicationDraft;
use crate::plan::SchemaChange;
use crate::prepare::schema::property::Properties;
use crate::prepare::scope::refuse_system;
use crate::statement::{CreateKeyspace, DropKeyspace};
use henge_model::Schema;

pub(crate) fn create(create: &CreateKeyspace) -> Result<SchemaChange, Error> {
    let name = create.name.text.clone();
    let position = create.name.position;
    let characters_fit = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !characters_fit || name.is_empty() {
        let message = "Keyspace name must not be empty and must contain alphanumeric or underscore characters only";
        return Err(Error::invalid(format!("{message} (got \"{name}\")")).at(position));
    }
    if name.len() > limits::KEYSPACE_NAME_CHARS_MAX {
        let (most, given) = (limits::KEYSPACE_NAME_CHARS_MAX, name.len());
        let message = format!("Keyspace name must not be more than {most} characters long");
        return Err(Error::invalid(format!("{message} (got {given} characters for \"{name}\")")).at(position));
    }
    if refuse_system(&Schema::default(), &name).is_err() {
        return Err(Error::invalid(format!("System keyspace '{name}' is not user-modifiable")).at(position));
    }
    let mut properties = Properties::new(&create.properties)?;
    let replication = properties.map("replication")?;
    let durable_writes = properties.take_parsed("durable_writes", "a boolean")?.unwrap_or(true);
    properties.finish()?;
    let Some(replication) = replication else {
        return Err(Error::invalid("Missing mandatory option 'replication'").at(position));
    };
    let replication = ReplicationDraft::read(replication).map_err(|e| e.at(position))?;
    Ok(SchemaChange::CreateKeyspace { name, replication, durable_writes, if_not_exists: create.if_not_exists })
}

pub(crate) fn drop(drop: &DropKeyspace) -> Result<SchemaChange, Error> {
    let name = drop.name.text.clone();
    refuse_system(&Schema::default(), &name)?;
    Ok(SchemaChange::DropKeyspace { name, if_exists: drop.if_exists })
}
