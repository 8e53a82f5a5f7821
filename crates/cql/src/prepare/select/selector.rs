//! Select lists: the values to fetch of each row, and the expressions that compute the result's columns.

use crate::error::{Error, nearest};
use crate::plan::{AggregatePlan, Selector, projection_of};
use crate::prepare::scope::column;
use crate::prepare::select::aggregate::{aggregate, prepare_aggregate};
use crate::prepare::select::cell_times::of_cell;
use crate::prepare::select::computed::{
    cast, collection, negation, operation, prepare_type_hint, type_inference_error,
};
use crate::prepare::term::assignable::is_assignable;
use crate::prepare::term::misfit::{check_argument, wrong_argument};
use crate::prepare::term::term_text::{of_row, raw_name, value_name};
use crate::prepare::term::terms::{Terms, argument_name, check_keyspace};
use crate::statement::{Arguments, Name, SelectItem, Term, TermKind};
use henge_base::count_steps;
use henge_model::{DataType, Projected};
use std::collections::BTreeMap;

/// A resolved expression with its column name and type.
pub(crate) struct Selected {
    pub(crate) selector: Selector,
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

/// The values to fetch and the aggregates, collected while a select list is resolved.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    pub(crate) columns: Vec<Projected>,
    pub(crate) aggregates: Vec<AggregatePlan>,
    /// The first place of each value.
    places: BTreeMap<Projected, usize>,
}

impl Fetched {
    /// Fetches a value, again if it is fetched already. A plain select list then has its values in order.
    pub(crate) fn push(&mut self, projected: Projected) -> usize {
        let place = self.columns.len();
        self.places.entry(projected.clone()).or_insert(place);
        self.columns.push(projected);
        place
    }

    /// Fetches a value unless it is fetched already.
    pub(crate) fn once(&mut self, projected: Projected) -> usize {
        count_steps(1);
        let known = self.places.get(&projected).copied();
        known.unwrap_or_else(|| self.push(projected))
    }
}

/// Resolves one item of a select list.
pub(crate) fn select(item: &SelectItem, terms: &mut Terms<'_>, fetched: &mut Fetched) -> Result<Selected, Error> {
    let mut selected = plain(&item.term, terms, fetched, true)?;
    if let Some(alias) = &item.alias {
        selected.name.clone_from(&alias.text);
    }
    Ok(selected)
}

/// Resolves an expression. At the `top` of a select list a column is fetched once for each mention.
pub(crate) fn plain(term: &Term, terms: &mut Terms<'_>, fetched: &mut Fetched, top: bool) -> Result<Selected, Error> {
    match &term.kind {
        TermKind::Column(name) => {
            let column = column(terms.table, name)?;
            let projected = projection_of(column, terms.table);
            let place = if top { fetched.push(projected) } else { fetched.once(projected) };
            let (name, data_type) = (column.name.clone(), column.data_type.clone());
            Ok(Selected { selector: Selector::Column(place), name, data_type })
        }
        TermKind::Call { keyspace, function, arguments } => {
            check_keyspace(keyspace.as_ref(), function)?;
            match (function.text.as_str(), aggregate(&function.text)) {
                ("writetime" | "ttl" | "maxwritetime", _) => {
                    of_cell(term, &function.text, arguments, terms, fetched, top)
                }
                (_, Some(aggregate)) => prepare_aggregate(term, aggregate, arguments, terms, fetched),
                _ => call(term, &function.text, arguments, terms, fetched),
            }
        }
        TermKind::Hinted { target, term } => prepare_type_hint(target, term, terms, fetched),
        TermKind::Cast { term, target } => cast(term, target, terms, fetched),
        TermKind::Arithmetic { operator, left, right } => operation(term, *operator, [left, right], terms, fetched),
        TermKind::Negated(operand) => negation(term, operand, terms, fetched),
        TermKind::List(parts) | TermKind::Set(parts) | TermKind::Tuple(parts) => {
            collection(term, parts, terms, fetched)
        }
        TermKind::Element { of, key } => element(term, of, key, terms, fetched),
        TermKind::Slice { of, from, to } => slice(term, of, [from.as_deref(), to.as_deref()], terms, fetched),
        TermKind::Field { of, field: name } => field(of, name, terms, fetched),
        TermKind::Constant(_) | TermKind::Marker(_) | TermKind::Null | TermKind::Map(_) | TermKind::UserType(_) => {
            Err(type_inference_error(term))
        }
    }
}

/// Resolves `c[key]` of a set or map.
fn element(
    term: &Term,
    of: &Term,
    key: &Term,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let collection = plain(of, terms, fetched, false)?;
    let (key_type, data_type) = parts_of(&collection, "Element", term)?;
    let key_source = terms.source(key, &key_type, &key_label(&collection))?;
    let name = format!("{}[{}]", collection.name, raw_name(key));
    let Selected { selector, name: on, data_type: of_type } = collection;
    let selector = Selector::Element { of: Box::new(selector), data_type: of_type, key: key_source, on };
    Ok(Selected { selector, name, data_type })
}

/// Resolves `u.field`.
fn field(of: &Term, name: &Name, terms: &mut Terms<'_>, fetched: &mut Fetched) -> Result<Selected, Error> {
    field_of(plain(of, terms, fetched, false)?, name)
}

/// The field of that name of a user type.
pub(crate) fn field_of(whole: Selected, name: &Name) -> Result<Selected, Error> {
    let DataType::Udt(own) = whole.data_type.unfrozen() else {
        let message = format!("Invalid field selection: {} of type {} is not a user type", whole.name, whole.data_type);
        return Err(Error::invalid(message).at(name.position));
    };
    let Some((place, data_type)) = own.field(&name.text) else {
        let guess = nearest(&name.text, own.fields.iter().map(|(field, _)| field.as_str()));
        let message = format!("{} of type {} has no field {}", whole.name, whole.data_type, name.text);
        return Err(Error::invalid(message).at(name.position).with_hint(guess));
    };
    let (label, data_type) = (format!("{}.{}", whole.name, name.text), data_type.clone());
    let selector = Selector::Field { of: Box::new(whole.selector), data_type: whole.data_type, place };
    Ok(Selected { selector, name: label, data_type })
}

/// Resolves `c[from..to]` of a set or map.
fn slice(
    term: &Term,
    of: &Term,
    bounds: [Option<&Term>; 2],
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let collection = plain(of, terms, fetched, false)?;
    let (key_type, _) = parts_of(&collection, "Slice", term)?;
    let label = key_label(&collection);
    let mut bound = |term: Option<&Term>| term.map(|term| terms.source(term, &key_type, &label)).transpose();
    let (from, to) = (bound(bounds[0])?, bound(bounds[1])?);
    let [first, last] = bounds.map(|term| term.map_or_else(String::new, raw_name));
    let name = format!("{}[{first}..{last}]", collection.name);
    let Selected { selector, name: on, data_type } = collection;
    let selector = Selector::Slice { of: Box::new(selector), data_type: data_type.clone(), from, to, on };
    Ok(Selected { selector, name, data_type })
}

/// What a marker is called that stands for a map's key or an element of a set.
pub(super) fn key_label(collection: &Selected) -> String {
    let what = if matches!(collection.data_type.unfrozen(), DataType::Set(_)) { "value" } else { "key" };
    format!("{what}({})", collection.name)
}

/// The types of a collection's keys and of the values at them. `part`, for messages, is Element or Slice.
pub(crate) fn parts_of(collection: &Selected, part: &str, term: &Term) -> Result<(DataType, DataType), Error> {
    match collection.data_type.unfrozen() {
        DataType::Map(key, value) => Ok((DataType::clone(key), DataType::clone(value))),
        DataType::Set(element) => Ok((DataType::clone(element), DataType::clone(element))),
        DataType::List(_) => {
            let message =
                format!("{part} selection is only allowed on sets and maps, but {} is a list", collection.name);
            Err(Error::invalid(message).at(term.position))
        }
        other => {
            let part = part.to_ascii_lowercase();
            let message =
                format!("Invalid {part} selection: {} is of type {other} is not a collection", collection.name);
            Err(Error::invalid(message).at(term.position))
        }
    }
}

fn call(
    term: &Term,
    function: &str,
    arguments: &Arguments,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let Arguments::Terms(given) = arguments else {
        return Err(Error::invalid(format!("{function}(*) is no function")).at(term.position));
    };
    // Arguments from the row keep their type; others take that of the parameter, as in WHERE.
    let mut from_row = Vec::with_capacity(given.len());
    let mut types = Vec::with_capacity(given.len());
    for argument in given {
        let selected = if of_row(argument) { Some(plain(argument, terms, fetched, false)?) } else { None };
        types.push(match &selected {
            Some(selected) => Some(selected.data_type.clone()),
            None => terms.type_of(argument)?,
        });
        from_row.push(selected);
    }
    let signature = terms.signature(function, &types, (term, given), None)?;
    let mut arguments = Vec::with_capacity(given.len());
    let mut names = Vec::with_capacity(given.len());
    for (i, (selected, parameter)) in from_row.into_iter().zip(&signature.parameters).enumerate() {
        let place = argument_name(function, i);
        match selected {
            Some(selected) => {
                if !is_assignable(&selected.data_type, parameter) {
                    return Err(wrong_argument(&selected.name, i, function, parameter).at(given[i].position));
                }
                arguments.push(selected.selector);
                names.push(selected.name);
            }
            None => {
                check_argument(&given[i], types[i].as_ref(), parameter, function, i)?;
                arguments.push(Selector::Given(terms.source(&given[i], parameter, &place)?));
                names.push(value_name(&given[i]));
            }
        }
    }
    let name = format!("system.{function}({})", names.join(", "));
    let selector = Selector::Call { function: signature.function, arguments, ordinal: term.position.offset };
    Ok(Selected { selector, name, data_type: signature.result })
}
