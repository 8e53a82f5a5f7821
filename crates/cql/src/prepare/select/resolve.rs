//! Resolution of a select list: a walk over its terms, which needs all the forms that a term may have. A term without a
//! type of its own takes the type that its place requires.

use crate::error::Error;
use crate::parser::term::check_value;
use crate::plan::{Aggregate, Selector, Source, projection_of};
use crate::prepare::scope::column;
use crate::prepare::select::aggregate::{aggregate, prepare_aggregate};
use crate::prepare::select::call::call;
use crate::prepare::select::cell_times::of_cell;
use crate::prepare::select::column_expression::{ColumnExpression, FetchedValues};
use crate::prepare::select::composite::{check_dimensions, composite, frozen, type_inference_error};
use crate::prepare::select::operation::{Side, cast, negation, operation};
use crate::prepare::select::parts::{element, field_of, slice};
use crate::prepare::term::assignable::{assignable, is_hint_for, not_assignable};
use crate::prepare::term::operand::preferred_type;
use crate::prepare::term::term_text::{hinted_name, of_row, value_name};
use crate::prepare::term::terms::{Terms, check_keyspace};
use crate::statement::{Arguments, Name, SelectItem, Term, TermKind, TypeName};
use henge_base::count_steps;
use henge_model::{DataType, UserType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Resolves one item of a select list.
pub(crate) fn select(
    item: &SelectItem,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    let mut selected = plain(&item.term, terms, fetched, true)?;
    if let Some(alias) = &item.alias {
        selected.name.clone_from(&alias.text);
    }
    Ok(selected)
}

/// Resolves an expression. At the `top` of a select list a column is fetched once for each mention.
pub(crate) fn plain(
    term: &Term,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
    top: bool,
) -> Result<ColumnExpression, Error> {
    match &term.kind {
        TermKind::Column(name) => {
            let column = column(terms.table, name)?;
            let projected = projection_of(column, terms.table);
            let place = if top { fetched.push(projected) } else { fetched.once(projected) };
            let (name, data_type) = (column.name.clone(), column.data_type.clone());
            Ok(ColumnExpression { selector: Selector::Column(place), name, data_type })
        }
        TermKind::Call { keyspace, function, arguments } => {
            check_keyspace(keyspace.as_ref(), function)?;
            match (function.text.as_str(), aggregate(&function.text)) {
                ("writetime" | "ttl" | "maxwritetime", _) => {
                    of_cell(term, &function.text, arguments, terms, fetched, top)
                }
                (_, Some(aggregate)) => aggregate_call(term, aggregate, arguments, terms, fetched),
                _ => function_call(term, &function.text, arguments, terms, fetched),
            }
        }
        TermKind::Hinted { target, term } => prepare_type_hint(target, term, terms, fetched),
        TermKind::Cast { term, .. } if !of_row(term) => Err(type_inference_error(term)),
        TermKind::Cast { term, target } => cast(term, target, plain(term, terms, fetched, false)?, terms),
        TermKind::Arithmetic { operator, left, right } => {
            let sides = [side(left, terms, fetched)?, side(right, terms, fetched)?];
            operation(term, *operator, sides, terms)
        }
        TermKind::Negated(operand) => negation(term, side(operand, terms, fetched)?, terms),
        TermKind::List(parts) | TermKind::Set(parts) | TermKind::Tuple(parts) => {
            collection(term, parts, terms, fetched)
        }
        TermKind::Element { of, key } => {
            check_value(key)?;
            element(term, plain(of, terms, fetched, false)?, key, terms)
        }
        TermKind::Slice { of, from, to } => {
            from.iter().chain(to).try_for_each(|bound| check_value(bound))?;
            let bounds = [from.as_deref(), to.as_deref()];
            slice(term, plain(of, terms, fetched, false)?, bounds, terms)
        }
        TermKind::Field { of, field: name } => field_of(owner_of_field(of, terms, fetched)?, name),
        TermKind::Constant(_) | TermKind::Marker(_) | TermKind::Null | TermKind::Map(_) | TermKind::UserType(_) => {
            Err(type_inference_error(term))
        }
    }
}

/// Resolves what a field is taken of, which may be in parentheses.
fn owner_of_field(term: &Term, terms: &mut Terms<'_>, fetched: &mut FetchedValues) -> Result<ColumnExpression, Error> {
    match &term.kind {
        TermKind::Tuple(parts) if parts.len() == 1 && of_row(&parts[0]) => {
            if matches!(&parts[0].kind, TermKind::Tuple(inner) if inner.len() == 1) {
                return Err(type_inference_error(term));
            }
            let inner = plain(&parts[0], terms, fetched, false)?;
            Ok(ColumnExpression { name: format!("({})", inner.name), ..inner })
        }
        _ => plain(term, terms, fetched, false),
    }
}

/// Resolves one operand of an operator.
fn side<'t>(term: &'t Term, terms: &mut Terms<'_>, fetched: &mut FetchedValues) -> Result<Side<'t>, Error> {
    match &term.kind {
        TermKind::Tuple(parts) if parts.len() == 1 => Ok(match side(&parts[0], terms, fetched)? {
            Side::Expression(inner) => {
                Side::Expression(Box::new(ColumnExpression { name: format!("({})", inner.name), ..*inner }))
            }
            Side::Value(inner, shape, name) => Side::Value(inner, shape, format!("({name})")),
        }),
        _ if of_row(term) => plain(term, terms, fetched, false).map(|selected| Side::Expression(Box::new(selected))),
        _ => Ok(Side::Value(term, terms.shape(term)?, value_name(term))),
    }
}

fn function_call(
    term: &Term,
    function: &str,
    arguments: &Arguments,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    let Arguments::Terms(given) = arguments else {
        return Err(Error::invalid(format!("{function}(*) is no function")).at(term.position));
    };
    let mut from_row = Vec::with_capacity(given.len());
    let mut types = Vec::with_capacity(given.len());
    for argument in given {
        let expression = if of_row(argument) { Some(plain(argument, terms, fetched, false)?) } else { None };
        types.push(match &expression {
            Some(expression) => Some(expression.data_type.clone()),
            None => terms.type_of(argument)?,
        });
        from_row.push(expression);
    }
    call(term, function, given, (from_row, types), terms)
}

fn aggregate_call(
    term: &Term,
    aggregate: Aggregate,
    arguments: &Arguments,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    let before = fetched.aggregates.len();
    let argument = match arguments {
        Arguments::Star if aggregate == Aggregate::Count => None,
        Arguments::Terms(all) if all.len() == 1 => match &all[0].kind {
            TermKind::Constant(_) if aggregate == Aggregate::Count => None,
            _ => Some(aggregate_argument(&all[0], aggregate, terms, fetched)?),
        },
        _ => return Err(Error::invalid("an aggregate takes one argument").at(term.position)),
    };
    if fetched.aggregates.len() > before {
        let message = "aggregate functions cannot be used as arguments of aggregate functions";
        return Err(Error::invalid(message).at(term.position));
    }
    prepare_aggregate(term, aggregate, argument, fetched)
}

fn aggregate_argument(
    term: &Term,
    aggregate: Aggregate,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    match &term.kind {
        TermKind::Constant(constant) => prepare_typed(term, &preferred_type(constant), terms, fetched),
        TermKind::Null if aggregate == Aggregate::Count => {
            let selector = Selector::Given(Source::Null);
            Ok(ColumnExpression { selector, name: value_name(term), data_type: DataType::Blob })
        }
        _ if of_row(term) => plain(term, terms, fetched, false),
        _ => Err(type_inference_error(term)),
    }
}

/// Resolves a term where a value of `data_type` is required.
fn prepare_typed(
    term: &Term,
    data_type: &DataType,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    if let TermKind::Tuple(parts) = &term.kind
        && parts.len() == 1
        && !matches!(data_type.unfrozen(), DataType::Tuple(_))
    {
        let inner = prepare_typed(&parts[0], data_type, terms, fetched)?;
        return Ok(ColumnExpression { name: format!("({})", inner.name), ..inner });
    }
    check_dimensions(term, data_type)?;
    if !of_row(term) {
        let source = terms.source(term, data_type, "[selection]")?;
        let selector = Selector::Given(source);
        return Ok(ColumnExpression { selector, name: value_name(term), data_type: data_type.clone() });
    }
    match (&term.kind, data_type.unfrozen()) {
        (TermKind::List(parts), DataType::List(element) | DataType::Vector(element, _))
        | (TermKind::Set(parts), DataType::Set(element)) => {
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
            match is_hint_for(&selected.data_type, data_type) {
                true => Ok(selected),
                false => Err(not_assignable(&selected.data_type, data_type, &selected.name).at(term.position)),
            }
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
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
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
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    // For a field given twice the last value counts.
    let by_name: BTreeMap<&str, &Term> = given.iter().map(|(field, value)| (field.text.as_str(), value)).collect();
    let mut parts: Vec<ColumnExpression> = Vec::with_capacity(own.fields.len());
    for (name, data_type) in &own.fields {
        count_steps(1);
        parts.push(match by_name.get(name.as_str()) {
            Some(value) => prepare_typed(value, &frozen(data_type.clone()), terms, fetched)?,
            None => ColumnExpression {
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
    Ok(ColumnExpression { name, ..composite(term, data_type.clone(), parts) })
}

fn prepare_composite(
    term: &Term,
    data_type: &DataType,
    parts: &[(&Term, &DataType)],
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    let parts = parts.iter().map(|(part, data_type)| prepare_typed(part, data_type, terms, fetched));
    let parts: Vec<ColumnExpression> = parts.collect::<Result<_, _>>()?;
    Ok(composite(term, data_type.clone(), parts))
}

/// Resolves `(type) term`.
fn prepare_type_hint(
    target: &TypeName,
    term: &Term,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    let data_type = frozen(terms.resolve(target)?);
    let refused = |terms: &mut Terms<'_>, fetched: &mut FetchedValues| {
        let shown = if of_row(term) { plain(term, terms, fetched, false).ok() } else { None };
        let shown = shown.map_or_else(|| value_name(term), |selected| selected.name);
        let name = hinted_name(target, &shown);
        let message = format!("Cannot assign value {name} to {name} of type {data_type}");
        Error::invalid(message).at(term.position)
    };
    let selected = match prepare_typed(term, &data_type, terms, fetched) {
        Err(e) if e.message.starts_with("Type error: cannot assign") || e.is_of_literal() || is_no_tuple(term, &e) => {
            return Err(refused(terms, fetched));
        }
        selected => selected?,
    };
    if of_row(term) && !is_hint_for(&selected.data_type, &data_type) {
        return Err(refused(terms, fetched));
    }
    Ok(ColumnExpression { name: hinted_name(target, &selected.name), data_type, ..selected })
}

/// True if the error is of a tuple where the type requires something else.
fn is_no_tuple(term: &Term, error: &Error) -> bool {
    matches!(term.kind, TermKind::Tuple(_)) && error.message == type_inference_error(term).message
}

/// Resolves a list, set or tuple without a type hint. Elements with a type of their own determine that of the others;
/// in a tuple every element needs one.
fn collection(
    term: &Term,
    parts: &[Term],
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
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
    Ok(composite(term, data_type, all))
}
