//! Bounds on clustering columns, as keys.

use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{Bound, Choices, Slice, Values, key_value};
use henge_base::Bytes;
use henge_model::{Key, KeyError, PartitionKey, Table};

/// The evaluated bounds of a slice; each flag is true if the bound is inclusive.
pub(super) struct SliceValues<'a> {
    lower: Option<(Values<'a>, bool)>,
    upper: Option<(Values<'a>, bool)>,
    descending: bool,
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
        let evaluate = |bound: &'a Option<Bound>| -> Result<_, Error> {
            let Some(bound) = bound else {
                return Ok(None);
            };
            let mut values = Values::new();
            for (source, column) in bound.values.iter().zip(columns) {
                values.push(key_value(source, column, context)?);
            }
            Ok(Some((values, bound.inclusive)))
        };
        Ok(SliceValues { lower: evaluate(&slice.lower)?, upper: evaluate(&slice.upper)?, descending: slice.descending })
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

fn prefix_of(table: &Table, partition: &PartitionKey, values: &[&[u8]]) -> Result<Vec<u8>, Error> {
    if values.is_empty() {
        return Ok(Key::partition_prefix(table, partition));
    }
    Key::clustering_prefix(table, partition, values).map_err(key_error)
}

pub(super) fn key_error(e: KeyError) -> Error {
    Error::invalid(e.to_string())
}
