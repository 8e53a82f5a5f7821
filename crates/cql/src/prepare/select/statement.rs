//! Resolution of SELECT.

use crate::error::{Error, ErrorKind, Position};
use crate::plan::{
    Choices, Labels, Partition, Plan, PlannedStatement, Restriction, ResultColumn, SelectPlan, Selector, Sorting,
    Source, projection_of,
};
use crate::prepare::restrict::relation::{Restrictions, restrictions};
use crate::prepare::restrict::restriction::{classify, needs_filtering};
use crate::prepare::restrict::slice_order::Clause;
use crate::prepare::scope::Scope;
use crate::prepare::select::column_expression::FetchedValues;
use crate::prepare::select::filter::filter_relations;
use crate::prepare::select::group::{self, Groups};
use crate::prepare::select::masked::restricted_masked_columns;
use crate::prepare::select::named_columns::named_columns;
use crate::prepare::select::resolve::select;
use crate::prepare::select::sorting::{check_names, equal_columns, order};
use crate::prepare::term::marker::Markers;
use crate::prepare::term::terms::{Terms, is_integer};
use crate::statement::{Select, Term};
use crate::system_keyspaces::is_virtual;
use henge_base::{Bytes, count_steps};
use henge_model::{Column, ColumnId, ColumnKind, DataType, ProjectedColumn, Projection, Table};
use std::collections::BTreeMap;

pub(crate) fn prepare(select: &Select, scope: &Scope<'_>) -> Result<PlannedStatement, Error> {
    let table = scope.table(&select.table)?;
    let mut markers = Markers::default();
    let mut terms = Terms::of(table, scope, &mut markers);
    let mut fetched = FetchedValues::default();
    let clauses = Clauses::resolve(select, table, &mut terms, &mut fetched)?;
    let fixed: Vec<Column> = if select.order_by.is_empty() { Vec::new() } else { equal_columns(&clauses.found) };
    let restricted_masked = restricted_masked_columns(&clauses.found, table);
    // Errors are reported in Cassandra's order: names of ORDER BY, WHERE, then selection, grouping, and order; and last the need to filter
    // by clustering columns.
    let restrictions = classify(clauses.found, table, select.allow_filtering, clauses.of_statics)?;
    let (mut selectors, result) = clauses.selection?;
    let per_partition = per_partition(select, !fetched.aggregates.is_empty(), &mut terms)?;
    clauses.distinct?;
    let groups = clauses.groups?;
    let (reversed, ordering) = order(&select.order_by, table, &restrictions, &fixed)?;
    if let Some(position) = restrictions.filters {
        return Err(needs_filtering(position));
    }
    let groups = groups.complete()?;
    let sorting = Sorting::of(ordering, &restrictions, reversed);
    if let (Some(position), false) = (select.distinct, sorting.is_empty()) {
        check_distinct_columns(&columns_of(&sorting.projections(table), table), position)?;
    }
    selectors.extend(sorting.projections(table).into_iter().map(|sorted| Selector::Column(fetched.push(sorted))));
    let limit = select.limit.as_ref().map(|term| limit(term, "LIMIT", &mut terms)).transpose()?;
    let filter = filter_relations(&restrictions, table, &mut fetched);
    let pk_indexes = markers.partition_indexes(table);
    let mut plan = SelectPlan {
        table: table.clone(),
        is_identity: is_identity(&selectors, &fetched) && groups.is_empty(),
        projection: Projection { table: table.clone(), columns: fetched.columns },
        columns: table.live_columns(),
        selectors,
        aggregates: fetched.aggregates,
        groups,
        is_distinct: select.distinct.is_some(),
        restrictions,
        filter,
        limit,
        per_partition,
        reversed,
        sorting,
        restricted_masked,
        single_row: false,
        allows_filtering: select.allow_filtering,
        markers: markers.count(),
    };
    plan.single_row = is_single_row(&plan);
    let bind = markers.finish()?;
    Ok(PlannedStatement { bind, pk_indexes, result: Some(result.into()), plan: Plan::Select(Box::new(plan)) })
}

/// The selectors of a select list, and the columns of the result.
type Selection = (Vec<Selector>, Vec<ResultColumn>);

/// The clauses of a SELECT, each resolved as far as it can be by itself. The errors of several clauses are reported in another order than
/// that in which their bind markers are counted.
struct Clauses {
    selection: Result<Selection, Error>,
    found: Restrictions,
    /// The error of a restriction of clustering columns while only static columns are selected.
    of_statics: Result<(), Error>,
    distinct: Result<(), Error>,
    groups: Result<Groups, Error>,
}

impl Clauses {
    fn resolve(
        select: &Select,
        table: &Table,
        terms: &mut Terms<'_>,
        fetched: &mut FetchedValues,
    ) -> Result<Clauses, Error> {
        terms.in_selection = true;
        let selection = selection(select, terms, fetched);
        terms.in_selection = false;
        let selection = match selection {
            Err(e) if e.kind == ErrorKind::Syntax || has_statics(table) && e.is_of_selectable() => return Err(e),
            other => other,
        };
        check_names(&select.order_by, table)?;
        let selected = fetched.columns.clone();
        let is_filtered = select.allow_filtering || is_virtual(&table.keyspace);
        let clause = if is_filtered { Clause::Filtered } else { Clause::Unfiltered };
        let found: Restrictions = restrictions(&select.relations, clause, terms)?;
        // A select list with a fault counts with all columns that it names.
        let of_statics = match &selection {
            _ if table.statics.is_empty() => Ok(()),
            Ok(_) => check_statics(&columns_of(&selected, table), &found),
            Err(_) => check_statics(&named_columns(&select.items, table), &found),
        };
        let distinct = select.distinct.map_or(Ok(()), |position| {
            check_distinct_where(&found, position)?;
            check_distinct(&selected, &found, table, position)
        });
        let groups = match &select.group_by[..] {
            [] => Ok(Groups::default()),
            group_by => group::groups(group_by, select.distinct.is_some(), &found, terms, fetched),
        };
        Ok(Clauses { selection, found, of_statics, distinct, groups })
    }
}

/// Resolves LIMIT or PER PARTITION LIMIT. Its value is checked when the statement is carried out.
fn limit(term: &Term, what: &str, terms: &mut Terms<'_>) -> Result<Source, Error> {
    if !is_integer(term) {
        return Err(Error::syntax(term.position, format!("{what} takes an integer or a bind marker")));
    }
    let label = format!("[{}]", what.to_ascii_lowercase().replace(' ', "_"));
    terms.source(term, &DataType::Int, &label)
}

/// The limit of rows per partition; 1 for DISTINCT.
fn per_partition(select: &Select, aggregates: bool, terms: &mut Terms<'_>) -> Result<Option<Source>, Error> {
    let aggregates = aggregates && select.group_by.is_empty();
    match (&select.per_partition_limit, select.distinct) {
        (Some(term), Some(_)) => {
            Err(Error::invalid("PER PARTITION LIMIT is not allowed with SELECT DISTINCT queries").at(term.position))
        }
        (Some(term), None) if aggregates => {
            Err(Error::invalid("PER PARTITION LIMIT is not allowed with aggregate queries.").at(term.position))
        }
        (Some(term), None) => limit(term, "PER PARTITION LIMIT", terms).map(Some),
        (None, Some(_)) => {
            let one = Source::Fixed(Bytes::from_static(&[0, 0, 0, 1]));
            Ok((!terms.table.clustering.is_empty()).then_some(one))
        }
        (None, None) => Ok(None),
    }
}

/// The columns of fetched values.
fn columns_of(selected: &[ProjectedColumn], table: &Table) -> Vec<Column> {
    let of_key = |place: &usize, keys: &'_ [Column]| keys.get(*place).cloned();
    let counted = table.columns().inspect(|_| count_steps(1));
    let by_id: BTreeMap<ColumnId, &Column> = counted.map(|column| (column.id, column)).collect();
    let column = |projected: &ProjectedColumn| match projected {
        ProjectedColumn::PartitionKey(place) => of_key(place, &table.partition_key),
        ProjectedColumn::Clustering(place) => of_key(place, &table.clustering),
        ProjectedColumn::Cell(id) | ProjectedColumn::Writetime(id) | ProjectedColumn::Ttl(id) => {
            by_id.get(id).map(|column| Column::clone(column))
        }
    };
    selected.iter().filter_map(column).collect()
}

/// True if Cassandra goes through the select list before all else, to learn if it selects static columns only.
fn has_statics(table: &Table) -> bool {
    !table.statics.is_empty() && table.options.compact_storage.is_none()
}

/// True if a partition has a single value of the column.
fn is_once(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Static)
}

/// Refuses restrictions of clustering columns if only static columns are selected.
fn check_statics(columns: &[Column], found: &Restrictions) -> Result<(), Error> {
    let only_statics = columns.iter().any(|c| c.kind == ColumnKind::Static) && columns.iter().all(is_once);
    let on_clustering = |r: &&Restriction| r.columns.iter().any(|c| c.kind == ColumnKind::Clustering);
    match found.columns.iter().find(on_clustering) {
        Some(restriction) if only_statics => {
            let message = "Cannot restrict clustering columns when selecting only static columns";
            Err(Error::invalid(message).at(restriction.position))
        }
        _ => Ok(()),
    }
}

/// Refuses DISTINCT of columns that may have several values in a partition.
fn check_distinct_columns(columns: &[Column], position: Position) -> Result<(), Error> {
    let Some(other) = columns.iter().find(|c| !is_once(c)) else { return Ok(()) };
    let name = &other.name;
    let message =
        format!("SELECT DISTINCT queries must only request partition key columns and/or static columns (not {name})");
    Err(Error::invalid(message).at(position))
}

/// Refuses DISTINCT over several partitions that does not select the whole partition key.
fn check_distinct(
    selected: &[ProjectedColumn],
    found: &Restrictions,
    table: &Table,
    position: Position,
) -> Result<(), Error> {
    let columns = columns_of(selected, table);
    check_distinct_columns(&columns, position)?;
    let is_chosen = |key: &Column| found.columns.iter().any(|r| r.is_choice() && r.columns.contains(key));
    if table.partition_key.iter().all(is_chosen) {
        return Ok(());
    }
    match table.partition_key.iter().find(|key| !columns.contains(key)) {
        Some(missing) => {
            let message = format!(
                "SELECT DISTINCT queries must request all the partition key columns (missing {})",
                missing.name
            );
            Err(Error::invalid(message).at(position))
        }
        None => Ok(()),
    }
}

/// Refuses DISTINCT with restrictions of clustering or regular columns.
fn check_distinct_where(found: &Restrictions, position: Position) -> Result<(), Error> {
    let of_rows = |c: &Column| matches!(c.kind, ColumnKind::Clustering | ColumnKind::Regular);
    if found.columns.iter().any(|r| r.columns.iter().any(of_rows)) {
        let message =
            "SELECT DISTINCT with WHERE clause only supports restriction by partition key and/or static columns.";
        return Err(Error::invalid(message).at(position));
    }
    Ok(())
}

/// True if the limit is known to be positive, so that a single row is always within it.
fn is_fixed(limit: Option<&Source>) -> bool {
    match limit {
        None => true,
        Some(Source::Fixed(bytes)) => bytes.first().is_some_and(|b| b >> 7 == 0) && bytes.iter().any(|b| *b > 0),
        Some(_) => false,
    }
}

fn selection(statement: &Select, terms: &mut Terms<'_>, fetched: &mut FetchedValues) -> Result<Selection, Error> {
    let labels = Labels::of(terms.table);
    let mut selectors = Vec::new();
    let mut result = Vec::new();
    if statement.items.is_empty() {
        for column in terms.table.visible_columns() {
            selectors.push(Selector::Column(fetched.push(projection_of(column, terms.table))));
            result.push(labels.column(&column.name, column.data_type.clone()));
        }
    }
    let mut failed = None;
    for item in &statement.items {
        match select(item, terms, fetched) {
            Ok(selected) => {
                selectors.push(selected.selector);
                result.push(labels.column(selected.name, selected.data_type));
            }
            Err(e) if e.kind == ErrorKind::Syntax || has_statics(terms.table) && e.is_of_selectable() => return Err(e),
            Err(e) => failed = failed.or(Some(e)),
        }
    }
    if let Some(e) = failed {
        return Err(e);
    }
    if statement.json.is_none() {
        return Ok((selectors, result));
    }
    let columns = result.into_iter().zip(selectors).map(|(column, selector)| (column.name, column.data_type, selector));
    let object = Selector::Json(columns.collect());
    Ok((vec![object], vec![labels.column("[json]", DataType::Text)]))
}

/// True if the result's columns are the fetched ones, in their order.
fn is_identity(selectors: &[Selector], fetched: &FetchedValues) -> bool {
    fetched.columns.len() == selectors.len()
        && selectors.iter().enumerate().all(|(i, s)| matches!(s, Selector::Column(place) if *place == i))
}

/// True if a plan asks for one row by its whole key, and gives it as it is.
fn is_single_row(plan: &SelectPlan) -> bool {
    let single = |groups: &[Choices]| groups.iter().all(|g| g.single().is_some());
    let restrictions = &plan.restrictions;
    let keyed = matches!(&restrictions.partition, Partition::Keys(groups) if single(groups))
        && restrictions.tokens.is_none()
        && single(&restrictions.clustering)
        && restrictions.has_full_key(&plan.table);
    let is_whole = plan.is_identity && plan.filter.is_empty() && plan.table.statics.is_empty();
    keyed && is_whole && is_fixed(plan.limit.as_ref()) && plan.per_partition.is_none()
}
