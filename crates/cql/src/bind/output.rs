//! The columns of an answer, computed from what was fetched: functions of columns, constants, aggregates.

use super::BindContext;
use super::aggregate::State;
use super::source::{Given, Source};
use crate::collection;
use crate::error::Error;
use crate::functions::{Call, json};
use crate::limits::BUILT_BYTES_MAX;
use crate::prepare::{Grouping, SelectPlan, Selector};
use henge_base::Bytes;
use henge_model::DataType;
use std::borrow::Cow;

/// Computes the answer to one execution of a SELECT, row by row.
pub struct Output<'a> {
    plan: &'a SelectPlan,
    context: &'a BindContext<'a>,
    rows: u64,
    group: Group,
}

/// The rows that come to one.
#[derive(Default)]
struct Group {
    /// What was fetched of the first of them: plain columns beside aggregates are of that row.
    first: Option<Vec<Option<Bytes>>>,
    states: Vec<State>,
    /// What its rows have in common; `None` before the first row.
    common: Option<Vec<Option<Bytes>>>,
}

/// What selectors compute a column from.
#[derive(Clone, Copy)]
struct Row<'r> {
    fetched: &'r [Option<Bytes>],
    /// What the aggregates of the rows come to.
    aggregated: &'r [Option<Bytes>],
    number: u64,
}

impl SelectPlan {
    /// What computes this plan's answer.
    pub fn output<'a>(&'a self, context: &'a BindContext<'a>) -> Output<'a> {
        Output { plan: self, context, rows: 0, group: Group::of(self) }
    }
}

impl Output<'_> {
    /// Appends the columns of the answer for one fetched row. Not for aggregates.
    pub fn row(&mut self, row: &[Option<Bytes>], out: &mut Vec<Option<Bytes>>) -> Result<(), Error> {
        let row = Row { fetched: row, aggregated: &[], number: self.rows };
        for selector in &self.plan.selectors {
            out.push(value(selector, row, self.context)?);
        }
        self.rows += 1;
        Ok(())
    }

    /// Counts a fetched row into the group under way.
    pub fn add(&mut self, row: &[Option<Bytes>]) -> Result<(), Error> {
        let of_row = Row { fetched: row, aggregated: &[], number: self.rows };
        for (plan, state) in self.plan.aggregates.iter().zip(&mut self.group.states) {
            let argument = match &plan.argument {
                Some(argument) => value(argument, of_row, self.context)?,
                None => Some(Bytes::new()),
            };
            if let Some(argument) = argument {
                state.add(plan, &argument)?;
            }
        }
        if self.group.first.is_none() {
            self.group.first = Some(row.to_vec());
        }
        self.rows += 1;
        Ok(())
    }

    /// Whether a fetched row is of another group than the one under way.
    pub fn begins_group(&self, row: &[Option<Bytes>]) -> Result<bool, Error> {
        let Some(common) = &self.group.common else { return Ok(true) };
        for (grouping, common) in self.plan.groups.iter().zip(common) {
            let found = self.of_group(grouping, row)?;
            let same = match (&found, common) {
                (Some(found), Some(common)) => grouping.data_type.compare(found, common).is_eq(),
                (None, None) => true,
                _ => false,
            };
            if !same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Begins the group of a fetched row, which is then to be added. The one before it is finished.
    pub fn begin_group(&mut self, row: &[Option<Bytes>]) -> Result<(), Error> {
        let common = self.plan.groups.iter().map(|grouping| self.of_group(grouping, row));
        self.group.common = Some(common.collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Whether a group was begun and not finished.
    pub fn is_in_group(&self) -> bool {
        self.group.common.is_some()
    }

    fn of_group(&self, grouping: &Grouping, row: &[Option<Bytes>]) -> Result<Option<Bytes>, Error> {
        value(&grouping.selector, Row { fetched: row, aggregated: &[], number: 0 }, self.context)
    }

    /// Appends the columns of the one row that the group under way comes to, and begins another.
    pub fn finish(&mut self, out: &mut Vec<Option<Bytes>>) -> Result<(), Error> {
        let Group { first, states, .. } = std::mem::replace(&mut self.group, Group::of(self.plan));
        let aggregates = self.plan.aggregates.iter().zip(states);
        let aggregated: Vec<Option<Bytes>> =
            aggregates.map(|(plan, state)| state.finish(plan)).collect::<Result<_, _>>()?;
        let row = Row { fetched: first.as_deref().unwrap_or_default(), aggregated: &aggregated, number: self.rows };
        for selector in &self.plan.selectors {
            out.push(value(selector, row, self.context)?);
        }
        Ok(())
    }
}

impl Group {
    fn of(plan: &SelectPlan) -> Group {
        Group { states: plan.aggregates.iter().map(State::new).collect(), ..Group::default() }
    }
}

fn value<'a>(selector: &'a Selector, row: Row<'_>, context: &BindContext<'a>) -> Result<Option<Bytes>, Error> {
    match selector {
        Selector::Column(place) => Ok(row.fetched.get(*place).cloned().flatten()),
        Selector::Aggregate(place) => Ok(row.aggregated.get(*place).cloned().flatten()),
        Selector::Given(source) => Ok(match source.evaluate_for_row(context, row.number)? {
            Given::Value(bytes) => Some(Bytes::from(bytes.into_owned())),
            Given::Null => None,
            Given::Unset => return Err(Error::invalid("Invalid unset value in the selection")),
        }),
        Selector::Call { function, arguments, ordinal } => {
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(value(argument, row, context)?);
            }
            let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
            let made = function.call(&Call { context, row: row.number, ordinal: *ordinal }, &values)?;
            Ok(made.map(Bytes::from))
        }
        Selector::Element { of, data_type, key } => {
            let Some(collection) = value(of, row, context)? else { return Ok(None) };
            let key = key.evaluate(context)?.required("the key of a collection's element")?;
            Ok(element(data_type, &collection, &key))
        }
        Selector::Field { of, data_type, place } => {
            let Some(whole) = value(of, row, context)? else { return Ok(None) };
            let field = collection::parts(data_type, &whole).and_then(|parts| parts.get(*place)?.1);
            Ok(field.map(Bytes::copy_from_slice))
        }
        Selector::Slice { of, data_type, from, to } => {
            let Some(collection) = value(of, row, context)? else { return Ok(None) };
            let (from, to) = (bound(from.as_ref(), context)?, bound(to.as_ref(), context)?);
            Ok(slice(data_type, &collection, from.as_deref(), to.as_deref()))
        }
        Selector::PartTimes { times, of, data_type, from, to, one } => {
            let (Some(times), Some(collection)) = (value(times, row, context)?, value(of, row, context)?) else {
                return Ok(None);
            };
            let (from, to) = (bound(from.as_ref(), context)?, bound(to.as_ref(), context)?);
            Ok(part_times(data_type, &times, &collection, from.as_deref(), to.as_deref(), *one))
        }
        Selector::FieldTimes { times, of, place } => {
            let (Some(times), Some(_)) = (value(times, row, context)?, value(of, row, context)?) else {
                return Ok(None);
            };
            Ok(place.map_or(Some(times.clone()), |place| nth(&times, place)))
        }
        Selector::Json(columns) => {
            let mut values = Vec::with_capacity(columns.len());
            for (_, _, selector) in columns {
                values.push(value(selector, row, context)?);
            }
            let columns = columns.iter().zip(&values).map(|((name, of, _), v)| (name.as_str(), of, v.as_deref()));
            Ok(Some(json::row(columns).into()))
        }
        Selector::Newest(of) => {
            let Some(list) = value(of, row, context)? else { return Ok(None) };
            let timestamps = DataType::List(Box::new(DataType::Bigint));
            let parts = collection::parts(&timestamps, &list).unwrap_or_default();
            let newest =
                parts.into_iter().filter_map(|(of, part)| Some((of, part?))).max_by(|a, b| a.0.compare(a.1, b.1));
            Ok(newest.map(|(_, timestamp)| Bytes::copy_from_slice(timestamp)))
        }
        Selector::Built { data_type, parts } => {
            let mut values = Vec::with_capacity(parts.len());
            let mut bytes = 0;
            for part in parts {
                let part = value(part, row, context)?;
                bytes += part.as_ref().map_or(0, Bytes::len);
                if bytes > BUILT_BYTES_MAX {
                    return Err(Error::invalid(format!("a {data_type} would have more than {BUILT_BYTES_MAX} bytes")));
                }
                values.push(part);
            }
            let values: Vec<Option<Cow<'_, [u8]>>> = values.iter().map(|v| v.as_deref().map(Cow::Borrowed)).collect();
            collection::build(data_type, &values).map(|bytes| Some(bytes.into()))
        }
    }
}

/// The times of the elements between two bounds.
fn part_times(
    data_type: &DataType,
    times: &Bytes,
    collection: &[u8],
    from: Option<&[u8]>,
    to: Option<&[u8]>,
    one: bool,
) -> Option<Bytes> {
    let of_key = key_type(data_type);
    let within = |key: &[u8]| {
        from.is_none_or(|from| of_key.compare(key, from).is_ge()) && to.is_none_or(|to| of_key.compare(key, to).is_le())
    };
    let chosen: Vec<bool> = entries(data_type, collection).into_iter().map(|(key, _)| within(key)).collect();
    if !data_type.is_complex() {
        return chosen.contains(&true).then(|| times.clone());
    }
    // Elements and their times stand in the same order.
    let list_type = DataType::List(Box::new(DataType::Blob));
    let of_all = collection::parts(&list_type, times)?;
    let mut found = of_all.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|((_, time), _)| time);
    if one {
        return found.next().flatten().map(Bytes::copy_from_slice);
    }
    let found: Vec<Option<&[u8]>> = found.collect();
    if found.is_empty() {
        return None;
    }
    let mut list = i32::try_from(found.len()).unwrap_or(i32::MAX).to_be_bytes().to_vec();
    for time in found {
        list.extend(time.map_or(-1, |time| time.len() as i32).to_be_bytes());
        list.extend(time.unwrap_or_default());
    }
    Some(list.into())
}

/// One of a list of times.
fn nth(times: &[u8], place: usize) -> Option<Bytes> {
    let list_type = DataType::List(Box::new(DataType::Blob));
    let of_all = collection::parts(&list_type, times)?;
    of_all.get(place)?.1.map(Bytes::copy_from_slice)
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
