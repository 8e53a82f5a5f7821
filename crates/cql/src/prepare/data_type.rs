//! Types as written to types.

use crate::error::{Error, nearest};
use crate::statement::TypeName;
use henge_model::DataType;

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

/// The type a name stands for.
pub(crate) fn resolve(name: &TypeName) -> Result<DataType, Error> {
    Ok(match name {
        TypeName::Named { keyspace, name } => match (keyspace, DataType::native(&name.text)) {
            (None, Some(native)) => native,
            _ => {
                let error = Error::invalid(format!("Unknown type {}", name.text)).at(name.position);
                return Err(error.hinted(nearest(&name.text, NAMES)));
            }
        },
        TypeName::Custom(name) => return Err(Error::unsupported("types given as Java classes are", name.position)),
        TypeName::Frozen(inner) => frozen(resolve(inner)?)?,
        TypeName::List(element) => DataType::List(Box::new(part(element)?)),
        TypeName::Set(element) => {
            let element = part(element)?;
            no_duration(&element, "set")?;
            DataType::Set(Box::new(element))
        }
        TypeName::Map(key, value) => {
            let key = part(key)?;
            no_duration(&key, "map key")?;
            DataType::Map(Box::new(key), Box::new(part(value)?))
        }
        TypeName::Tuple(fields) => DataType::Tuple(fields.iter().map(part).collect::<Result<_, _>>()?),
        TypeName::Vector(element, dimension) => DataType::Vector(Box::new(part(element)?), *dimension),
    })
}

/// A type inside another: what is frozen round it freezes it too, see [`frozen`].
fn part(name: &TypeName) -> Result<DataType, Error> {
    match resolve(name)? {
        DataType::Counter => Err(Error::invalid("counter type is not supported within collections")),
        other => Ok(other),
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
        native => Err(Error::invalid(format!(
            "frozen<> is only allowed on collections, tuples, and user-defined types (got {native})"
        ))),
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

/// Freezes a column's tuple or vector, and refuses a collection in a collection that is not frozen.
pub(crate) fn of_column(name: &TypeName) -> Result<DataType, Error> {
    let data_type = resolve(name)?;
    let nested = |e: &DataType| e.is_complex();
    let bad = match &data_type {
        DataType::List(e) | DataType::Set(e) => nested(e),
        DataType::Map(k, v) => nested(k) || nested(v),
        DataType::Tuple(_) | DataType::Vector(..) => return frozen(data_type),
        _ => false,
    };
    if bad {
        return Err(Error::invalid(format!("Non-frozen collections are not allowed inside collections: {data_type}")));
    }
    Ok(data_type)
}
