//! Choices for key columns, evaluated and multiplied out.

use crate::context::{BindContext, BoundValue};
use crate::error::Error;
use crate::limits;
use crate::plan::{Choices, Values};
use henge_model::{Column, PartitionKey, Token};
use smallvec::SmallVec;
use std::cmp::Ordering;

/// All ways to take one choice from each group, in the order of the groups, joined into rows of values. `of` is the key that
/// they are values of, if they are all of its values: these are held to the guardrail.
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
        let choices = group.evaluate(context, rest)?;
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
    }
    Ok(rows)
}

/// The partitions a statement names, each once, in the order of their key's values.
pub(crate) fn partitions(
    groups: &[Choices],
    columns: &[Column],
    context: &BindContext<'_>,
) -> Result<Vec<(PartitionKey, Token)>, Error> {
    let mut rows = product(groups, columns, Some("partition key"), context)?;
    if rows.len() > 1 {
        rows.sort_by(|a, b| compare(a, b, columns));
        rows.dedup_by(|a, b| compare(a, b, columns).is_eq());
    }
    rows.iter().map(|row| partition(row.iter().map(|v| &**v))).collect()
}

fn compare(a: &Values<'_>, b: &Values<'_>, columns: &[Column]) -> Ordering {
    let parts = columns.iter().zip(a).zip(b).map(|((column, a), b)| column.data_type.compare(a, b));
    parts.fold(Ordering::Equal, Ordering::then)
}

/// The partition of its key's components.
pub(crate) fn partition<'a>(components: impl Iterator<Item = &'a [u8]>) -> Result<(PartitionKey, Token), Error> {
    let components: SmallVec<[&[u8]; 4]> = components.collect();
    if components.len() == 1 && components[0].is_empty() {
        return Err(Error::invalid("Key may not be empty"));
    }
    let key = PartitionKey::from_components(&components).map_err(|e| Error::invalid(e.to_string()))?;
    let token = key.token();
    Ok((key, token))
}

/// The values of groups that all have one choice from text or bound values alone; for the fast path.
pub(crate) fn plain<'a>(groups: &'a [Choices], values: &[BoundValue<'a>]) -> Option<SmallVec<[&'a [u8]; 4]>> {
    let mut found = SmallVec::new();
    for group in groups {
        for source in group.single()? {
            found.push(source.plain(values)?);
        }
    }
    Some(found)
}
