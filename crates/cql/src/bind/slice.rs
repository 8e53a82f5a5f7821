//! Bounds on clustering columns, as keys.

use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{Choices, Slice, SliceBound, ValueUse, Values, value_of};
use henge_base::Bytes;
use henge_model::{Key, KeyError, Order, PartitionKey, Table};
use std::borrow::Cow;
use std::cmp::{max, min};

/// The evaluated bounds of a slice; each flag is true if the bound is inclusive.
pub(super) struct SliceValues<'a> {
    lower: Option<(Values<'a>, bool)>,
    upper: Option<(Values<'a>, bool)>,
    descending: bool,
    /// Values and inclusiveness of bounds on columns of mixed order; true for lower ones.
    mixed: Vec<(Values<'a>, bool, bool)>,
}

impl<'a> SliceValues<'a> {
    /// Evaluates the bounds on the columns that follow the prefix of `clustering`.
    pub(super) fn evaluate(
        clustering: &[Choices],
        slice: &'a Slice,
        table: &Table,
        context: &BindContext<'a>,
    ) -> Result<Self, Error> {
        let first: usize = clustering.iter().map(Choices::width).sum();
        let columns = table.clustering.get(first..).unwrap_or(&[]);
        let evaluate = |bound: &'a SliceBound| -> Result<_, Error> {
            let mut values = Values::new();
            for (source, column) in bound.values.iter().zip(columns) {
                values.push(value_of(source, column, context, ValueUse::Key)?);
            }
            Ok((values, bound.inclusive))
        };
        let lower = slice.lower.as_ref().map(evaluate).transpose()?;
        let upper = slice.upper.as_ref().map(evaluate).transpose()?;
        let mixed = slice.mixed.iter().map(|mixed| {
            let (values, inclusive) = evaluate(&mixed.bound)?;
            Ok((values, inclusive, mixed.is_lower))
        });
        let mixed = mixed.collect::<Result<_, Error>>()?;
        Ok(SliceValues { lower, upper, descending: slice.descending, mixed })
    }

    /// The runs of keys that hold all bounds, those of mixed order too.
    pub(super) fn ranges(
        &self,
        table: &Table,
        partition: &PartitionKey,
        prefix: &Values<'_>,
    ) -> Result<Vec<(Bytes, Bytes)>, Error> {
        let mut ranges: Vec<(Bytes, Bytes)> = self.bounds(table, partition, prefix)?.into_iter().collect();
        for (values, inclusive, is_lower) in &self.mixed {
            let runs = runs(table, partition, prefix, values, *inclusive, *is_lower)?;
            let both = |a: &(Bytes, Bytes), b: &(Bytes, Bytes)| {
                let (start, end) = (max(a.0.clone(), b.0.clone()), min(a.1.clone(), b.1.clone()));
                (start < end).then_some((start, end))
            };
            ranges = ranges.iter().flat_map(|range| runs.iter().filter_map(move |run| both(range, run))).collect();
        }
        Ok(ranges)
    }

    /// The bounds as a key range: start inclusive, end exclusive; `None` if it is empty.
    pub(super) fn bounds(
        &self,
        table: &Table,
        partition: &PartitionKey,
        prefix: &Values<'_>,
    ) -> Result<Option<(Bytes, Bytes)>, Error> {
        let given: Vec<&[u8]> = prefix.iter().map(|v| &**v).collect();
        let end_of = |bound: &Option<(Values<'_>, bool)>, above: bool| -> Result<Option<Vec<u8>>, Error> {
            let Some((bound, _)) = bound else {
                return Ok(None);
            };
            let mut all = given.clone();
            all.extend(bound.iter().map(|v| &**v));
            let key = prefix_of(table, partition, &all)?;
            Ok(Some(if above { Key::prefix_end(&key) } else { key }))
        };
        // In descending order the upper bound starts the range and the lower one ends it.
        let inclusive = |bound: &Option<(Values<'_>, bool)>| bound.as_ref().is_some_and(|b| b.1);
        let (first, last) = if self.descending { (&self.upper, &self.lower) } else { (&self.lower, &self.upper) };
        let start = end_of(first, !inclusive(first))?;
        let end = end_of(last, inclusive(last))?;
        let whole = prefix_of(table, partition, &given)?;
        let end = end.unwrap_or_else(|| Key::prefix_end(&whole));
        let start = start.unwrap_or(whole);
        Ok((start < end).then(|| (start.into(), end.into())))
    }
}

/// The runs of keys beyond a bound, whatever the orders of its columns: beyond the first value, and where that is the same beyond the second
/// one, and so on.
fn runs(
    table: &Table,
    partition: &PartitionKey,
    prefix: &Values<'_>,
    values: &Values<'_>,
    inclusive: bool,
    is_lower: bool,
) -> Result<Vec<(Bytes, Bytes)>, Error> {
    let mut runs = Vec::with_capacity(values.len());
    let mut prefix: Values<'_> = prefix.iter().map(|value| Cow::Borrowed(&**value)).collect();
    for (i, value) in values.iter().map(|value| Cow::Borrowed(&**value)).enumerate() {
        let descending = table.clustering.get(prefix.len()).is_some_and(|c| c.order == Order::Descending);
        let bound = Some((Values::from_iter([value.clone()]), inclusive && i + 1 == values.len()));
        let (lower, upper) = if is_lower { (bound, None) } else { (None, bound) };
        let one = SliceValues { lower, upper, descending, mixed: Vec::new() };
        runs.extend(one.bounds(table, partition, &prefix)?);
        prefix.push(value);
    }
    Ok(runs)
}

fn prefix_of(table: &Table, partition: &PartitionKey, values: &[&[u8]]) -> Result<Vec<u8>, Error> {
    if values.is_empty() {
        return Ok(Key::partition_prefix(table, partition));
    }
    Key::clustering_prefix(table, partition, values).map_err(key_error)
}

pub(super) fn key_error(e: KeyError) -> Error {
    Error::invalid(e.to_string())
}
