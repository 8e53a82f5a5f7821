//! Classification of WHERE: which restrictions name partitions or a range of tokens, which a prefix of clustering columns, which one bound
//! the rows (a *slice*), and which are left to a filter. A *choice* is `=` or `IN`.

use crate::error::{Error, Position};
use crate::plan::{Choices, MixedBound, Partition, Restriction, Slice, SliceBound, TokenBounds, Where};
use crate::prepare::restrict::access::Access;
use crate::prepare::restrict::probe;
use crate::prepare::restrict::relation::Restrictions;
use crate::prepare::restrict::token_bounds::token_bounds;
use crate::statement::Operator;
use crate::system_keyspaces::is_virtual;
use henge_model::{Column, ColumnId, ColumnKind, Table};

/// Cassandra's words.
const FILTERING_MESSAGE: &str = "Cannot execute this query as it might involve data filtering and thus may have unpredictable \
     performance. If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING";

/// The error for a SELECT that needs a filter without ALLOW FILTERING.
pub(crate) fn needs_filtering(position: Position) -> Error {
    Error::invalid(FILTERING_MESSAGE).at(position)
}

/// Classifies the restrictions of a SELECT's WHERE. Without `allow_filtering`, a filter is refused unless indexes answer all of it.
/// `of_statics` is the fault of clustering columns where only static columns are selected; it is reported after faults of the partition
/// key, as Cassandra does.
pub(crate) fn classify(
    restrictions: Restrictions,
    table: &Table,
    allow_filtering: bool,
    of_statics: Result<(), Error>,
) -> Result<Where, Error> {
    let access = Access::of(&restrictions, table);
    let is_strict = !allow_filtering && !is_virtual(&table.keyspace);
    let restricting = |kind| restrictions.columns.iter().filter(move |r| r.columns.iter().any(|c| c.kind == kind));
    let on_clustering: Vec<Restriction> = restricting(ColumnKind::Clustering).cloned().collect();
    check_partition_columns(&restrictions)?;
    let tokens = token_bounds(&restrictions.tokens, table)?;
    if let (Some(first), true) = (restricting(ColumnKind::PartitionKey).next(), access.filters_partitions)
        && is_strict
        && !access.has_index
    {
        return Err(needs_filtering(first.position));
    }
    of_statics?;
    if is_strict && !access.has_index {
        check_contains(&on_clustering)?;
        if let Some(gap) = gap(&on_clustering, table) {
            return Err(Error::invalid(gap_message(&gap)).at(on_clustering[0].position));
        }
        if let Some(first) = restrictions.columns.iter().find(|r| !r.is_of_key()) {
            return Err(needs_filtering(first.position));
        }
    }
    let is_on_token = !restrictions.tokens.is_empty() && access.filters_partitions;
    if access.uses_index && !is_on_token && restrictions.columns.iter().any(Restriction::is_partition_in) {
        let message = "Select on indexed columns and with IN clause for the PRIMARY KEY are not supported";
        return Err(Error::invalid(message));
    }
    let position = restrictions.columns.first().map(|first| first.position).unwrap_or_default();
    let mut classified = classify_columns(restrictions, tokens, table)?;
    if access.uses_index {
        classified.probe = probe::choose(table, &classified.filter);
    }
    classified.uses_index = access.uses_index;
    classified.filters = (access.needs_filtering && is_strict).then_some(position);
    Ok(classified)
}

/// Classifies the restrictions of a write's WHERE, which may hold relations that only a filter can answer: the caller
/// refuses those.
pub(crate) fn classify_write(restrictions: Restrictions, table: &Table) -> Result<Where, Error> {
    check_partition_columns(&restrictions)?;
    classify_columns(restrictions, None, table)
}

fn classify_columns(restrictions: Restrictions, tokens: Option<TokenBounds>, table: &Table) -> Result<Where, Error> {
    let (on_partition, rest) = split(restrictions.columns, ColumnKind::PartitionKey);
    let (on_clustering, mut filter) = split(rest, ColumnKind::Clustering);
    // The first fault of several is that of the first column.
    filter.sort_by(|a, b| a.columns[0].name.cmp(&b.columns[0].name));
    let (partition, tokens, unkeyed) = partitions(on_partition, tokens, table);
    filter.extend(unkeyed);
    let keyed = matches!(partition, Partition::Keys(_));
    let (clustering, slice) = (Vec::new(), Slice::default());
    let mut classified =
        Where { partition, tokens, clustering, slice, filter, probe: None, uses_index: false, filters: None };
    let chosen = columns_up_to_choices(&on_clustering, table);
    let left = if keyed { take_prefix(on_clustering, table, &mut classified)? } else { on_clustering };
    if let Some(multi_column) = left.iter().find(|r| r.columns.len() > 1 && !chosen.contains(&r.columns[0].id)) {
        let message = match multi_column.operator {
            Operator::In => "Multicolumn IN filters are not supported",
            _ => "Multi-column slice restrictions cannot be used for filtering.",
        };
        return Err(Error::invalid(message).at(multi_column.position));
    }
    classified.filter.extend(left);
    Ok(classified)
}

/// Refuses relations between tuples that name a column of the partition key.
fn check_partition_columns(restrictions: &Restrictions) -> Result<(), Error> {
    let is_of_key = |r: &&Restriction| r.columns.iter().any(|c| c.kind == ColumnKind::PartitionKey);
    match restrictions.columns.iter().find(|r| r.columns.len() > 1 && is_of_key(r)) {
        Some(multi_column) => {
            let message = "Multi-column relations can only be applied to clustering columns";
            Err(Error::invalid(message).at(multi_column.position))
        }
        None => Ok(()),
    }
}

/// Refuses CONTAINS on a clustering column, which needs an index or a filter.
fn check_contains(on_clustering: &[Restriction]) -> Result<(), Error> {
    let is_part = |r: &&Restriction| matches!(r.operator, Operator::Contains | Operator::ContainsKey);
    match on_clustering.iter().find(is_part) {
        Some(part) => {
            let message = "Clustering columns can only be restricted with CONTAINS with a secondary index or filtering";
            Err(Error::invalid(message).at(part.position))
        }
        None => Ok(()),
    }
}

fn split(all: Vec<Restriction>, kind: ColumnKind) -> (Vec<Restriction>, Vec<Restriction>) {
    all.into_iter().partition(|r| r.columns.iter().any(|c| c.kind == kind))
}

/// The leading clustering columns that have a choice, and the one after them.
fn columns_up_to_choices(restricted: &[Restriction], table: &Table) -> Vec<ColumnId> {
    let has_choice = |c: &&Column| restricted.iter().any(|r| r.is_choice() && r.columns.contains(c));
    let leading = table.clustering.iter().take_while(has_choice).count();
    table.clustering.iter().take(leading + 1).map(|c| c.id).collect()
}

/// The names of the first restricted clustering column before which one is not restricted, and of that one; `None` if there is none.
pub(crate) fn gap(on_clustering: &[Restriction], table: &Table) -> Option<(String, String)> {
    let is_restricted = |c: &&Column| on_clustering.iter().any(|r| r.columns.contains(c));
    let restricted = table.clustering.iter().filter(is_restricted);
    let (behind, missing) = restricted.zip(&table.clustering).find(|(restricted, own)| restricted.id != own.id)?;
    Some((behind.name.clone(), missing.name.clone()))
}

/// The error message for such a gap, in Cassandra's words.
pub(crate) fn gap_message((behind, missing): &(String, String)) -> String {
    format!("PRIMARY KEY column \"{behind}\" cannot be restricted as preceding column \"{missing}\" is not restricted")
}

/// The partitions, the range that the tokens of named partitions must lie in, and the restrictions of the partition key
/// that are left to the filter.
fn partitions(
    restricted: Vec<Restriction>,
    tokens: Option<TokenBounds>,
    table: &Table,
) -> (Partition, Option<Box<TokenBounds>>, Vec<Restriction>) {
    let place = |column: &Column| restricted.iter().position(|r| r.is_choice() && r.columns[0].id == column.id);
    let places: Option<Vec<usize>> = table.partition_key.iter().map(place).collect();
    match places {
        Some(places) => {
            let keys = places.iter().map(|p| restricted[*p].choices.clone()).collect();
            (Partition::Keys(keys), tokens.map(Box::new), Vec::new())
        }
        None => (Partition::Tokens(Box::new(tokens.unwrap_or_default())), None, restricted),
    }
}

/// Puts the choices of leading clustering columns, and the slice after them, into `classified`; returns the restrictions that are left.
fn take_prefix(mut left: Vec<Restriction>, table: &Table, classified: &mut Where) -> Result<Vec<Restriction>, Error> {
    let mut next = 0;
    while let Some(column) = table.clustering.get(next) {
        let begins = |r: &Restriction| r.columns[0].id == column.id && is_prefix(&r.columns, &table.clustering[next..]);
        if let Some(place) = left.iter().position(|r| begins(r) && r.is_choice()) {
            let choice = left.remove(place);
            next += choice.columns.len();
            classified.clustering.push(choice.choices);
            continue;
        }
        let (slices, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(|r| begins(r) && r.is_slice());
        classified.slice = slice(slices, &mut classified.filter);
        return Ok(rest);
    }
    Ok(left)
}

/// True if `columns` is a prefix of `of`.
fn is_prefix(columns: &[Column], of: &[Column]) -> bool {
    columns.len() <= of.len() && columns.iter().zip(of).all(|(a, b)| a.id == b.id)
}

/// The slice of bounds on clustering columns. Where a bound on several columns has one with another sort order, it is cut before that
/// column and made inclusive, and the whole bound goes to `filter`, which removes the rows at its end that do not qualify.
fn slice(restrictions: Vec<Restriction>, filter: &mut Vec<Restriction>) -> Slice {
    let mut slice = Slice::default();
    for restriction in restrictions {
        let order = restriction.columns[0].order;
        slice.descending = order == henge_model::Order::Descending;
        let same_order = restriction.columns.iter().take_while(|c| c.order == order).count();
        let (lower, mut inclusive) = (restriction.is_lower(), restriction.is_inclusive());
        let is_mixed = same_order < restriction.columns.len();
        if is_mixed {
            filter.push(restriction.clone());
        }
        let mut values = match restriction.choices {
            Choices::Tuples(tuples) => tuples.into_iter().next().unwrap_or_default(),
            Choices::List(source) | Choices::TupleList(source, _) | Choices::Part(source, _) => vec![source],
        };
        if is_mixed {
            let bound = SliceBound { values: values.clone(), inclusive };
            slice.mixed.push(MixedBound { bound, is_lower: lower });
            values.truncate(same_order);
            inclusive = true;
        }
        let bound = Some(SliceBound { values, inclusive });
        *(if lower { &mut slice.lower } else { &mut slice.upper }) = bound;
    }
    slice
}
