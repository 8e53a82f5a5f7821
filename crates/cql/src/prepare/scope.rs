//! Name resolution in the schema and the connection's keyspace.

use crate::error::{Error, nearest};
use crate::keyword::is_reserved;
use crate::statement::{Name, TableName};
use crate::system_keyspaces::{SYSTEM, TRACES, is_kept_everywhere, is_virtual};
use henge_model::{Column, Keyspace, Replication, Schema, Table};
use std::sync::Arc;

#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) keyspace: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// The keyspace of a name: its own, or else the connection's.
    pub(crate) fn keyspace_of(&self, name: &TableName) -> Result<String, Error> {
        match (&name.keyspace, self.keyspace) {
            (Some(own), _) => Ok(own.text.clone()),
            (None, Some(current)) => Ok(current.to_owned()),
            (None, None) => Err(Error::invalid(
                "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename",
            )
            .at(name.name.position)),
        }
    }

    pub(crate) fn keyspace_named(&self, name: &Name) -> Result<&'a Arc<Keyspace>, Error> {
        let missing = format!("Keyspace '{}' does not exist", name.text);
        self.known_keyspace(&name.text, missing).map_err(|e| e.at(name.position))
    }

    fn known_keyspace(&self, name: &str, missing: String) -> Result<&'a Arc<Keyspace>, Error> {
        let keyspaces = &self.schema.keyspaces;
        keyspaces.get(name).ok_or_else(|| {
            let guess = nearest(name, keyspaces.keys().map(String::as_str));
            Error::invalid(missing).with_hint(guess)
        })
    }

    pub(crate) fn table(&self, name: &TableName) -> Result<&'a Arc<Table>, Error> {
        let keyspace = self.keyspace_of(name)?;
        let position = name.name.position;
        let missing = format!("keyspace {keyspace} does not exist");
        let keyspace = self.known_keyspace(&keyspace, missing).map_err(|e| e.at(position))?;
        keyspace.tables.get(&name.name.text).ok_or_else(|| {
            let guess = nearest(&name.name.text, keyspace.tables.keys().map(String::as_str));
            Error::invalid(format!("table {} does not exist", name.name.text)).at(position).with_hint(guess)
        })
    }

    /// The table of that name, if clients may write to it. Virtual tables pass, since their writes are refused on
    /// execution.
    pub(crate) fn writable_table(&self, name: &TableName) -> Result<&'a Arc<Table>, Error> {
        let table = self.table(name)?;
        if is_virtual(&table.keyspace) {
            return Ok(table);
        }
        refuse_writes(self.schema, &table.keyspace).map_err(|e| e.at(name.name.position))?;
        Ok(table)
    }
}

/// True for keyspaces that are local to each node.
pub(crate) fn is_local(schema: &Schema, keyspace: &str) -> bool {
    let local = schema.keyspaces.get(keyspace).is_some_and(|k| k.replication == Replication::Local);
    local || is_virtual(keyspace) || is_kept_everywhere(keyspace)
}

/// Refuses changes of keyspaces that clients may not modify: those local to a node, and Cassandra's system keyspaces.
pub(crate) fn refuse_system(schema: &Schema, keyspace: &str) -> Result<(), Error> {
    if is_local(schema, keyspace) || SYSTEM.contains(&keyspace) {
        return Err(Error::permission(format!("{keyspace} keyspace is not user-modifiable.")));
    }
    Ok(())
}

/// Like [`refuse_system`], but for rows: clients with permission may write and delete traces.
pub(crate) fn refuse_writes(schema: &Schema, keyspace: &str) -> Result<(), Error> {
    if keyspace == TRACES { Ok(()) } else { refuse_system(schema, keyspace) }
}

/// The column of that name; an error with a suggestion if there is none.
pub(crate) fn column<'t>(table: &'t Table, name: &Name) -> Result<&'t Column, Error> {
    table.column(&name.text).ok_or_else(|| {
        let guess = nearest(&name.text, table.visible_columns().map(|c| c.name.as_str()));
        let message =
            format!("Undefined column name {} in table {}.{}", quote_if_needed(&name.text), table.keyspace, table.name);
        Error::invalid(message).at(name.position).with_hint(guess)
    })
}

/// A name as Cassandra prints it: quoted if it would otherwise be read differently or as a reserved word.
fn quote_if_needed(name: &str) -> String {
    let mut bytes = name.bytes();
    let is_plain = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let is_value = matches!(name, "true" | "false");
    match is_plain && (is_value || !is_reserved(name)) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
