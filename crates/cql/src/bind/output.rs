//! The columns of an answer, computed from what was fetched: functions of columns, constants, aggregates.

use super::BindContext;
use super::source::{Given, Source};
use crate::collection;
use crate::error::Error;
use crate::functions::{Call, json};
use crate::prepare::{Aggregate, SelectPlan, Selector};
use henge_base::Bytes;
use henge_model::DataType;
use num_bigint::BigInt;
use std::borrow::Cow;

/// Computes the answer to one execution of a SELECT, row by row.
pub struct Output<'a> {
    plan: &'a SelectPlan,
    context: &'a BindContext<'a>,
    rows: u64,
    states: Vec<State>,
}

/// What an aggregate knows so far; of a plain column, its first value.
enum State {
    First(Option<Bytes>),
    Count(i64),
    Extreme(Option<Bytes>),
    Integers { sum: BigInt, count: u64 },
    Floats { sum: f64, count: u64 },
}

impl SelectPlan {
    /// What computes this plan's answer.
    pub fn output<'a>(&'a self, context: &'a BindContext<'a>) -> Output<'a> {
        let states = if self.is_aggregate() { self.selectors.iter().map(State::new).collect() } else { Vec::new() };
        Output { plan: self, context, rows: 0, states }
    }
}

impl Output<'_> {
    /// Appends the columns of the answer for one fetched row. Not for aggregates.
    pub fn row(&mut self, row: &[Option<Bytes>], out: &mut Vec<Option<Bytes>>) -> Result<(), Error> {
        for selector in &self.plan.selectors {
            out.push(value(selector, row, self.context, self.rows)?);
        }
        self.rows += 1;
        Ok(())
    }

    /// Counts a fetched row into the aggregates.
    pub fn add(&mut self, row: &[Option<Bytes>]) -> Result<(), Error> {
        for (selector, state) in self.plan.selectors.iter().zip(&mut self.states) {
            match selector {
                Selector::Aggregate { aggregate, argument, data_type } => {
                    let argument = match argument {
                        Some(argument) => value(argument, row, self.context, self.rows)?,
                        None => Some(Bytes::new()),
                    };
                    if let Some(argument) = argument {
                        state.add(*aggregate, data_type, &argument);
                    }
                }
                plain => {
                    if let (State::First(first), 0) = (state, self.rows) {
                        *first = value(plain, row, self.context, 0)?;
                    }
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Appends the columns of the one row that aggregates come to.
    pub fn finish(self, out: &mut Vec<Option<Bytes>>) -> Result<(), Error> {
        for (selector, state) in self.plan.selectors.iter().zip(self.states) {
            out.push(state.finish(selector));
        }
        Ok(())
    }
}

fn value<'a>(
    selector: &'a Selector,
    row: &[Option<Bytes>],
    context: &BindContext<'a>,
    number: u64,
) -> Result<Option<Bytes>, Error> {
    match selector {
        Selector::Column(place) => Ok(row.get(*place).cloned().flatten()),
        Selector::Given(source) => Ok(match source.evaluate_for_row(context, number)? {
            Given::Value(bytes) => Some(Bytes::from(bytes.into_owned())),
            Given::Null => None,
            Given::Unset => return Err(Error::invalid("Invalid unset value in the selection")),
        }),
        Selector::Call { function, arguments, ordinal } => {
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(value(argument, row, context, number)?);
            }
            let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
            let made = function.call(&Call { context, row: number, ordinal: *ordinal }, &values)?;
            Ok(made.map(Bytes::from))
        }
        Selector::Element { of, data_type, key } => {
            let Some(collection) = value(of, row, context, number)? else { return Ok(None) };
            let key = key.evaluate(context)?.required("the key of a collection's element")?;
            Ok(element(data_type, &collection, &key))
        }
        Selector::Field { of, data_type, place } => {
            let Some(whole) = value(of, row, context, number)? else { return Ok(None) };
            let field = collection::parts(data_type, &whole).and_then(|parts| parts.get(*place)?.1);
            Ok(field.map(Bytes::copy_from_slice))
        }
        Selector::Slice { of, data_type, from, to } => {
            let Some(collection) = value(of, row, context, number)? else { return Ok(None) };
            let (from, to) = (bound(from.as_ref(), context)?, bound(to.as_ref(), context)?);
            Ok(slice(data_type, &collection, from.as_deref(), to.as_deref()))
        }
        Selector::Json(columns) => {
            let mut values = Vec::with_capacity(columns.len());
            for (_, _, selector) in columns {
                values.push(value(selector, row, context, number)?);
            }
            let columns = columns.iter().zip(&values).map(|((name, of, _), v)| (name.as_str(), of, v.as_deref()));
            Ok(Some(json::row(columns).into()))
        }
        Selector::Newest(of) => {
            let Some(list) = value(of, row, context, number)? else { return Ok(None) };
            let timestamps = DataType::List(Box::new(DataType::Bigint));
            let parts = collection::parts(&timestamps, &list).unwrap_or_default();
            let newest =
                parts.into_iter().filter_map(|(of, part)| Some((of, part?))).max_by(|a, b| a.0.compare(a.1, b.1));
            Ok(newest.map(|(_, timestamp)| Bytes::copy_from_slice(timestamp)))
        }
        // Aggregates stand at the top alone.
        Selector::Aggregate { .. } => Ok(None),
    }
}

/// The entries of a set or map: key, and what it selects.
fn entries<'v>(data_type: &DataType, collection: &'v [u8]) -> Vec<(&'v [u8], &'v [u8])> {
    let parts = collection::parts(data_type, collection).unwrap_or_default();
    let parts: Vec<&[u8]> = parts.into_iter().filter_map(|(_, part)| part).collect();
    match data_type.unfrozen() {
        DataType::Map(..) => parts.chunks_exact(2).map(|entry| (entry[0], entry[1])).collect(),
        _ => parts.into_iter().map(|element| (element, element)).collect(),
    }
}

fn bound<'a>(source: Option<&'a Source>, context: &BindContext<'a>) -> Result<Option<Cow<'a, [u8]>>, Error> {
    source.map(|source| source.evaluate(context)?.required("the bound of a slice")).transpose()
}

fn key_type(data_type: &DataType) -> &DataType {
    match data_type.unfrozen() {
        DataType::Map(key, _) | DataType::Set(key) => key,
        other => other,
    }
}

fn element(data_type: &DataType, collection: &[u8], key: &[u8]) -> Option<Bytes> {
    let of_key = key_type(data_type);
    let found = entries(data_type, collection).into_iter().find(|(found, _)| of_key.compare(found, key).is_eq());
    found.map(|(_, selected)| Bytes::copy_from_slice(selected))
}

fn slice(data_type: &DataType, collection: &[u8], from: Option<&[u8]>, to: Option<&[u8]>) -> Option<Bytes> {
    let of_key = key_type(data_type);
    let within = |key: &[u8]| {
        from.is_none_or(|from| of_key.compare(key, from).is_ge()) && to.is_none_or(|to| of_key.compare(key, to).is_le())
    };
    let found: Vec<(&[u8], &[u8])> =
        entries(data_type, collection).into_iter().filter(|(key, _)| within(key)).collect();
    // Where every element is a cell, no elements are no collection.
    if found.is_empty() && data_type.is_complex() {
        return None;
    }
    let is_map = matches!(data_type.unfrozen(), DataType::Map(..));
    let parts = found.into_iter().flat_map(|(key, selected)| [Some(key), is_map.then_some(selected)]).flatten();
    let parts: Vec<Option<Cow<'_, [u8]>>> = parts.map(|part| Some(Cow::Borrowed(part))).collect();
    collection::build(data_type, &parts).ok().map(Bytes::from)
}

impl State {
    fn new(selector: &Selector) -> State {
        let Selector::Aggregate { aggregate, data_type, .. } = selector else {
            return State::First(None);
        };
        match (aggregate, data_type) {
            (Aggregate::Count, _) => State::Count(0),
            (Aggregate::Min | Aggregate::Max, _) => State::Extreme(None),
            (_, DataType::Float | DataType::Double) => State::Floats { sum: 0.0, count: 0 },
            _ => State::Integers { sum: BigInt::ZERO, count: 0 },
        }
    }

    fn add(&mut self, aggregate: Aggregate, data_type: &DataType, value: &Bytes) {
        match self {
            State::First(_) => {}
            State::Count(count) => *count += 1,
            State::Extreme(best) => {
                let better = match (best.as_ref(), aggregate) {
                    (None, _) => true,
                    (Some(b), Aggregate::Min) => data_type.compare(value, b).is_lt(),
                    (Some(b), _) => data_type.compare(value, b).is_gt(),
                };
                if better {
                    *best = Some(value.clone());
                }
            }
            State::Integers { sum, count } => {
                *sum += BigInt::from_signed_bytes_be(value);
                *count += 1;
            }
            State::Floats { sum, count } => {
                *sum += float(value);
                *count += 1;
            }
        }
    }

    fn finish(self, selector: &Selector) -> Option<Bytes> {
        let Selector::Aggregate { aggregate, data_type, .. } = selector else {
            return match self {
                State::First(value) => value,
                _ => None,
            };
        };
        let is_average = *aggregate == Aggregate::Average;
        match self {
            State::First(value) | State::Extreme(value) => value,
            State::Count(count) => Some(Bytes::copy_from_slice(&count.to_be_bytes())),
            State::Integers { sum, count } => {
                let result = if is_average { sum / count.max(1) } else { sum };
                Some(integer_bytes(&result, data_type))
            }
            State::Floats { sum, count } => {
                let result = if is_average && count > 0 { sum / count as f64 } else { sum };
                Some(match data_type {
                    DataType::Float => Bytes::copy_from_slice(&(result as f32).to_be_bytes()),
                    _ => Bytes::copy_from_slice(&result.to_be_bytes()),
                })
            }
        }
    }
}

fn float(value: &[u8]) -> f64 {
    if let Ok(bytes) = value.try_into() {
        return f64::from_be_bytes(bytes);
    }
    value.try_into().map_or(0.0, |bytes| f64::from(f32::from_be_bytes(bytes)))
}

/// The number in the type's width; what does not fit wraps, as in Cassandra.
fn integer_bytes(value: &BigInt, data_type: &DataType) -> Bytes {
    let width = match data_type {
        DataType::Tinyint => 1,
        DataType::Smallint => 2,
        DataType::Int => 4,
        DataType::Bigint | DataType::Counter => 8,
        _ => return value.to_signed_bytes_be().into(),
    };
    let bytes = value.to_signed_bytes_be();
    let fill = if value.sign() == num_bigint::Sign::Minus { 0xff } else { 0 };
    let mut out = vec![fill; width];
    let taken = bytes.len().min(width);
    out[width - taken..].copy_from_slice(&bytes[bytes.len() - taken..]);
    out.into()
}
