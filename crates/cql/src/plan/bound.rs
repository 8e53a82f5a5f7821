//! Bound values: checked to be of their marker's type, with their sets and maps put in order.

use crate::collection;
use crate::error::Error;
use henge_model::{DataType, ValueError};
use std::borrow::Cow;

/// Validates a bound value that is to be stored or compared with, and sorts the elements of its sets and maps.
pub(crate) fn value<'a>(index: u16, data_type: &DataType, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    data_type.validate(bytes).map_err(|e| invalid(index, &e))?;
    if let DataType::List(element) = data_type.unfrozen()
        && empty_is_null(element)
        && parts(data_type, bytes).any(|part| part.is_some_and(<[u8]>::is_empty))
    {
        return Err(invalid(index, &ValueError::NullElement));
    }
    Ok(data_type.sort_elements(bytes))
}

/// Validates a bound list whose elements may be null: the values of IN, or those to remove from a list. It is never
/// stored.
pub(crate) fn choices<'a>(index: u16, data_type: &DataType, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    let DataType::List(element) = data_type.unfrozen() else { return value(index, data_type, bytes) };
    if let Err(e) = data_type.validate(bytes)
        && (e != ValueError::NullElement
            || parts(data_type, bytes).flatten().any(|part| element.validate(part).is_err()))
    {
        return Err(invalid(index, &e));
    }
    Ok(data_type.sort_elements(bytes))
}

fn parts<'a>(data_type: &DataType, bytes: &'a [u8]) -> impl Iterator<Item = Option<&'a [u8]>> {
    collection::parts(data_type, bytes).unwrap_or_default().into_iter().map(|(_, part)| part)
}

/// True of types that read the empty value as null. Drivers encode null elements as empty; Cassandra refuses them in
/// lists only.
fn empty_is_null(element: &DataType) -> bool {
    use DataType::{Ascii, Blob, Frozen, List, Map, Set, Text, Tuple, Udt, Vector};
    !matches!(element, Ascii | Blob | Frozen(_) | List(_) | Map(..) | Set(_) | Text | Tuple(_) | Udt(_) | Vector(..))
}

fn invalid(index: u16, error: &ValueError) -> Error {
    Error::invalid(format!("{error} (the value of bind marker {index})"))
}
