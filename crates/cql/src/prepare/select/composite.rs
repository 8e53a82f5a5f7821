//! Collections, tuples and user types of a select list, put together from their parts.

use crate::error::Error;
use crate::plan::Selector;
use crate::prepare::select::column_expression::ColumnExpression;
use crate::prepare::term::term_text::value_name;
use crate::statement::{Term, TermKind};
use henge_model::DataType;

/// The error for a term whose type cannot be inferred.
pub(crate) fn type_inference_error(term: &Term) -> Error {
    let shown = value_name(term);
    let message = format!("Cannot infer type for term {shown} in selection clause (try using a cast to force a type)");
    Error::invalid(message).at(term.position)
}

/// The expression of a value with these parts.
pub(crate) fn composite(term: &Term, data_type: DataType, parts: Vec<ColumnExpression>) -> ColumnExpression {
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let name = match &term.kind {
        TermKind::List(_) => format!("[{}]", names.join(", ")),
        TermKind::Tuple(_) => format!("({})", names.join(", ")),
        TermKind::Map(_) => {
            format!("{{{}}}", names.chunks(2).map(|entry| entry.join(": ")).collect::<Vec<_>>().join(", "))
        }
        _ => format!("{{{}}}", names.join(", ")),
    };
    let selector =
        Selector::Built { data_type: data_type.clone(), parts: parts.into_iter().map(|part| part.selector).collect() };
    ColumnExpression { selector, name, data_type }
}

/// Refuses a list of another number of elements than the vector has that its place requires.
pub(crate) fn check_dimensions(term: &Term, data_type: &DataType) -> Result<(), Error> {
    let TermKind::List(parts) = &term.kind else { return Ok(()) };
    match data_type.unfrozen() {
        DataType::Vector(_, n) if parts.len() != *n as usize => {
            let given = parts.len();
            let message = format!("Unable to create a vector selector of type {data_type} from {given} elements");
            Err(Error::invalid(message).at(term.position))
        }
        DataType::Vector(of, _) | DataType::List(of) => parts.iter().try_for_each(|part| check_dimensions(part, of)),
        _ => Ok(()),
    }
}

/// The type as it is inside of another, where it is always frozen.
pub(crate) fn frozen(data_type: DataType) -> DataType {
    if data_type.is_complex() { DataType::Frozen(Box::new(data_type)) } else { data_type }
}
