//! Types as written to types.

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

/// Where the names of user types are looked up: in the keyspace that a statement is about.
#[derive(Clone, Copy)]
pub(crate) struct Types<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) keyspace: &'a str,
}

impl Types<'_> {
    /// The type a name stands for.
    pub(crate) fn resolve(&self, name: &TypeName) -> Result<DataType, Error> {
        Ok(match name {
            TypeName::Named { keyspace, name } => match (keyspace, DataType::native(&name.text)) {
                (None, Some(native)) => native,
                _ => self.user_type(keyspace.as_ref(), name)?,
            },
            TypeName::Custom(name) => return Err(Error::unsupported("types given as Java classes are", name.position)),
            TypeName::Frozen(inner) => frozen(self.resolve(inner)?)?,
            TypeName::List(element) => DataType::List(Box::new(self.part(element)?)),
            TypeName::Set(element) => {
                let element = self.part(element)?;
                no_duration(&element, "set")?;
                DataType::Set(Box::new(element))
            }
            TypeName::Map(key, value) => {
                let key = self.part(key)?;
                no_duration(&key, "map key")?;
                DataType::Map(Box::new(key), Box::new(self.part(value)?))
            }
            TypeName::Tuple(fields) => {
                DataType::Tuple(fields.iter().map(|field| self.part(field)).collect::<Result<_, _>>()?)
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
        Err(Error::invalid(message).at(name.position).hinted(nearest(&name.text, candidates)))
    }

    /// A type inside another: what is frozen round it freezes it too, see [`frozen`].
    fn part(&self, name: &TypeName) -> Result<DataType, Error> {
        match self.resolve(name)? {
            DataType::Counter => Err(Error::invalid("counter type is not supported within collections")),
            other => Ok(other),
        }
    }

    /// Freezes a column's tuple or vector, and refuses a collection in a collection that is not frozen.
    pub(crate) fn of_column(&self, name: &TypeName) -> Result<DataType, Error> {
        let data_type = self.resolve(name)?;
        let nested = |e: &DataType| e.is_complex();
        let bad = match &data_type {
            DataType::List(e) | DataType::Set(e) => nested(e).then_some(&**e),
            DataType::Map(k, v) => [k, v].into_iter().find(|e| nested(e)).map(|e| &**e),
            DataType::Tuple(_) | DataType::Vector(..) => return frozen(data_type),
            DataType::Udt(own) if own.fields.iter().any(|(_, field)| nested(field)) => {
                return Err(Error::invalid("Non-frozen UDTs with nested non-frozen collections are not supported"));
            }
            _ => None,
        };
        let Some(bad) = bad else { return Ok(data_type) };
        let what = if matches!(bad, DataType::Udt(_)) { "UDTs" } else { "collections" };
        Err(Error::invalid(format!("Non-frozen {what} are not allowed inside collections: {data_type}")))
    }

    /// The type of a field: user types are frozen there, collections become so with the type they stand in.
    pub(crate) fn of_field(&self, name: &TypeName) -> Result<DataType, Error> {
        match self.resolve(name)? {
            DataType::Counter => Err(Error::invalid("A user type cannot contain counters")),
            DataType::Udt(_) => Err(Error::invalid("A user type cannot contain non-frozen UDTs")),
            tuple @ (DataType::Tuple(_) | DataType::Vector(..)) => frozen(tuple),
            other => Ok(other),
        }
    }
}

fn no_duration(element: &DataType, place: &str) -> Result<(), Error> {
    if element.unfrozen() == &DataType::Duration {
        return Err(Error::invalid(format!("Durations are not allowed as {place} elements")));
    }
    Ok(())
}

/// `frozen<...>`: everything inside is frozen with it, and shown so.
fn frozen(inner: DataType) -> Result<DataType, Error> {
    match inner {
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_) => {
            Ok(DataType::Frozen(Box::new(frozen_inside(inner))))
        }
        // Tuples and vectors are always frozen, and printed so.
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
        DataType::Tuple(fields) => DataType::Tuple(fields.into_iter().map(freeze).collect()),
        DataType::Vector(e, n) => DataType::Vector(Box::new(freeze(*e)), n),
        other => other,
    }
}
