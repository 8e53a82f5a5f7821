//! `writetime`, `maxwritetime` and `ttl`: of a column, and of a set's or map's elements.

use super::scope::column;
use super::selector::{Fetched, Selected, Selector, parts_of, projected};
use super::shown::value_name;
use super::term::Terms;
use crate::bind::Source;
use crate::error::Error;
use crate::statement::{Arguments, Term, TermKind};
use henge_model::{Column, ColumnKind, DataType, Projected};

/// A call of one of the three.
pub(super) fn of_cell(
    term: &Term,
    function: &str,
    arguments: &Arguments,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
    top: bool,
) -> Result<Selected, Error> {
    let argument = match arguments {
        Arguments::Terms(all) if all.len() == 1 => &all[0],
        _ => return Err(Error::syntax(term.position, format!("{function} takes a column"))),
    };
    match &argument.kind {
        TermKind::Column(_) => of_column(argument, function, terms, fetched, top),
        TermKind::Element { of, key } => of_part(argument, function, of, [Some(key), Some(key)], terms, fetched),
        TermKind::Slice { of, from, to } => {
            of_part(argument, function, of, [from.as_deref(), to.as_deref()], terms, fetched)
        }
        TermKind::Field { .. } => Err(Error::unsupported(format!("{function} of a field is"), term.position)),
        _ => Err(Error::syntax(term.position, format!("{function} takes a column, or elements of one"))),
    }
}

/// The column a function is of; it may not be of the key.
fn column_of(term: &Term, function: &str, terms: &Terms<'_>) -> Result<Column, Error> {
    let TermKind::Column(name) = &term.kind else {
        return Err(Error::syntax(term.position, format!("{function} takes a column, or elements of one")));
    };
    let column = column(terms.table, name)?;
    if matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
        let message = format!("Cannot use selection function {function} on PRIMARY KEY part {}", column.name);
        return Err(Error::invalid(message).at(term.position));
    }
    Ok(column.clone())
}

fn times_of(column: &Column, function: &str) -> (Projected, DataType) {
    match function {
        "ttl" => (Projected::Ttl(column.id), DataType::Int),
        _ => (Projected::Writetime(column.id), DataType::Bigint),
    }
}

fn of_column(
    term: &Term,
    function: &str,
    terms: &Terms<'_>,
    fetched: &mut Fetched,
    top: bool,
) -> Result<Selected, Error> {
    let column = column_of(term, function, terms)?;
    let (projected, data_type) = times_of(&column, function);
    let name = format!("{function}({})", column.name);
    let place = if top { fetched.push(projected) } else { fetched.once(projected) };
    let selector = Selector::Column(place);
    if !column.data_type.is_complex() {
        return Ok(Selected { selector, name, data_type });
    }
    // Of a collection every element has its own.
    if function != "maxwritetime" {
        return Ok(Selected { selector, name, data_type: DataType::List(Box::new(data_type)) });
    }
    Ok(Selected { selector: Selector::Newest(Box::new(selector)), name, data_type })
}

/// Of one element, or of those between two bounds.
fn of_part(
    term: &Term,
    function: &str,
    of: &Term,
    bounds: [Option<&Term>; 2],
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let column = column_of(of, function, terms)?;
    let whole = Selector::Column(fetched.once(projected(&column, terms.table)));
    let whole = Selected { selector: whole, name: column.name.clone(), data_type: column.data_type.clone() };
    let (key_type, _) = parts_of(&whole, term)?;
    let label = format!("key({})", column.name);
    let mut bound = |term: Option<&Term>| term.map(|term| terms.source(term, &key_type, &label)).transpose();
    let (from, to): (Option<Source>, Option<Source>) = (bound(bounds[0])?, bound(bounds[1])?);
    let (projected, data_type) = times_of(&column, function);
    let times = Box::new(Selector::Column(fetched.once(projected)));
    let one = matches!(term.kind, TermKind::Element { .. });
    let of = Box::new(whole.selector);
    let selector = Selector::PartTimes { times, of, data_type: whole.data_type, from, to, one };
    let [first, last] = bounds.map(|term| term.map_or_else(String::new, value_name));
    let part = if one { first } else { format!("{first}..{last}") };
    let name = format!("{function}({}[{part}])", column.name);
    if one || !column.data_type.is_complex() {
        return Ok(Selected { selector, name, data_type });
    }
    if function != "maxwritetime" {
        return Ok(Selected { selector, name, data_type: DataType::List(Box::new(data_type)) });
    }
    Ok(Selected { selector: Selector::Newest(Box::new(selector)), name, data_type })
}
