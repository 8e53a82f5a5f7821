//! A SELECT with its bound values: the keys to read, their order, and the limits.

use super::Filter;
use super::keys::{self, partitions, product};
use super::selected::check_part_keys;
use super::slice::{SliceValues, key_error};
use crate::context::{BindContext, BoundValue};
use crate::error::Error;
use crate::limits;
use crate::plan::{EvaluatedValue, Partition, SelectPlan, Source, TokenBound, TokenBounds, Values};
use henge_base::Bytes;
use henge_model::{Key, KeyRange, PartitionKey, Probe, Table, Token, TokenRange};

/// A SELECT with its bound values.
#[derive(Clone, Debug)]
pub struct BoundSelect {
    /// The keys to read.
    pub reads: Reads,
    /// The maximum number of rows in the result, counted after the filter. `u32::MAX` means no limit, as it is for
    /// aggregates.
    pub limit: u32,
    /// The maximum number of rows of each partition, counted after the filter.
    pub per_partition: Option<u32>,
    /// True if rows are read in descending order of their keys.
    pub reversed: bool,
    /// The relations that fetched rows must satisfy.
    pub filter: Filter,
    /// The index lookup that yields candidate rows for the filter.
    pub probe: Option<Probe>,
}

/// The keys that a SELECT reads.
#[derive(Clone, Debug)]
pub enum Reads {
    /// Rows of named partitions, in the order of the result and without duplicates. Empty if nothing can match.
    Partitions(Vec<PartitionRead>),
    /// Rows of a token range.
    Scan {
        /// Tokens above `start`, up to and including `end`; never wraps.
        tokens: TokenRange,
        /// The lowest key of that range.
        start_key: Bytes,
        /// The end of the keys of that range, exclusive.
        end_key: Bytes,
    },
}

/// One row, or one range of rows, of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionRead {
    /// The partition.
    pub partition: PartitionKey,
    /// Its token.
    pub token: Token,
    /// The rows' keys.
    pub keys: KeyRange,
}

impl SelectPlan {
    /// Evaluates keys, limits, filter and index lookup.
    pub fn bind(&self, context: &BindContext<'_>) -> Result<BoundSelect, Error> {
        context.expect(self.markers)?;
        let limit = match &self.limit {
            Some(source) => positive(source, "LIMIT", context)?,
            None => u32::MAX,
        };
        let per_partition = self.per_partition.as_ref().map(|source| positive(source, "PER PARTITION LIMIT", context));
        let per_partition = per_partition.transpose()?;
        let filter = Filter::bind(&self.filter, context)?;
        self.selectors.iter().try_for_each(|selector| check_part_keys(selector, context))?;
        let reads = match &self.restrictions.partition {
            Partition::Keys(groups) => {
                let mut partitions = partitions(groups, &self.table.partition_key, context)?;
                if let Some(bounds) = &self.restrictions.tokens {
                    let range = NamedRange::evaluate(bounds, context)?;
                    partitions.retain(|(_, token)| range.holds(token.0));
                }
                self.guard_partitions(&context.guard, partitions.len())?;
                Reads::Partitions(self.reads_of(partitions, context)?)
            }
            Partition::Tokens(bounds) => scan(&self.table, bounds, context)?,
        };
        let limit = if self.is_aggregate() { u32::MAX } else { limit };
        let probe = self.restrictions.probe.as_ref().map(|probe| probe.bind(&self.table, context)).transpose()?;
        Ok(BoundSelect { reads, limit, per_partition, reversed: self.reversed, filter, probe: probe.flatten() })
    }

    /// The key of the one row that the statement reads, if the bound values alone determine it; `None` sends the caller
    /// to [`SelectPlan::bind`].
    pub fn single_row_key(&self, values: &[BoundValue<'_>]) -> Option<Key> {
        if !self.single_row || values.len() != self.markers {
            return None;
        }
        let Partition::Keys(groups) = &self.restrictions.partition else {
            return None;
        };
        let components = keys::plain(groups, values)?;
        let clustering = keys::plain(&self.restrictions.clustering, values)?;
        let (partition, _) = keys::partition(components.iter().copied()).ok()?;
        Key::row(&self.table, &partition, &clustering).ok()
    }

    fn reads_of(
        &self,
        partitions: Vec<(PartitionKey, Token)>,
        context: &BindContext<'_>,
    ) -> Result<Vec<PartitionRead>, Error> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let of = self.restrictions.has_full_key(&self.table).then_some("clustering key");
        let prefixes = product(&self.restrictions.clustering, &self.table.clustering, of, context)?;
        if prefixes.is_empty() {
            return Ok(Vec::new());
        }
        if partitions.len().saturating_mul(prefixes.len()) > limits::READS_MAX {
            return Err(Error::invalid(format!("IN restrictions come to more than {} reads", limits::READS_MAX)));
        }
        let bounds =
            SliceValues::evaluate(&self.restrictions.clustering, &self.restrictions.slice, &self.table, context)?;
        let mut reads = Vec::with_capacity(partitions.len());
        for (partition, token) in partitions {
            let mut ranges = Vec::with_capacity(prefixes.len());
            for prefix in &prefixes {
                ranges.extend(self.range(&partition, prefix, &bounds)?);
            }
            if ranges.len() > 1 {
                ranges.sort_by(|a, b| start_of(a).cmp(start_of(b)));
                ranges.dedup();
            }
            if self.reversed {
                ranges.reverse();
            }
            reads.extend(ranges.into_iter().map(|keys| PartitionRead { partition: partition.clone(), token, keys }));
        }
        Ok(reads)
    }

    /// The key or key range of one partition and one prefix of clustering values; `None` if the bounds exclude every
    /// key.
    fn range(
        &self,
        partition: &PartitionKey,
        prefix: &Values<'_>,
        slice: &SliceValues<'_>,
    ) -> Result<Option<KeyRange>, Error> {
        let values: Vec<&[u8]> = prefix.iter().map(|v| &**v).collect();
        if values.len() == self.table.clustering.len() {
            return Key::row(&self.table, partition, &values).map(|k| Some(KeyRange::One(k))).map_err(key_error);
        }
        let bounds = slice.bounds(&self.table, partition, prefix)?;
        let run = |(start, end)| KeyRange::Run { start, end, reversed: self.reversed };
        Ok(bounds.map(run))
    }
}

fn start_of(range: &KeyRange) -> &[u8] {
    match range {
        KeyRange::One(key) => key.bytes(),
        KeyRange::Run { start, .. } => start,
        KeyRange::Many(keys) => keys.first().map_or(&[], |key| key),
    }
}

/// The value of LIMIT or PER PARTITION LIMIT; unset means no limit.
fn positive(source: &Source, what: &str, context: &BindContext<'_>) -> Result<u32, Error> {
    let bytes = match source.evaluate(context)? {
        EvaluatedValue::Unset => return Ok(u32::MAX),
        EvaluatedValue::Null => return Err(Error::invalid("Invalid null value of limit")),
        given => given.require(what)?,
    };
    let value = <[u8; 4]>::try_from(&*bytes).map(i32::from_be_bytes).unwrap_or(0);
    u32::try_from(value)
        .ok()
        .filter(|v| *v > 0)
        .ok_or_else(|| Error::invalid(format!("{what} must be strictly positive")))
}

/// A bound on tokens.
fn token(source: &Source, context: &BindContext<'_>) -> Result<i64, Error> {
    let bytes = match source.evaluate(context)? {
        EvaluatedValue::Null => return Err(Error::invalid("Invalid null token value")),
        given => given.require("partition key token")?,
    };
    let bytes =
        <[u8; 8]>::try_from(&*bytes).map_err(|_| Error::invalid("Invalid empty value for partition key token"))?;
    Ok(i64::from_be_bytes(bytes))
}

/// The range that tokens of named partitions must lie in: the bounds with true for inclusive ones. Where the lower one
/// is above the upper one it wraps, and the lowest token is one like others, as in Cassandra; scans differ in both.
struct NamedRange {
    lower: Option<(i64, bool)>,
    upper: Option<(i64, bool)>,
}

impl NamedRange {
    fn evaluate(bounds: &TokenBounds, context: &BindContext<'_>) -> Result<NamedRange, Error> {
        let evaluate = |bound: &Option<TokenBound>| {
            bound.as_ref().map(|bound| Ok((token(&bound.source, context)?, bound.inclusive))).transpose()
        };
        Ok(NamedRange { lower: evaluate(&bounds.lower)?, upper: evaluate(&bounds.upper)? })
    }

    fn holds(&self, token: i64) -> bool {
        let above = self.lower.is_none_or(|(start, inclusive)| token > start || inclusive && token == start);
        let below = self.upper.is_none_or(|(end, inclusive)| token < end || inclusive && token == end);
        match (self.lower, self.upper) {
            (Some((start, _)), Some((end, _))) if start > end => above || below,
            _ => above && below,
        }
    }
}

/// The scan of a token range. The lowest token as the upper bound means no bound, as in Cassandra.
fn scan(table: &Table, bounds: &TokenBounds, context: &BindContext<'_>) -> Result<Reads, Error> {
    let start = match &bounds.lower {
        Some(bound) if bound.inclusive => token(&bound.source, context)?.saturating_sub(1),
        Some(bound) => token(&bound.source, context)?,
        None => i64::MIN,
    };
    let end = match bounds
        .upper
        .as_ref()
        .map(|bound| token(&bound.source, context).map(|t| (t, bound.inclusive)))
        .transpose()?
    {
        None | Some((i64::MIN, _)) => i64::MAX,
        Some((end, true)) => end,
        Some((end, false)) => end - 1,
    };
    if start >= end {
        return Ok(Reads::Partitions(Vec::new()));
    }
    let tokens = TokenRange { start: Token(start), end: Token(end) };
    let (start_key, end_key) = Key::table_range(table.storage_id, tokens.start, tokens.end);
    Ok(Reads::Scan { tokens, start_key: start_key.into(), end_key: end_key.into() })
}
