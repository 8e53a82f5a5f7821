//! The values that `=` or `IN` allows for key columns.

use super::{EvaluatedValue, Source};
use crate::collection;
use crate::context::BindContext;
use crate::error::Error;
use crate::limits;
use henge_model::{Column, DataType};
use smallvec::SmallVec;
use std::borrow::Cow;

/// The values `=` or `IN` allows for one column, or for several columns at once.
#[derive(Clone, Debug)]
pub(crate) enum Choices {
    /// The value of one column of a tuple that is compared by `=`, with its position in the tuple.
    Part(Source, usize),
    /// Tuples of equal width; no tuple for `IN ()`.
    Tuples(Vec<Vec<Source>>),
    /// A bound list of one column's values.
    List(Source),
    /// A bound list of tuples; the number is the columns per tuple.
    TupleList(Source, usize),
}

/// The use of a value, which the messages of its faults tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueUse {
    /// It is part of a key, or a bound of keys.
    Key,
    /// Rows are filtered by it.
    Filter,
}

/// Values of leading key columns.
pub(crate) type Values<'a> = SmallVec<[Cow<'a, [u8]>; 4]>;

impl Choices {
    pub(crate) fn one(source: Source) -> Choices {
        Choices::Tuples(vec![vec![source]])
    }

    /// The number of columns that one choice covers. An empty IN counts as one column, which is harmless since it
    /// matches no row.
    pub(crate) fn width(&self) -> usize {
        match self {
            Choices::Tuples(tuples) => tuples.first().map_or(1, Vec::len),
            Choices::List(_) | Choices::Part(..) => 1,
            Choices::TupleList(_, width) => *width,
        }
    }

    /// The sources of the only choice; `None` if the bound values decide how many choices there are, or there is not
    /// exactly one.
    pub(crate) fn single(&self) -> Option<&[Source]> {
        match self {
            Choices::Part(source, _) => Some(std::slice::from_ref(source)),
            Choices::Tuples(tuples) if tuples.len() == 1 => tuples.first().map(Vec::as_slice),
            _ => None,
        }
    }

    /// Evaluates every choice. Null and unset are refused.
    pub(crate) fn evaluate<'a>(
        &'a self,
        context: &BindContext<'a>,
        columns: &[Column],
        usage: ValueUse,
    ) -> Result<Vec<Values<'a>>, Error> {
        match self {
            Choices::Part(source, place) => match source.evaluate(context)? {
                EvaluatedValue::Value(value) => Ok(vec![Values::from_iter([value])]),
                EvaluatedValue::Null => {
                    let name = columns.first().map_or("", |column| column.name.as_str());
                    Err(Error::invalid(format!("Invalid null value for column {name}")))
                }
                EvaluatedValue::Unset => Err(unset_in_tuple(*place)),
            },
            // IN of several tuples; a bound of several columns is one.
            Choices::Tuples(tuples) if tuples.len() > 1 && self.width() > 1 => {
                tuples.iter().map(|tuple| tuple_values(tuple, columns, context)).collect()
            }
            Choices::Tuples(tuples) => tuples.iter().map(|tuple| one(tuple, columns, context, usage)).collect(),
            Choices::List(source) => list(source, columns, context, usage),
            Choices::TupleList(source, width) => tuple_list(source, columns.get(..*width).unwrap_or(columns), context),
        }
    }
}

fn one<'a>(
    sources: &'a [Source],
    columns: &[Column],
    context: &BindContext<'a>,
    usage: ValueUse,
) -> Result<Values<'a>, Error> {
    let mut values = Values::new();
    for (source, column) in sources.iter().zip(columns) {
        values.push(value_of(source, column, context, usage)?);
    }
    Ok(values)
}

/// The values of one of the tuples of an IN on several columns.
fn tuple_values<'a>(sources: &'a [Source], columns: &[Column], context: &BindContext<'a>) -> Result<Values<'a>, Error> {
    let columns = columns.get(..sources.len()).unwrap_or(columns);
    let values = sources.iter().enumerate().map(|(place, source)| match source.evaluate(context)? {
        EvaluatedValue::Value(value) => Ok(value),
        EvaluatedValue::Null => Err(null_in_tuple(columns)),
        EvaluatedValue::Unset => Err(unset_in_tuple(place)),
    });
    values.collect()
}

fn unset_in_tuple(place: usize) -> Error {
    Error::invalid(format!("Invalid unset value for tuple field number {place}"))
}

/// The error for a tuple of an IN that has a null.
fn null_in_tuple(columns: &[Column]) -> Error {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Error::invalid(format!("Invalid null value in condition for columns: [{}]", names.join(", ")))
}

/// The value that a column is compared with.
pub(crate) fn value_of<'a>(
    source: &'a Source,
    column: &Column,
    context: &BindContext<'a>,
    usage: ValueUse,
) -> Result<Cow<'a, [u8]>, Error> {
    match source.evaluate(context)? {
        EvaluatedValue::Value(value) => Ok(value),
        EvaluatedValue::Null => Err(null_value(column, usage)),
        EvaluatedValue::Unset if usage == ValueUse::Key => {
            Err(Error::invalid(format!("Invalid unset value for column {}", column.name)))
        }
        EvaluatedValue::Unset => Err(Error::invalid(format!("Unsupported unset value for column {}", column.name))),
    }
}

/// The error for a relation that compares a column with null.
fn null_value(column: &Column, usage: ValueUse) -> Error {
    let name = &column.name;
    Error::invalid(match usage {
        ValueUse::Key => format!("Invalid null value in condition for column {name}"),
        ValueUse::Filter => format!("Unsupported null value for column {name}"),
    })
}

/// Splits a bound `list` into values of the first column.
fn list<'a>(
    source: &'a Source,
    columns: &[Column],
    context: &BindContext<'a>,
    usage: ValueUse,
) -> Result<Vec<Values<'a>>, Error> {
    let name = columns.first().map_or("", |c| c.name.as_str());
    let bytes = source.evaluate_choices(context)?.require(&format!("column {name}"))?;
    let element = columns.first().map_or(&DataType::Blob, |c| &c.data_type);
    let data_type = DataType::List(Box::new(element.clone()));
    let parts = collection::parts(&data_type, &bytes);
    let parts = parts.ok_or_else(|| Error::invalid(format!("Invalid list value for in({name})")))?;
    let mut choices = Vec::with_capacity(parts.len().min(limits::READS_MAX));
    for (_, part) in parts {
        let value = part.ok_or_else(|| match columns.first() {
            Some(column) => null_value(column, usage),
            None => Error::invalid("Invalid null value in a list"),
        })?;
        choices.push(Values::from_iter([Cow::Owned(value.to_vec())]));
    }
    Ok(choices)
}

/// Splits a bound list of tuples into the values of `columns`.
fn tuple_list<'a>(source: &'a Source, columns: &[Column], context: &BindContext<'a>) -> Result<Vec<Values<'a>>, Error> {
    let bytes = source.evaluate_choices(context)?.require("the list of IN")?;
    let tuple = DataType::Tuple(columns.iter().map(|c| c.data_type.clone()).collect());
    let invalid = || Error::invalid("Invalid list of tuples for IN");
    let list = DataType::List(Box::new(tuple.clone()));
    let mut choices = Vec::new();
    for (_, part) in collection::parts(&list, &bytes).ok_or_else(invalid)? {
        let parts = part.and_then(|part| collection::parts(&tuple, part)).ok_or_else(invalid)?;
        let values = parts
            .into_iter()
            .map(|(_, value)| value.map(|value| Cow::Owned(value.to_vec())).ok_or_else(|| null_in_tuple(columns)));
        choices.push(values.collect::<Result<Values<'a>, Error>>()?);
    }
    Ok(choices)
}
