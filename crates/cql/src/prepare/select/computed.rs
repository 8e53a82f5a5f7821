//! Expressions of a select list. A term without a type of its own takes the type that its place requires.

use crate::error::Error;
use crate::functions::{Expression, Function, cast_signature};
use crate::plan::Selector;
use crate::plan::Source;
use crate::prepare::select::selector::{Fetched, Selected, plain};
use crate::prepare::term::arithmetic::{error, function, negation_error};
use crate::prepare::term::assignable::{assignable, is_assignable};
use crate::prepare::term::operand::{Shape, settle, settle_negation};
use crate::prepare::term::term_text::{hinted_name, of_row, value_name};
use crate::prepare::term::terms::Terms;
use crate::statement::{ArithmeticOperator, Name, Term, TermKind, TypeName};
use henge_base::count_steps;
use henge_model::{DataType, Order, UserType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The error for a term whose type cannot be inferred.
pub(crate) fn type_inference_error(term: &Term) -> Error {
    let shown = value_name(term);
    let message = format!("Cannot infer type for term {shown} in selection clause (try using a cast to force a type)");
    Error::invalid(message).at(term.position)
}

/// Resolves a term where a value of `data_type` is required.
pub(crate) fn prepare_typed(
    term: &Term,
    data_type: &DataType,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    if let TermKind::Tuple(parts) = &term.kind
        && parts.len() == 1
        && !matches!(data_type.unfrozen(), DataType::Tuple(_))
    {
        let inner = prepare_typed(&parts[0], data_type, terms, fetched)?;
        return Ok(Selected { name: format!("({})", inner.name), ..inner });
    }
    if !of_row(term) {
        let source = terms.source(term, data_type, "[selection]")?;
        let selector = Selector::Given(source);
        return Ok(Selected { selector, name: value_name(term), data_type: data_type.clone() });
    }
    match (&term.kind, data_type.unfrozen()) {
        (TermKind::List(parts), DataType::List(element) | DataType::Vector(element, _))
        | (TermKind::Set(parts), DataType::Set(element)) => {
            let wrong = matches!(data_type.unfrozen(), DataType::Vector(_, n) if *n as usize != parts.len());
            if wrong {
                return Err(Error::invalid(format!("a {data_type} has another number of elements")).at(term.position));
            }
            let parts: Vec<(&Term, &DataType)> = parts.iter().map(|part| (part, &**element)).collect();
            prepare_composite(term, data_type, &parts, terms, fetched)
        }
        (TermKind::Map(entries), DataType::Map(key, value)) => {
            let parts: Vec<(&Term, &DataType)> =
                entries.iter().flat_map(|(k, v)| [(k, &**key), (v, &**value)]).collect();
            prepare_composite(term, data_type, &parts, terms, fetched)
        }
        // Names before colons are fields of a user type, except where a map is required: there they are columns.
        (TermKind::UserType(fields), DataType::Map(key, value)) => {
            entries(term, fields, data_type, [key, value], terms, fetched)
        }
        (TermKind::UserType(given), DataType::Udt(own)) => fields(term, given, data_type, own, terms, fetched),
        (TermKind::Tuple(parts), DataType::Tuple(types)) if parts.len() == types.len() => {
            let parts: Vec<(&Term, &DataType)> = parts.iter().zip(types.iter()).collect();
            prepare_composite(term, data_type, &parts, terms, fetched)
        }
        _ => {
            let selected = plain(term, terms, fetched, false)?;
            assignable(&selected.data_type, data_type, &selected.name).map_err(|e| e.at(term.position))?;
            Ok(selected)
        }
    }
}

/// Resolves a map whose keys are columns.
fn entries(
    term: &Term,
    given: &[(Name, Term)],
    data_type: &DataType,
    [key, value]: [&DataType; 2],
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let columns = given.iter().map(|(name, _)| Term { kind: TermKind::Column(name.clone()), position: name.position });
    let keys: Vec<Term> = columns.collect();
    let parts = keys.iter().zip(given).flat_map(|(column, (_, v))| [(column, key), (v, value)]);
    let parts: Vec<(&Term, &DataType)> = parts.collect();
    let map = Term { kind: TermKind::Map(Vec::new()), position: term.position };
    prepare_composite(&map, data_type, &parts, terms, fetched)
}

/// Resolves the fields of a user type; those left out are null.
fn fields(
    term: &Term,
    given: &[(Name, Term)],
    data_type: &DataType,
    own: &UserType,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    // For a field given twice the last value counts.
    let by_name: BTreeMap<&str, &Term> = given.iter().map(|(field, value)| (field.text.as_str(), value)).collect();
    let mut parts: Vec<Selected> = Vec::with_capacity(own.fields.len());
    for (name, data_type) in &own.fields {
        count_steps(1);
        parts.push(match by_name.get(name.as_str()) {
            Some(value) => prepare_typed(value, data_type, terms, fetched)?,
            None => Selected {
                selector: Selector::Given(Source::Null),
                name: "NULL".to_owned(),
                data_type: data_type.clone(),
            },
        });
    }
    if let Some((unknown, _)) = given.iter().find(|(field, _)| own.field(&field.text).is_none()) {
        let message = format!("Unknown field '{}' in value of user defined type {}", unknown.text, own.name);
        return Err(Error::invalid(message).at(unknown.position));
    }
    let name = value_name(term);
    Ok(Selected { name, ..put_together(term, data_type.clone(), parts) })
}

fn prepare_composite(
    term: &Term,
    data_type: &DataType,
    parts: &[(&Term, &DataType)],
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let parts = parts.iter().map(|(part, data_type)| prepare_typed(part, data_type, terms, fetched));
    let parts: Vec<Selected> = parts.collect::<Result<_, _>>()?;
    Ok(put_together(term, data_type.clone(), parts))
}

fn put_together(term: &Term, data_type: DataType, parts: Vec<Selected>) -> Selected {
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
    Selected { selector, name, data_type }
}

/// Resolves `(type) term`.
pub(crate) fn prepare_type_hint(
    target: &TypeName,
    term: &Term,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let data_type = terms.resolve(target)?;
    let refused = |terms: &mut Terms<'_>, fetched: &mut Fetched| {
        let shown = if of_row(term) { plain(term, terms, fetched, false).ok() } else { None };
        let shown = shown.map_or_else(|| value_name(term), |selected| selected.name);
        let (name, data_type) = (hinted_name(target, &data_type, &shown), frozen_name(&data_type));
        let message = format!("Cannot assign value {name} to {name} of type {data_type}");
        Error::invalid(message).at(term.position)
    };
    let selected = match prepare_typed(term, &data_type, terms, fetched) {
        Err(e) if e.message.starts_with("Type error: cannot assign") || e.is_of_literal() => {
            return Err(refused(terms, fetched));
        }
        selected => selected?,
    };
    if of_row(term) && !is_assignable(&selected.data_type, &data_type) {
        return Err(refused(terms, fetched));
    }
    Ok(Selected { name: hinted_name(target, &data_type, &selected.name), data_type, ..selected })
}

/// The type as it stands inside of another.
fn frozen_name(data_type: &DataType) -> String {
    use DataType::{List, Map, Set, Udt};
    match data_type {
        List(_) | Set(_) | Map(..) | Udt(_) => format!("frozen<{data_type}>"),
        other => other.to_string(),
    }
}

/// Resolves a list, set or tuple without a type hint. Elements with a type of their own determine that of the others;
/// in a tuple every element needs one.
pub(crate) fn collection(
    term: &Term,
    parts: &[Term],
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let is_tuple = matches!(term.kind, TermKind::Tuple(_));
    if parts.is_empty() || is_tuple && parts.len() == 1 {
        return Err(type_inference_error(term));
    }
    let mut selected = Vec::with_capacity(parts.len());
    for part in parts {
        selected.push(if of_row(part) { Some(plain(part, terms, fetched, false)?) } else { None });
    }
    let known = selected.iter().flatten().map(|part| part.data_type.clone());
    let (data_type, element) = if is_tuple {
        let types: Arc<[DataType]> = known.collect();
        if types.len() < parts.len() {
            return Err(type_inference_error(term));
        }
        (DataType::Tuple(types), DataType::Blob)
    } else {
        let element = known.into_iter().next().ok_or_else(|| type_inference_error(term))?;
        let of = Box::new(element.clone());
        let is_list = matches!(term.kind, TermKind::List(_));
        if !is_list && element == DataType::Duration {
            let message = "Durations are not allowed inside sets: frozen<set<duration>>";
            return Err(Error::invalid(message).at(term.position));
        }
        (if is_list { DataType::List(of) } else { DataType::Set(of) }, element)
    };
    let mut all = Vec::with_capacity(parts.len());
    for (part, selected) in parts.iter().zip(selected) {
        all.push(match selected {
            Some(selected) if is_tuple => selected,
            Some(selected) => {
                assignable(&selected.data_type, &element, &selected.name).map_err(|e| e.at(part.position))?;
                selected
            }
            None => prepare_typed(part, &element, terms, fetched)?,
        });
    }
    Ok(put_together(term, data_type, all))
}

/// One operand of an operator.
enum Side<'t> {
    Selected(Box<Selected>),
    /// A term without a type of its own, with its text including parentheses.
    Value(&'t Term, Shape, String),
}

impl<'t> Side<'t> {
    fn of(term: &'t Term, terms: &mut Terms<'_>, fetched: &mut Fetched) -> Result<Self, Error> {
        match &term.kind {
            TermKind::Tuple(parts) if parts.len() == 1 => Ok(match Side::of(&parts[0], terms, fetched)? {
                Side::Selected(inner) => {
                    Side::Selected(Box::new(Selected { name: format!("({})", inner.name), ..*inner }))
                }
                Side::Value(inner, shape, name) => Side::Value(inner, shape, format!("({name})")),
            }),
            _ if of_row(term) => plain(term, terms, fetched, false).map(|selected| Side::Selected(Box::new(selected))),
            _ => Ok(Side::Value(term, terms.shape(term)?, value_name(term))),
        }
    }

    fn shape(&self) -> Shape {
        match self {
            Side::Selected(selected) => Shape::of_type(&selected.data_type),
            Side::Value(_, shape, _) => *shape,
        }
    }

    fn name(&self) -> &str {
        match self {
            Side::Selected(selected) => &selected.name,
            Side::Value(_, _, name) => name,
        }
    }

    fn selector(self, data_type: &DataType, terms: &mut Terms<'_>) -> Result<Selector, Error> {
        match self {
            Side::Selected(selected) => Ok(selected.selector),
            Side::Value(term, ..) => terms.source(term, data_type, "[selection]").map(Selector::Given),
        }
    }
}

/// Resolves an arithmetic operation.
pub(crate) fn operation(
    term: &Term,
    operator: ArithmeticOperator,
    [left, right]: [&Term; 2],
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let (left, right) = (Side::of(left, terms, fetched)?, Side::of(right, terms, fetched)?);
    let types = settle(operator, [&left.shape(), &right.shape()], None, false)
        .map_err(|why| error(why, operator, left.name(), right.name()).at(term.position))?;
    let name = format!("{} {} {}", left.name(), operator.sign(), right.name());
    let arguments = vec![left.selector(&types[0], terms)?, right.selector(&types[1], terms)?];
    let (function, data_type) = function(operator, types)?;
    let selector = Selector::Call { function, arguments, ordinal: term.position.offset };
    Ok(Selected { selector, name, data_type })
}

/// Resolves `-a`.
pub(crate) fn negation(
    term: &Term,
    operand: &Term,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let operand = Side::of(operand, terms, fetched)?;
    let data_type =
        settle_negation(&operand.shape(), None).map_err(|why| negation_error(why, operand.name()).at(term.position))?;
    let name = format!("-{}", operand.name());
    let function = Function::Expression(Expression::Negate(data_type.clone()));
    let arguments = vec![operand.selector(&data_type, terms)?];
    Ok(Selected { selector: Selector::Call { function, arguments, ordinal: term.position.offset }, name, data_type })
}

/// Resolves `CAST(a AS type)`.
pub(crate) fn cast(
    term: &Term,
    target: &TypeName,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    if !of_row(term) {
        return Err(type_inference_error(term));
    }
    let selected = plain(term, terms, fetched, false)?;
    let signature = cast_signature(&selected.data_type, target, &selected.name, is_assignable);
    let Some(signature) = signature.map_err(|e| e.at(term.position))? else {
        // To Cassandra the type of a column that is stored from high to low is another one, so that it names the cast.
        let data_type = selected.data_type.clone();
        let name = format!("cast({} as {data_type})", selected.name);
        return Ok(if is_descending(term, terms) { Selected { name, ..selected } } else { selected });
    };
    let data_type = signature.result;
    let name = format!("cast({} as {data_type})", selected.name);
    let selector = Selector::Call {
        function: signature.function,
        arguments: vec![selected.selector],
        ordinal: term.position.offset,
    };
    Ok(Selected { selector, name, data_type })
}

fn is_descending(term: &Term, terms: &Terms<'_>) -> bool {
    let TermKind::Column(name) = &term.kind else { return false };
    terms.table.column(&name.text).is_some_and(|column| column.order == Order::Descending)
}
