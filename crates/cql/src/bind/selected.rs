//! Evaluation of selectors on a fetched row.

use super::part::{evaluate_bound, key_type, newest, nth, part_times, slice};
use super::splits::{Split, Splits};
use crate::collection;
use crate::context::BindContext;
use crate::error::Error;
use crate::functions::{Call, json};
use crate::limits::EXPRESSION_BYTES_MAX;
use crate::plan::Selector;
use crate::plan::{EvaluatedValue, Source};
use henge_base::Bytes;
use henge_model::DataType;
use std::borrow::Cow;

/// The input of selectors for one row of the result.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) fetched: &'r [Option<Bytes>],
    /// The results of the plan's aggregates.
    pub(super) aggregated: &'r [Option<Bytes>],
    pub(super) number: u64,
    /// Parts of the fetched values.
    pub(super) splits: &'r Splits,
}

/// The value of one selector.
pub(super) fn value<'a>(
    selector: &'a Selector,
    row: Row<'_>,
    context: &BindContext<'a>,
) -> Result<Option<Bytes>, Error> {
    let of = |selector: &'a Selector| value(selector, row, context);
    match selector {
        Selector::Column(place) => Ok(row.fetched.get(*place).cloned().flatten()),
        Selector::Aggregate(place) => Ok(row.aggregated.get(*place).cloned().flatten()),
        Selector::Given(source) => evaluate_source(source, row, context),
        Selector::Call { function, arguments, ordinal } => {
            let values = all(arguments, row, context)?;
            let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
            let made = function.call(&Call { context, row: row.number, ordinal: *ordinal }, &values)?;
            Ok(made.map(Bytes::from))
        }
        Selector::Element { of: whole, data_type, key, on } => {
            let key = key.evaluate(context)?.require(&format!("element selection on {on}"))?;
            let element = |split: &Split, whole: &Bytes| split.element(key_type(data_type), &key, whole);
            part(whole, data_type, row, context, element)
        }
        Selector::Field { of: whole, data_type, place } => {
            part(whole, data_type, row, context, |split, whole| split.part(*place, whole))
        }
        Selector::Slice { of: whole, data_type, from, to, on } => {
            let (from, to) = (evaluate_bound(from.as_ref(), on, context)?, evaluate_bound(to.as_ref(), on, context)?);
            let Some(collection) = of(whole)? else { return Ok(None) };
            Ok(slice(data_type, &collection, from.as_deref(), to.as_deref()))
        }
        Selector::PartTimes { times, of: whole, data_type, from, to, one, on } => {
            let (Some(times), Some(collection)) = (of(times)?, of(whole)?) else { return Ok(None) };
            let (from, to) = (evaluate_bound(from.as_ref(), on, context)?, evaluate_bound(to.as_ref(), on, context)?);
            Ok(part_times(data_type, &times, &collection, from.as_deref(), to.as_deref(), *one))
        }
        Selector::FieldTimes { times, of: field, place } => {
            let (Some(times), Some(_)) = (of(times)?, of(field)?) else { return Ok(None) };
            Ok(place.map_or(Some(times.clone()), |place| nth(&times, place)))
        }
        Selector::Newest(list) => Ok(of(list)?.and_then(|list| newest(&list))),
        Selector::Json(columns) => {
            let values = all(columns.iter().map(|(_, _, selector)| selector), row, context)?;
            let columns = columns.iter().zip(&values).map(|((name, of, _), v)| (name.as_str(), of, v.as_deref()));
            Ok(Some(json::row(columns).into()))
        }
        Selector::Built { data_type, parts } => build_composite(data_type, parts, row, context),
    }
}

/// Refuses null as the key of a collection's part, which is an error also where there are no rows.
pub(super) fn check_part_keys(selector: &Selector, context: &BindContext<'_>) -> Result<(), Error> {
    let check = |selector: &Selector| check_part_keys(selector, context);
    match selector {
        Selector::Element { of, key, on, .. } => {
            key.evaluate(context)?.require(&format!("element selection on {on}"))?;
            check(of)
        }
        Selector::Slice { of, from, to, on, .. } => {
            evaluate_bound(from.as_ref(), on, context)?;
            evaluate_bound(to.as_ref(), on, context)?;
            check(of)
        }
        Selector::PartTimes { of, from: Some(key), one: true, on, .. } => {
            key.evaluate(context)?.require(&format!("element selection on {on}"))?;
            check(of)
        }
        Selector::PartTimes { of, from, to, on, .. } => {
            evaluate_bound(from.as_ref(), on, context)?;
            evaluate_bound(to.as_ref(), on, context)?;
            check(of)
        }
        Selector::FieldTimes { of, .. } | Selector::Field { of, .. } | Selector::Newest(of) => check(of),
        Selector::Call { arguments: parts, .. } | Selector::Built { parts, .. } => parts.iter().try_for_each(check),
        Selector::Json(columns) => columns.iter().try_for_each(|(_, _, selector)| check(selector)),
        Selector::Column(_) | Selector::Given(_) | Selector::Aggregate(_) => Ok(()),
    }
}

/// The part that `choose` takes of the value of `whole`.
fn part<'a>(
    whole: &'a Selector,
    data_type: &DataType,
    row: Row<'_>,
    context: &BindContext<'a>,
    choose: impl Fn(&Split, &Bytes) -> Option<Bytes>,
) -> Result<Option<Bytes>, Error> {
    let Some(bytes) = value(whole, row, context)? else { return Ok(None) };
    let chosen = match whole {
        Selector::Column(place) => choose(&row.splits.of(*place, data_type, &bytes), &bytes),
        _ => choose(&Split::of(data_type, &bytes), &bytes),
    };
    // A part of its own does not keep the whole in memory.
    Ok(chosen.map(|part| Bytes::copy_from_slice(&part)))
}

fn all<'a>(
    selectors: impl IntoIterator<Item = &'a Selector>,
    row: Row<'_>,
    context: &BindContext<'a>,
) -> Result<Vec<Option<Bytes>>, Error> {
    selectors.into_iter().map(|selector| value(selector, row, context)).collect()
}

fn evaluate_source<'a>(source: &'a Source, row: Row<'_>, context: &BindContext<'a>) -> Result<Option<Bytes>, Error> {
    match source.evaluate_for_row(context, row.number)? {
        EvaluatedValue::Value(bytes) => Ok(Some(Bytes::from(bytes.into_owned()))),
        EvaluatedValue::Null => Ok(None),
        EvaluatedValue::Unset => Err(Error::invalid("Invalid unset value in the selection")),
    }
}

fn build_composite<'a>(
    data_type: &DataType,
    parts: &'a [Selector],
    row: Row<'_>,
    context: &BindContext<'a>,
) -> Result<Option<Bytes>, Error> {
    let mut values = Vec::with_capacity(parts.len());
    let mut bytes = 0;
    for part in parts {
        let part = value(part, row, context)?;
        bytes += part.as_ref().map_or(0, Bytes::len);
        if bytes > EXPRESSION_BYTES_MAX {
            return Err(Error::invalid(format!("a {data_type} would have more than {EXPRESSION_BYTES_MAX} bytes")));
        }
        values.push(part);
    }
    let values: Vec<Option<Cow<'_, [u8]>>> = values.iter().map(|v| v.as_deref().map(Cow::Borrowed)).collect();
    collection::build(data_type, &values).map(|bytes| Some(bytes.into()))
}
