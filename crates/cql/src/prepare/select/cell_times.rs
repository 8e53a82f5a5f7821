//! `writetime`, `maxwritetime` and `ttl` of columns, of fields of user types, and of elements of sets and maps.

use crate::error::Error;
use crate::parser::term::check_value;
use crate::plan::Source;
use crate::plan::{Selector, projection_of};
use crate::prepare::scope::column;
use crate::prepare::select::column_expression::{ColumnExpression, FetchedValues};
use crate::prepare::select::composite::frozen;
use crate::prepare::select::parts::{field_of, key_label, parts_of};
use crate::prepare::term::term_text::raw_name;
use crate::prepare::term::terms::Terms;
use crate::statement::{Arguments, Name, Term, TermKind};
use henge_model::{Column, ColumnKind, DataType, ProjectedColumn};

/// A column, or part of one, with the times of its cells.
struct TimedExpression {
    /// The value.
    value: ColumnExpression,
    /// Its timestamps or times to live; a list with one for each element or field if the value has several cells.
    times: Selector,
}

impl TimedExpression {
    fn is_of_several(&self) -> bool {
        self.value.data_type.is_complex()
    }
}

/// Resolves a call of `writetime`, `maxwritetime` or `ttl`.
pub(crate) fn of_cell(
    term: &Term,
    function: &str,
    arguments: &Arguments,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
    top: bool,
) -> Result<ColumnExpression, Error> {
    let argument = match arguments {
        Arguments::Terms(all) if all.len() == 1 => &all[0],
        _ => return Err(Error::syntax(term.position, format!("{function} takes a column"))),
    };
    if matches!(argument.kind, TermKind::Column(_)) {
        return of_column(argument, function, terms, fetched, top);
    }
    let timed = prepare_timed(argument, function, terms, fetched)?;
    let is_of_several = timed.is_of_several();
    Ok(result_column(function, &timed.value.name, timed.times, is_of_several))
}

/// The result column: one time or a list of times; for `maxwritetime` the greatest.
fn result_column(function: &str, of: &str, times: Selector, is_of_several: bool) -> ColumnExpression {
    let data_type = if function == "ttl" { DataType::Int } else { DataType::Bigint };
    let name = format!("{function}({of})");
    match (is_of_several, function) {
        (false, _) => ColumnExpression { selector: times, name, data_type },
        (true, "maxwritetime") => ColumnExpression { selector: Selector::Newest(Box::new(times)), name, data_type },
        (true, _) => ColumnExpression { selector: times, name, data_type: DataType::List(Box::new(data_type)) },
    }
}

/// The column that the function is applied to. Key columns are refused.
fn column_of(term: &Term, name: &Name, function: &str, terms: &Terms<'_>) -> Result<Column, Error> {
    let column = column(terms.table, name)?;
    if matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
        let message = format!("Cannot use selection function {function} on PRIMARY KEY part {}", column.name);
        return Err(Error::invalid(message).at(term.position));
    }
    Ok(column.clone())
}

fn times_of(column: &Column, function: &str) -> ProjectedColumn {
    match function {
        "ttl" => ProjectedColumn::Ttl(column.id),
        _ => ProjectedColumn::Writetime(column.id),
    }
}

/// Resolves the function of a whole column, for which the value itself is not fetched.
fn of_column(
    term: &Term,
    function: &str,
    terms: &Terms<'_>,
    fetched: &mut FetchedValues,
    top: bool,
) -> Result<ColumnExpression, Error> {
    let TermKind::Column(name) = &term.kind else { return Err(no_column(term, function)) };
    let column = column_of(term, name, function, terms)?;
    let times = times_of(&column, function);
    let place = if top { fetched.push(times) } else { fetched.once(times) };
    Ok(result_column(function, &column.name, Selector::Column(place), column.data_type.is_complex()))
}

fn no_column(term: &Term, function: &str) -> Error {
    Error::syntax(term.position, format!("{function} takes a column, fields or elements of one"))
}

/// Resolves a column, or a field, an element or a slice of another such expression.
fn prepare_timed(
    term: &Term,
    function: &str,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<TimedExpression, Error> {
    match &term.kind {
        TermKind::Column(name) => {
            let column = column_of(term, name, function, terms)?;
            let selector = Selector::Column(fetched.once(projection_of(&column, terms.table)));
            let times = Selector::Column(fetched.once(times_of(&column, function)));
            let value = ColumnExpression { selector, name: column.name, data_type: column.data_type };
            Ok(TimedExpression { value, times })
        }
        TermKind::Field { of, field } => {
            let whole = prepare_timed(of, function, terms, fetched)?;
            of_field(whole, field)
        }
        TermKind::Element { of, key } => {
            check_value(key)?;
            let whole = prepare_timed(of, function, terms, fetched)?;
            of_part(term, whole, [Some(key), Some(key)], terms)
        }
        TermKind::Slice { of, from, to } => {
            from.iter().chain(to).try_for_each(|bound| check_value(bound))?;
            let whole = prepare_timed(of, function, terms, fetched)?;
            of_part(term, whole, [from.as_deref(), to.as_deref()], terms)
        }
        _ => Err(no_column(term, function)),
    }
}

/// The time of a field: of its own cell if every field is a cell, else of the whole cell. A null field has no time.
fn of_field(whole: TimedExpression, field: &Name) -> Result<TimedExpression, Error> {
    let of_all = whole.is_of_several();
    let (times, value) = (Box::new(whole.times), field_of(whole.value, field)?);
    let Selector::Field { place, .. } = value.selector else { return Ok(TimedExpression { value, times: *times }) };
    let of = Box::new(value.selector.clone());
    let times = Selector::FieldTimes { times, of, place: of_all.then_some(place) };
    Ok(TimedExpression { value, times })
}

/// The times of one element, or of those between two bounds.
fn of_part(
    term: &Term,
    whole: TimedExpression,
    bounds: [Option<&Term>; 2],
    terms: &mut Terms<'_>,
) -> Result<TimedExpression, Error> {
    let TimedExpression { value: whole, times } = whole;
    let one = matches!(term.kind, TermKind::Element { .. });
    let (key_type, selected) = parts_of(&whole, if one { "Element" } else { "Slice" }, term)?;
    let label = key_label(&whole);
    let mut bound = |term: Option<&Term>| term.map(|term| terms.source(term, &key_type, &label)).transpose();
    let (from, to): (Option<Source>, Option<Source>) = (bound(bounds[0])?, bound(bounds[1])?);
    let (of, times, on) = (Box::new(whole.selector), Box::new(times), whole.name.clone());
    let [first, last] = bounds.map(|term| term.map_or_else(String::new, raw_name));
    let part = if one { first } else { format!("{first}..{last}") };
    let name = format!("{}[{part}]", whole.name);
    let (data_type, selector) = match (one, &from) {
        (true, Some(key)) => {
            let (of, key, of_type) = (of.clone(), key.clone(), whole.data_type.clone());
            (frozen(selected), Selector::Element { of, data_type: of_type, key, on: on.clone() })
        }
        _ => {
            let (of, data_type) = (of.clone(), whole.data_type.clone());
            (
                whole.data_type.clone(),
                Selector::Slice { of, data_type, from: from.clone(), to: to.clone(), on: on.clone() },
            )
        }
    };
    let times = Selector::PartTimes { times, of, data_type: whole.data_type, from, to, one, on };
    Ok(TimedExpression { value: ColumnExpression { selector, name, data_type }, times })
}
