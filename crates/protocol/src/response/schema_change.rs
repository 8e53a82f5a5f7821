//! A change of the schema, as a result and as an event.

use crate::ProtocolError;
use crate::primitive::{ReadNotation, put_string, put_string_list};
use henge_base::Reader;

/// A change of one object of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaChange {
    /// The kind of change.
    pub kind: ChangeKind,
    /// The keyspace of the object, or the keyspace itself.
    pub keyspace: String,
    /// The object that changed.
    pub target: SchemaTarget,
}

/// The kind of a schema change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them.
pub enum ChangeKind {
    Created,
    Updated,
    Dropped,
}

/// The object that changed, within its keyspace. Views count as tables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As the protocol calls them; argument types are CQL types.
pub enum SchemaTarget {
    Keyspace,
    Table(String),
    Type(String),
    Function { name: String, arguments: Vec<String> },
    Aggregate { name: String, arguments: Vec<String> },
}

const KINDS: [(ChangeKind, &str); 3] =
    [(ChangeKind::Created, "CREATED"), (ChangeKind::Updated, "UPDATED"), (ChangeKind::Dropped, "DROPPED")];

impl SchemaChange {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, KINDS[self.kind as usize].1);
        let (target, name, arguments) = match &self.target {
            SchemaTarget::Keyspace => ("KEYSPACE", None, None),
            SchemaTarget::Table(name) => ("TABLE", Some(name), None),
            SchemaTarget::Type(name) => ("TYPE", Some(name), None),
            SchemaTarget::Function { name, arguments } => ("FUNCTION", Some(name), Some(arguments)),
            SchemaTarget::Aggregate { name, arguments } => ("AGGREGATE", Some(name), Some(arguments)),
        };
        put_string(out, target);
        put_string(out, &self.keyspace);
        if let Some(name) = name {
            put_string(out, name);
        }
        if let Some(arguments) = arguments {
            put_string_list(out, arguments);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        let kind = reader.string()?;
        let kind = KINDS.iter().find(|(_, name)| *name == kind).map(|(kind, _)| *kind);
        let kind = kind.ok_or_else(|| ProtocolError::new("Unknown kind of schema change"))?;
        let target = reader.string()?;
        let keyspace = reader.string()?.to_owned();
        let mut name = || Ok::<_, ProtocolError>(reader.string()?.to_owned());
        let target = match target {
            "KEYSPACE" => SchemaTarget::Keyspace,
            "TABLE" => SchemaTarget::Table(name()?),
            "TYPE" => SchemaTarget::Type(name()?),
            "FUNCTION" => SchemaTarget::Function { name: name()?, arguments: arguments(reader)? },
            "AGGREGATE" => SchemaTarget::Aggregate { name: name()?, arguments: arguments(reader)? },
            _ => return Err(ProtocolError::new("Unknown target of a schema change")),
        };
        Ok(SchemaChange { kind, keyspace, target })
    }
}

fn arguments(reader: &mut Reader<'_>) -> Result<Vec<String>, ProtocolError> {
    Ok(reader.string_list()?.into_iter().map(str::to_owned).collect())
}
