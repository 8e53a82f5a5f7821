//! Assignability between types.

use crate::error::Error;
use henge_model::DataType;

/// Refuses a value of type `from` where `to` is required, unless it is assignable.
pub(crate) fn assignable(from: &DataType, to: &DataType, name: &str) -> Result<(), Error> {
    if is_assignable(from, to) { Ok(()) } else { Err(not_assignable(from, to, name)) }
}

/// The error for a value of type `from` where `to` is required.
pub(crate) fn not_assignable(from: &DataType, to: &DataType, name: &str) -> Error {
    Error::invalid(format!("Type error: cannot assign a value of type {from} to {name} of type {to}"))
}

/// True if the bytes of every value of type `from` are also a value of type `to`. Freezing makes no difference.
pub(crate) fn is_assignable(from: &DataType, to: &DataType) -> bool {
    let keeps_order = to.is_complex();
    match (from.unfrozen(), to.unfrozen()) {
        (a, b) if a == b => true,
        (DataType::Ascii, DataType::Text) | (DataType::Timeuuid, DataType::Uuid) | (_, DataType::Blob) => true,
        (DataType::Int | DataType::Bigint | DataType::Timestamp, DataType::Varint) => true,
        (DataType::Int, DataType::Date) | (DataType::Bigint, DataType::Time) => true,
        (DataType::Timestamp, DataType::Bigint) => true,
        (DataType::Bigint, DataType::Timestamp) => true,
        // As in Cassandra, elements that are cells have to sort alike.
        (DataType::List(a), DataType::List(b)) if keeps_order => sorts_alike(a, b),
        (DataType::List(a), DataType::List(b)) => is_assignable(a, b),
        (DataType::Set(a), DataType::Set(b)) => sorts_alike(a, b),
        (DataType::Map(a, of_a), DataType::Map(b, of_b)) if keeps_order => sorts_alike(a, b) && sorts_alike(of_a, of_b),
        (DataType::Map(a, of_a), DataType::Map(b, of_b)) => sorts_alike(a, b) && is_assignable(of_a, of_b),
        (a, b) => are_fields_of(a, b, &is_assignable),
    }
}

/// True if the hint of a type may stand before a value for `to`: they are both frozen or both not.
pub(crate) fn is_hint_for(hint: &DataType, to: &DataType) -> bool {
    let is_alike = *to == DataType::Blob || matches!(to, DataType::Tuple(_)) || hint.is_complex() == to.is_complex();
    is_alike && is_assignable(hint, to)
}

/// True if values of type `from` are also values of type `to`, and sort alike as both.
fn sorts_alike(from: &DataType, to: &DataType) -> bool {
    match (from.unfrozen(), to.unfrozen()) {
        (a, b) if a == b => true,
        (DataType::Ascii, DataType::Text | DataType::Blob) | (DataType::Text, DataType::Blob) => true,
        (DataType::List(a), DataType::List(b)) | (DataType::Set(a), DataType::Set(b)) => sorts_alike(a, b),
        (DataType::Map(a, of_a), DataType::Map(b, of_b)) => sorts_alike(a, b) && sorts_alike(of_a, of_b),
        (a, b) => are_fields_of(a, b, &sorts_alike),
    }
}

/// True if `from` has the first fields of `to`. A tuple has those of a user type, but not the other way round.
fn are_fields_of(from: &DataType, to: &DataType, is_field_of: &dyn Fn(&DataType, &DataType) -> bool) -> bool {
    let fields = |of: &DataType| -> Option<Vec<DataType>> {
        match of {
            DataType::Tuple(fields) => Some(fields.to_vec()),
            DataType::Udt(own) => Some(own.fields.iter().map(|(_, field)| field.clone()).collect()),
            _ => None,
        }
    };
    let (Some(given), Some(own)) = (fields(from), fields(to)) else { return false };
    let all = |is: &dyn Fn(&DataType, &DataType) -> bool| given.iter().zip(&own).all(|(a, b)| is(a, b));
    given.len() <= own.len()
        && match (from, to) {
            (_, DataType::Tuple(_)) => all(is_field_of),
            (DataType::Udt(_), _) => all(&sorts_alike),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(of: DataType) -> DataType {
        DataType::List(Box::new(of))
    }

    fn frozen(of: DataType) -> DataType {
        DataType::Frozen(Box::new(of))
    }

    #[test]
    fn elements_that_are_cells_have_to_sort_alike() {
        let (varints, ints) = (list(DataType::Varint), list(DataType::Int));
        assert!(!is_assignable(&ints, &varints));
        assert!(is_assignable(&frozen(ints.clone()), &frozen(varints)));
        assert!(is_assignable(&list(DataType::Ascii), &list(DataType::Text)));
        let set = |of| frozen(DataType::Set(Box::new(of)));
        assert!(is_assignable(&set(DataType::Text), &set(DataType::Blob)));
        assert!(!is_assignable(&set(DataType::Timeuuid), &set(DataType::Uuid)));
    }

    #[test]
    fn a_tuple_may_have_further_fields() {
        let tuple = |of: &[DataType]| DataType::Tuple(of.to_vec().into());
        let (one, two) = (tuple(&[DataType::Int]), tuple(&[DataType::Varint, DataType::Text]));
        assert!(is_assignable(&one, &two));
        assert!(!is_assignable(&two, &one));
    }

    #[test]
    fn a_hint_is_frozen_as_its_place_is() {
        let ints = list(DataType::Int);
        assert!(is_hint_for(&ints, &ints));
        assert!(!is_hint_for(&frozen(ints.clone()), &ints));
        assert!(!is_hint_for(&ints, &frozen(ints.clone())));
        assert!(is_hint_for(&ints, &DataType::Blob));
    }
}
