//! CREATE, ALTER and DROP TYPE.

use crate::error::Error;
use crate::limits;
use crate::plan::SchemaChange;
use crate::prepare::schema::table::resolve_name;
use crate::prepare::scope::Scope;
use crate::prepare::term::data_type::Types;
use crate::statement::{AlterType, AlterTypeChange, CreateType, DropType};
use henge_base::count_steps;
use henge_model::{TypeChange, UserType};
use std::collections::BTreeSet;

pub(crate) fn create(create: &CreateType, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, name) = resolve_name(&create.name, scope)?;
    let position = create.name.name.position;
    if !scope.schema.keyspaces.contains_key(&keyspace) {
        return Err(Error::invalid(format!("Keyspace '{keyspace}' doesn't exist")).at(position));
    }
    if create.fields.len() > limits::FIELDS_MAX {
        let message = format!("a user type may have {} fields at most", limits::FIELDS_MAX);
        return Err(Error::invalid(message).at(position));
    }
    let known = scope.schema.keyspaces.get(&keyspace).is_some_and(|keyspace| keyspace.types.contains_key(&name));
    if known && !create.if_not_exists {
        return Err(Error::invalid(format!("A user type with name '{name}' already exists")).at(position));
    }
    let mut met = BTreeSet::new();
    for (field, _) in &create.fields {
        count_steps(1);
        if !met.insert(field.text.as_str()) {
            let message = format!("Duplicate field name '{}' in type '{name}'", field.text);
            return Err(Error::invalid(message).at(field.position));
        }
    }
    let types = Types { schema: scope.schema, keyspace: &keyspace };
    let mut fields = Vec::with_capacity(create.fields.len());
    for (field, data_type) in &create.fields {
        let data_type = types.of_field(data_type).map_err(|e| e.at(field.position))?;
        fields.push((field.text.clone(), data_type));
    }
    let user_type = UserType { keyspace, name, fields: fields.into() };
    Ok(SchemaChange::CreateType { user_type, if_not_exists: create.if_not_exists })
}

pub(crate) fn alter(alter: &AlterType, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, name) = resolve_name(&alter.name, scope)?;
    let known = scope.schema.keyspaces.get(&keyspace).and_then(|k| k.types.get(&name));
    let change = match &alter.change {
        AlterTypeChange::Add { if_not_exists, field, data_type } => {
            let types = Types { schema: scope.schema, keyspace: &keyspace };
            let data_type = types.of_field(data_type).map_err(|e| e.at(field.position))?;
            if known.is_some_and(|known| known.fields.len() >= limits::FIELDS_MAX) {
                let message = format!("a user type may have {} fields at most", limits::FIELDS_MAX);
                return Err(Error::invalid(message).at(field.position));
            }
            TypeChange::Add { field: field.text.clone(), data_type, if_not_exists: *if_not_exists }
        }
        AlterTypeChange::Rename { if_exists, names } => {
            let names = names.iter().map(|(from, to)| (from.text.clone(), to.text.clone())).collect();
            TypeChange::Rename { names, if_exists: *if_exists }
        }
        AlterTypeChange::Retype => {
            return Err(Error::invalid("Altering field types is no longer supported").at(alter.position));
        }
    };
    Ok(SchemaChange::AlterType { keyspace, name, if_exists: alter.if_exists, change })
}

pub(crate) fn drop(drop: &DropType, scope: &Scope<'_>) -> Result<SchemaChange, Error> {
    let (keyspace, name) = resolve_name(&drop.name, scope)?;
    Ok(SchemaChange::DropType { keyspace, name, if_exists: drop.if_exists })
}
