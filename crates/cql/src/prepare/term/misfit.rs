//! Errors for literals that are not values of the required type.

use crate::error::Error;
use crate::literal;
use crate::prepare::term::assignable::{is_assignable, is_hint_for};
use crate::prepare::term::term_text::value_name;
use crate::statement::{Constant, Term, TermKind, TypeName};
use henge_model::DataType;

/// The error for a literal of another kind than the type requires.
pub(crate) fn misfit(term: &Term, data_type: &DataType, name: &str) -> Error {
    let kind = match (&term.kind, data_type.unfrozen()) {
        (TermKind::List(_), _) => {
            let message = format!("Unexpected receiver type '{data_type}'; only list and vector are expected");
            return Error::invalid(format!("{message} (for {name})")).at(term.position);
        }
        (TermKind::Tuple(parts), DataType::Tuple(types)) => {
            let (expected, given) = (types.len(), parts.len());
            let message = format!("Invalid tuple literal for {name}: too many elements. Type {data_type} expects");
            return Error::invalid(format!("{message} {expected} but got {given}")).at(term.position);
        }
        (TermKind::Set(_), _) => "set",
        (TermKind::Map(_), _) => "map",
        (TermKind::UserType(_), _) => "user type",
        _ => "tuple type",
    };
    Error::invalid(format!("Invalid {kind} literal for {name} of type {data_type}")).at(term.position)
}

/// Refuses a literal of the right kind that has a part of a wrong type.
pub(crate) fn check_parts(term: &Term, data_type: &DataType, name: &str) -> Result<(), Error> {
    let refuse = |kind: &str, what: String, of: &DataType| {
        Err(Error::invalid(format!("Invalid {kind} literal for {name}: {what} is not of type {of}")).at(term.position))
    };
    let value = |part: &Term| format!("value {}", value_name(part));
    match (&term.kind, data_type.unfrozen()) {
        (TermKind::List(parts), DataType::List(of)) => match parts.iter().find(|part| !fits(part, of)) {
            Some(part) => refuse("list", value(part), of),
            None => Ok(()),
        },
        (TermKind::List(parts), DataType::Vector(of, n)) if parts.len() == *n as usize => {
            match parts.iter().find(|part| !fits(part, of)) {
                Some(part) => refuse("vector", value(part), of),
                None => Ok(()),
            }
        }
        (TermKind::Set(parts), DataType::Set(of)) => match parts.iter().find(|part| !fits(part, of)) {
            Some(part) => refuse("set", value(part), of),
            None => Ok(()),
        },
        (TermKind::Map(entries), DataType::Map(of_key, of)) => {
            for (key, part) in entries {
                if !fits(key, of_key) {
                    return refuse("map", format!("key {}", value_name(key)), of_key);
                }
                if !fits(part, of) {
                    return refuse("map", value(part), of);
                }
            }
            Ok(())
        }
        // Components come before their number.
        (TermKind::Tuple(parts), DataType::Tuple(types)) => {
            match parts.iter().zip(types.iter()).position(|(part, of)| !fits(part, of)) {
                Some(place) => refuse("tuple", format!("component {place}"), &types[place]),
                None => Ok(()),
            }
        }
        (TermKind::UserType(given), DataType::Udt(own)) => {
            for (field, part) in given {
                if let Some((_, of)) = own.field(&field.text).filter(|(_, of)| !fits(part, of)) {
                    return refuse("user type", format!("field {}", field.text), of);
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Refuses an argument that is known not to be a value of the parameter's type.
pub(crate) fn check_argument(
    term: &Term,
    own: Option<&DataType>,
    parameter: &DataType,
    function: &str,
    place: usize,
) -> Result<(), Error> {
    let mut bare = term;
    while let TermKind::Tuple(parts) = &bare.kind
        && let [inner] = &parts[..]
    {
        bare = inner;
    }
    let is_constant = matches!(bare.kind, TermKind::Constant(_));
    let is_wrong = match own {
        Some(own) if !is_constant => !is_assignable(own, parameter),
        _ => !fits(term, parameter),
    };
    if !is_wrong {
        return Ok(());
    }
    Err(wrong_argument(&value_name(term), place, function, parameter).at(term.position))
}

/// The error for an argument of another type than its parameter.
pub(crate) fn wrong_argument(shown: &str, place: usize, function: &str, parameter: &DataType) -> Error {
    let message = format!("Type error: {shown} cannot be passed as argument {place} of function system.{function}");
    Error::invalid(format!("{message} of type {parameter}"))
}

/// False if the form of a literal alone excludes the type. True for a list where none is expected, which has an error
/// of its own.
pub(super) fn fits(term: &Term, data_type: &DataType) -> bool {
    let all = |parts: &[Term], of: &DataType| parts.iter().all(|part| fits(part, of));
    match (&term.kind, data_type.unfrozen()) {
        (TermKind::Constant(Constant::Integer(_)), DataType::Duration) => true,
        (TermKind::Constant(constant), own) => literal::fits(constant, own),
        (TermKind::Hinted { target: TypeName::Named { keyspace: None, name }, .. }, own) => {
            DataType::native(&name.text).is_none_or(|hint| is_hint_for(&hint, own))
        }
        (TermKind::Null, own) => *own != DataType::Counter,
        (TermKind::List(parts), DataType::List(of)) => all(parts, of),
        (TermKind::List(parts), DataType::Vector(of, n)) => parts.len() == *n as usize && all(parts, of),
        (TermKind::Set(parts), DataType::Set(of)) => all(parts, of),
        (TermKind::Set(parts), DataType::Map(..)) => parts.is_empty(),
        (TermKind::Map(entries), DataType::Map(of_key, of)) => {
            entries.iter().all(|(key, value)| fits(key, of_key) && fits(value, of))
        }
        (TermKind::Tuple(parts), DataType::Tuple(types)) => {
            parts.len() <= types.len() && parts.iter().zip(types.iter()).all(|(part, of)| fits(part, of))
        }
        (TermKind::Tuple(parts), own) if parts.len() == 1 => fits(&parts[0], own),
        (TermKind::UserType(given), DataType::Udt(own)) => {
            given.iter().all(|(field, part)| own.field(&field.text).is_none_or(|(_, of)| fits(part, of)))
        }
        (TermKind::Set(_) | TermKind::Map(_) | TermKind::Tuple(_) | TermKind::UserType(_), _) => false,
        _ => true,
    }
}
