//! Products of the choices for key columns.

use crate::context::{BindContext, BoundValue};
use crate::error::Error;
use crate::limits;
use crate::plan::{Choices, ValueUse, Values};
use henge_model::{Column, PartitionKey, Token};
use smallvec::SmallVec;
use std::cmp::Ordering;

/// The Cartesian product of the groups' choices, each joined into one row of values in the order of the groups. `of`
/// names the key for the guardrail on such products; `None` if the groups are only part of a key.
pub(crate) fn product<'a>(
    groups: &'a [Choices],
    columns: &[Column],
    of: Option<&str>,
    context: &BindContext<'a>,
) -> Result<Vec<Values<'a>>, Error> {
    let of = of.filter(|_| groups.iter().any(|group| group.single().is_none()));
    let mut rows = vec![Values::new()];
    let mut rest = columns;
    for group in groups {
        let choices = group.evaluate(context, rest, ValueUse::Key)?;
        rest = rest.get(group.width()..).unwrap_or(&[]);
        if rows.len().saturating_mul(choices.len()) > limits::READS_MAX {
            return Err(Error::invalid(format!("IN restrictions come to more than {} keys", limits::READS_MAX)));
        }
        rows = match &choices[..] {
            [only] => {
                rows.iter_mut().for_each(|row| row.extend(only.iter().cloned()));
                rows
            }
            _ => rows.iter().flat_map(|row| choices.iter().map(|c| row.iter().chain(c).cloned().collect())).collect(),
        };
        if let Some(of) = of {
            context.guard.in_product(of, rows.len())?;
        }
        // As in Cassandra the values behind an empty IN are not looked at.
        if rows.is_empty() {
            return Ok(rows);
        }
    }
    Ok(rows)
}

/// The partitions that a statement names, without duplicates, in the order of their keys' values.
pub(crate) fn partitions(
    groups: &[Choices],
    columns: &[Column],
    context: &BindContext<'_>,
) -> Result<Vec<(PartitionKey, Token)>, Error> {
    let rows = once_each(product(groups, columns, Some("partition key"), context)?, columns);
    rows.iter().map(|row| partition(row.iter().map(|v| &**v))).collect()
}

/// The clustering values that a statement names, each once: additions to a counter are made once too.
pub(super) fn rows<'a>(
    groups: &'a [Choices],
    columns: &[Column],
    context: &BindContext<'a>,
) -> Result<Vec<Values<'a>>, Error> {
    product(groups, columns, Some("clustering key"), context).map(|rows| once_each(rows, columns))
}

fn once_each<'a>(mut rows: Vec<Values<'a>>, columns: &[Column]) -> Vec<Values<'a>> {
    if rows.len() > 1 {
        rows.sort_by(|a, b| compare(a, b, columns));
        rows.dedup_by(|a, b| compare(a, b, columns).is_eq());
    }
    rows
}

fn compare(a: &Values<'_>, b: &Values<'_>, columns: &[Column]) -> Ordering {
    let parts = columns.iter().zip(a).zip(b).map(|((column, a), b)| column.data_type.compare(a, b));
    parts.fold(Ordering::Equal, Ordering::then)
}

/// The partition key of these components, with its token.
pub(crate) fn partition<'a>(components: impl Iterator<Item = &'a [u8]>) -> Result<(PartitionKey, Token), Error> {
    let components: SmallVec<[&[u8]; 4]> = components.collect();
    if components.len() == 1 && components[0].is_empty() {
        return Err(Error::invalid("Key may not be empty"));
    }
    let key = PartitionKey::from_components(&components).map_err(|e| Error::invalid(e.to_string()))?;
    let token = key.token();
    Ok((key, token))
}

/// The values of groups with a single choice that is a constant or bound value; `None` otherwise. For the fast path.
pub(crate) fn plain<'a>(groups: &'a [Choices], values: &[BoundValue<'a>]) -> Option<SmallVec<[&'a [u8]; 4]>> {
    let mut found = SmallVec::new();
    for group in groups {
        for source in group.single()? {
            found.push(source.plain(values)?);
        }
    }
    Some(found)
}
