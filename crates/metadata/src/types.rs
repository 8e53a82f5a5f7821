//! Commands about user types. A type that is altered is rewritten wherever it stands, so that no reader has to look it up.

use crate::limits::TYPES_MAX;
use crate::{Change, ClusterState, CommandRefusal};
use henge_model::{Column, DataType, Keyspace, Table, TypeChange, UserType};
use std::sync::Arc;

pub(crate) fn create_type(
    state: &ClusterState,
    user_type: &UserType,
    if_not_exists: bool,
) -> Result<Vec<Change>, CommandRefusal> {
    let missing = || CommandRefusal::NoKeyspace(user_type.keyspace.clone());
    let keyspace = state.schema.keyspaces.get(&user_type.keyspace).ok_or_else(missing)?;
    if keyspace.types.contains_key(&user_type.name) {
        return Err(match if_not_exists {
            true => CommandRefusal::Nothing,
            false => invalid(format!("A user type with name '{}' already exists", user_type.name)),
        });
    }
    if keyspace.types.len() >= TYPES_MAX {
        return Err(CommandRefusal::Limit(format!("a keyspace has at most {TYPES_MAX} user types")));
    }
    user_type.fields.iter().try_for_each(|(_, field)| check_current(field, keyspace))?;
    Ok(vec![Change::Type(Arc::new(user_type.clone()))])
}

pub(crate) fn alter_type(
    state: &ClusterState,
    keyspace: &str,
    name: &str,
    if_exists: bool,
    change: &TypeChange,
) -> Result<Vec<Change>, CommandRefusal> {
    let Some((within, old)) = find_type(state, keyspace, name) else {
        return Err(match if_exists {
            true => CommandRefusal::Nothing,
            false => invalid(format!("Type {keyspace}.{name} doesn't exist")),
        });
    };
    let mut altered = UserType::clone(old);
    match change {
        TypeChange::Add { field, data_type, if_not_exists } => {
            add(&mut altered, field, data_type, *if_not_exists, within)?;
        }
        TypeChange::Rename { names, if_exists } => rename(&mut altered, names, *if_exists)?,
    }
    if altered == **old {
        return Err(CommandRefusal::Nothing);
    }
    Ok(changes(within, altered))
}

pub(crate) fn drop_type(
    state: &ClusterState,
    keyspace: &str,
    name: &str,
    if_exists: bool,
) -> Result<Vec<Change>, CommandRefusal> {
    let Some((within, _)) = find_type(state, keyspace, name) else {
        return Err(match if_exists {
            true => CommandRefusal::Nothing,
            false => invalid(format!("Type '{keyspace}.{name}' doesn't exist")),
        });
    };
    let still_used = |by: &str, names: Vec<&str>| match names.is_empty() {
        true => Ok(()),
        false => {
            let names = names.join(", ");
            Err(invalid(format!("Cannot drop user type '{keyspace}.{name}' as it is still used by {by} {names}")))
        }
    };
    let others = within.types.values().filter(|other| other.name != name);
    let types = others.filter(|other| other.fields.iter().any(|(_, field)| field.mentions(keyspace, name)));
    still_used("user types", types.map(|other| other.name.as_str()).collect())?;
    let tables = within.tables.values().filter(|table| table.columns().any(|c| c.data_type.mentions(keyspace, name)));
    still_used("tables", tables.map(|table| table.name.as_str()).collect())?;
    Ok(vec![Change::TypeDropped { keyspace: keyspace.to_owned(), name: name.to_owned() }])
}

fn find_type<'s>(state: &'s ClusterState, keyspace: &str, name: &str) -> Option<(&'s Keyspace, &'s Arc<UserType>)> {
    let keyspace = state.schema.keyspaces.get(keyspace)?;
    Some((keyspace, keyspace.types.get(name)?))
}

fn invalid(message: String) -> CommandRefusal {
    CommandRefusal::Invalid(message)
}

/// Checks that every user type in a type is the keyspace's current one. The type may have been resolved against another state.
fn is_current(data_type: &DataType, keyspace: &Keyspace) -> bool {
    let mut current = true;
    data_type.each_user_type(&mut |own| current &= keyspace.types.get(&own.name).is_some_and(|known| **known == *own));
    current
}

/// Refuses a type in which a user type stands that was altered or dropped meanwhile.
pub(crate) fn check_current(data_type: &DataType, keyspace: &Keyspace) -> Result<(), CommandRefusal> {
    match is_current(data_type, keyspace) {
        true => Ok(()),
        false => Err(invalid(format!("a type that {data_type} is made of was altered at the same time; try again"))),
    }
}

fn add(
    altered: &mut UserType,
    field: &str,
    data_type: &DataType,
    if_not_exists: bool,
    within: &Keyspace,
) -> Result<(), CommandRefusal> {
    let full_name = format!("{}.{}", altered.keyspace, altered.name);
    if altered.field(field).is_some() {
        return match if_not_exists {
            true => Ok(()),
            false => Err(invalid(format!(
                "Cannot add field {field} to type {full_name}: a field with name {field} already exists"
            ))),
        };
    }
    let of = format!("Cannot add new field {field} of type {data_type} to user type {full_name} as");
    if data_type.mentions(&altered.keyspace, &altered.name) {
        return Err(invalid(format!("{of} it would create a circular reference")));
    }
    // Another number of fields is another key: rows would be found no more.
    let in_key = |table: &&Arc<Table>| {
        table.partition_key.iter().any(|c| c.data_type.mentions(&altered.keyspace, &altered.name))
    };
    let tables: Vec<String> =
        within.tables.values().filter(in_key).map(|table| format!("{}.{}", table.keyspace, table.name)).collect();
    if !tables.is_empty() {
        let tables = tables.join(", ");
        return Err(invalid(format!("{of} the type is being used in partition key by the following tables: {tables}")));
    }
    check_current(data_type, within)?;
    let added = (field.to_owned(), data_type.clone());
    altered.fields = altered.fields.iter().cloned().chain([added]).collect();
    Ok(())
}

fn rename(altered: &mut UserType, names: &[(String, String)], if_exists: bool) -> Result<(), CommandRefusal> {
    for (from, to) in names {
        let Some((place, _)) = altered.field(from) else {
            if if_exists {
                continue;
            }
            let (keyspace, name) = (&altered.keyspace, &altered.name);
            return Err(invalid(format!("Unkown field {from} in user type {keyspace}.{name}")));
        };
        if altered.field(to).is_some() {
            // The keyspace is what Cassandra names.
            return Err(invalid(format!("Duplicate field name {to} in type {}", altered.keyspace)));
        }
        let mut fields = altered.fields.to_vec();
        fields[place].0.clone_from(to);
        altered.fields = fields.into();
    }
    Ok(())
}

/// The type, and all that it stands in, rewritten.
fn changes(within: &Keyspace, altered: UserType) -> Vec<Change> {
    let (keyspace, name) = (altered.keyspace.clone(), altered.name.clone());
    let mut out = Vec::new();
    for other in within.types.values().filter(|other| other.name != name) {
        if other.fields.iter().any(|(_, field)| field.mentions(&keyspace, &name)) {
            let fields = other.fields.iter().map(|(field, of)| (field.clone(), of.with_user_type(&altered))).collect();
            out.push(Change::Type(Arc::new(UserType { fields, ..UserType::clone(other) })));
        }
    }
    for table in within.tables.values() {
        if table.columns().any(|column| column.data_type.mentions(&keyspace, &name)) {
            out.push(Change::Table(Arc::new(rewritten(table, &altered))));
        }
    }
    out.insert(0, Change::Type(Arc::new(altered)));
    out
}

fn rewritten(table: &Table, altered: &UserType) -> Table {
    let columns = |columns: &[Column]| -> Vec<Column> {
        let updated = |c: &Column| Column { data_type: c.data_type.with_user_type(altered), ..c.clone() };
        columns.iter().map(updated).collect()
    };
    Table {
        partition_key: columns(&table.partition_key),
        clustering: columns(&table.clustering),
        statics: columns(&table.statics),
        regulars: columns(&table.regulars),
        ..table.clone()
    }
}
