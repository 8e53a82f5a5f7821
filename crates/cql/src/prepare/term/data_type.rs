//! Resolution of type names.

use crate::error::{Error, ErrorKind, nearest};
use crate::statement::{Name, TypeName};
use henge_model::{DataType, Schema, UserType};

const NAMES: [&str; 21] = [
    "ascii",
    "bigint",
    "blob",
    "boolean",
    "counter",
    "date",
    "decimal",
    "double",
    "duration",
    "float",
    "inet",
    "int",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timeuuid",
    "tinyint",
    "uuid",
    "varchar",
    "varint",
];

/// The scope in which user types are looked up: the keyspace of the statement.
#[derive(Clone, Copy)]
pub(crate) struct Types<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) keyspace: &'a str,
}

impl Types<'_> {
    /// The type of that name. Unfrozen collections inside others are refused.
    pub(crate) fn resolve(&self, name: &TypeName) -> Result<DataType, Error> {
        let data_type = self.resolve_unchecked(name)?;
        check_nested(&data_type)?;
        Ok(data_type)
    }

    /// The type of that name, before nested types are checked.
    fn resolve_unchecked(&self, name: &TypeName) -> Result<DataType, Error> {
        Ok(match name {
            TypeName::Named { keyspace, name } => match (keyspace, DataType::native(&name.text)) {
                (None, Some(native)) => native,
                _ => self.user_type(keyspace.as_ref(), name)?,
            },
            TypeName::Custom(name) => {
                return Err(Error::not_supported("types given as Java classes are", name.position));
            }
            TypeName::Frozen(inner) => frozen(self.resolve_unchecked(inner)?)?,
            TypeName::List(element) => DataType::List(Box::new(self.part_of("list", element)?)),
            TypeName::Set(element) => {
                let element = self.part_of("set", element)?;
                let is_duration = element.unfrozen() == &DataType::Duration;
                let set = DataType::Set(Box::new(element));
                match is_duration {
                    true => return Err(Error::invalid(format!("Durations are not allowed inside sets: {set}"))),
                    false => set,
                }
            }
            TypeName::Map(key, value) => {
                let key = self.part(key)?;
                let is_duration = key.unfrozen() == &DataType::Duration;
                let map = DataType::Map(Box::new(key), Box::new(self.part(value)?));
                match is_duration {
                    true => return Err(Error::invalid(format!("Durations are not allowed as map keys: {map}"))),
                    false => map,
                }
            }
            TypeName::Tuple(fields) => {
                frozen(DataType::Tuple(fields.iter().map(|field| self.part(field)).collect::<Result<_, _>>()?))?
            }
            TypeName::Vector(element, dimension) => DataType::Vector(Box::new(self.part(element)?), *dimension),
        })
    }

    fn user_type(&self, keyspace: Option<&Name>, name: &Name) -> Result<DataType, Error> {
        if let Some(other) = keyspace.filter(|other| other.text != self.keyspace) {
            let message = format!(
                "Statement on keyspace {} cannot refer to a user type in keyspace {}; user types can only be used in the \
                 keyspace they are defined in",
                self.keyspace, other.text
            );
            return Err(Error::invalid(message).at(other.position));
        }
        let types = self.schema.keyspaces.get(self.keyspace).map(|k| &k.types);
        if let Some(known) = types.and_then(|types| types.get(&name.text)) {
            return Ok(DataType::Udt(UserType::clone(known)));
        }
        let candidates = types.into_iter().flat_map(|types| types.keys().map(String::as_str)).chain(NAMES);
        let message = format!("Unknown type {}.{}", self.keyspace, name.text);
        Err(Error::invalid(message).at(name.position).with_hint(nearest(&name.text, candidates)))
    }

    /// The type of a collection's elements. `kind` names the collection for messages.
    fn part_of(&self, kind: &str, name: &TypeName) -> Result<DataType, Error> {
        match self.resolve_unchecked(name)? {
            DataType::Counter => {
                Err(Error::invalid(format!("Counters are not allowed inside collections: {kind}<counter>")))
            }
            other => Ok(other),
        }
    }

    /// The type of a part of another type. It is not frozen here, see [`frozen`].
    fn part(&self, name: &TypeName) -> Result<DataType, Error> {
        match self.resolve_unchecked(name)? {
            DataType::Counter => Err(Error::invalid("Counters are not allowed inside collections")),
            other => Ok(other),
        }
    }

    /// The type of a column. An unfrozen user type may not contain unfrozen collections.
    pub(crate) fn of_column(&self, name: &TypeName) -> Result<DataType, Error> {
        let data_type = self.resolve(name)?;
        match &data_type {
            DataType::Udt(own) if own.fields.iter().any(|(_, field)| field.is_complex()) => {
                Err(Error::invalid("Non-frozen UDTs with nested non-frozen collections are not supported"))
            }
            _ => Ok(data_type),
        }
    }

    /// The type of a user type's field. User types must be frozen there; collections are frozen along with the user
    /// type.
    pub(crate) fn of_field(&self, name: &TypeName) -> Result<DataType, Error> {
        match self.resolve(name)? {
            DataType::Counter => Err(Error::invalid("A user type cannot contain counters")),
            DataType::Udt(_) => Err(Error::invalid("A user type cannot contain non-frozen UDTs")),
            other => Ok(other),
        }
    }
}

/// Refuses unfrozen collections and user types inside an unfrozen collection.
fn check_nested(data_type: &DataType) -> Result<(), Error> {
    let parts: Vec<&DataType> = match data_type {
        DataType::List(element) | DataType::Set(element) => vec![element],
        DataType::Map(key, value) => vec![key, value],
        DataType::Vector(element, _) => return check_nested(element),
        DataType::Tuple(fields) => return fields.iter().try_for_each(check_nested),
        DataType::Frozen(inner) => match &**inner {
            DataType::Udt(_) => return Ok(()),
            other => return check_nested(other),
        },
        _ => return Ok(()),
    };
    for part in parts {
        if part.is_complex() {
            let what = if matches!(part, DataType::Udt(_)) { "UDTs" } else { "collections" };
            return Err(Error::invalid(format!("Non-frozen {what} are not allowed inside collections: {data_type}")));
        }
        check_nested(part)?;
    }
    Ok(())
}

/// Freezes a type. Everything inside is frozen and printed as such, except the elements of vectors.
fn frozen(inner: DataType) -> Result<DataType, Error> {
    match inner {
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_) => {
            Ok(DataType::Frozen(Box::new(frozen_inside(inner))))
        }
        // Tuples are always frozen, and printed as such; vectors are single values and never printed as frozen.
        DataType::Tuple(_) | DataType::Vector(..) | DataType::Frozen(_) => Ok(frozen_inside(inner)),
        native => {
            let message =
                format!("frozen<> is only allowed on collections, tuples, and user-defined types (got {native})");
            Err(Error { kind: ErrorKind::Syntax, ..Error::invalid(message) })
        }
    }
}

fn frozen_inside(data_type: DataType) -> DataType {
    let freeze = |inner: DataType| match inner {
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_) => {
            DataType::Frozen(Box::new(frozen_inside(inner)))
        }
        other => frozen_inside(other),
    };
    match data_type {
        DataType::List(e) => DataType::List(Box::new(freeze(*e))),
        DataType::Set(e) => DataType::Set(Box::new(freeze(*e))),
        DataType::Map(k, v) => DataType::Map(Box::new(freeze(*k)), Box::new(freeze(*v))),
        DataType::Tuple(fields) => DataType::Tuple(fields.iter().cloned().map(freeze).collect()),
        other => other,
    }
}
