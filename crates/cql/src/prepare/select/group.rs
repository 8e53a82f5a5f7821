//! `GROUP BY`: leading columns of the primary key, the last of which may be an argument of a function.

use crate::error::Error;
use crate::plan::{Grouping, Restriction, Selector, projection_of};
use crate::prepare::restrict::relation::Restrictions;
use crate::prepare::scope::column;
use crate::prepare::select::aggregate::aggregate;
use crate::prepare::select::column_expression::FetchedValues;
use crate::prepare::select::resolve::plain;
use crate::prepare::term::terms::Terms;
use crate::statement::{Arguments, Constant, Operator, Term, TermKind};
use henge_model::{Column, ColumnKind, DataType, Table};

/// Functions that keep the order of timestamps, so that equal results are adjacent.
const MONOTONIC_FUNCTIONS: [&str; 7] =
    ["floor", "todate", "to_date", "totimestamp", "to_timestamp", "tounixtimestamp", "to_unix_timestamp"];

const ORDER_MESSAGE: &str =
    "Group by currently only support groups of columns following their declared order in the PRIMARY KEY";

/// The groupings of GROUP BY.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    of_columns: Vec<Grouping>,
    /// The last grouping, if it is by a function. The fault of one of an int is told after all others of the statement:
    /// Cassandra takes an int for a date, and fails when it reads.
    of_function: Option<Result<Grouping, Error>>,
}

impl Groups {
    /// All groupings, or the fault of the function.
    pub(crate) fn complete(self) -> Result<Vec<Grouping>, Error> {
        let mut groups = self.of_columns;
        groups.extend(self.of_function.transpose()?);
        Ok(groups)
    }
}

/// Resolves GROUP BY. Groups are keyed by the whole partition key and the clustering columns up to the last one that is
/// named.
pub(crate) fn groups(
    terms_of_clause: &[Term],
    is_distinct: bool,
    found: &Restrictions,
    terms: &mut Terms<'_>,
    fetched: &mut FetchedValues,
) -> Result<Groups, Error> {
    let table = terms.table;
    let keys: Vec<&Column> = table.partition_key.iter().chain(&table.clustering).collect();
    let mut next = 0;
    let mut last = None;
    let mut odd: Option<String> = None;
    for term in terms_of_clause {
        let refuse = |message: String| Err(Error::invalid(message).at(term.position));
        if last.is_some() {
            return refuse("Functions are only supported on the last element of the GROUP BY clause".to_owned());
        }
        let wanted = match &term.kind {
            TermKind::Column(name) => key_column(column(table, name)?, &keys).map_err(|e| e.at(term.position))?,
            TermKind::Call { function, .. } if aggregate(&function.text).is_some() => {
                let name = &function.text;
                return refuse(format!(
                    "Aggregate functions are not supported within the GROUP BY clause, got: system.{name}"
                ));
            }
            TermKind::Call { function, arguments, .. } => {
                let call = group_function(term, &function.text, arguments, terms, fetched)?;
                (odd, last) = (call.fault, Some(call.grouping));
                call.column
            }
            _ => return refuse("GROUP BY takes columns of the primary key and functions of them".to_owned()),
        };
        next = place_behind(wanted, &keys, next, found).map_err(|e| e.at(term.position))?;
    }
    if let (Some(message), Some(term)) = (odd, terms_of_clause.last()) {
        return Err(Error::invalid(message).at(term.position));
    }
    if next < table.partition_key.len() {
        return Err(Error::invalid("Group by is not supported on only a part of the partition key"));
    }
    if is_distinct && next > table.partition_key.len() {
        let message = "Grouping on clustering columns is not allowed for SELECT DISTINCT queries";
        return Err(Error::invalid(message).at(terms_of_clause[0].position));
    }
    let plain = if last.is_some() { next - 1 } else { next };
    let mut of_column = |column: &&Column| Grouping {
        selector: Selector::Column(fetched.once(projection_of(column, table))),
        data_type: column.data_type.clone(),
    };
    let of_columns = keys.iter().take(plain).map(&mut of_column).collect();
    Ok(Groups { of_columns, of_function: last })
}

/// A function of GROUP BY.
struct GroupFunction<'t> {
    /// The clustering column that it is applied to.
    column: &'t Column,
    grouping: Result<Grouping, Error>,
    /// The message for a function that is not monotonic; faults of other terms are reported before it.
    fault: Option<String>,
}

fn group_function<'t>(
    term: &Term,
    name: &str,
    arguments: &Arguments,
    terms: &mut Terms<'t>,
    fetched: &mut FetchedValues,
) -> Result<GroupFunction<'t>, Error> {
    let selected = plain(term, terms, fetched, false);
    let is_late =
        |e: &Error| e.message.starts_with("Invalid call to function floor") && is_of_int(arguments, terms.table);
    let selected = match selected {
        Err(e) if e.is_of_selectable() && !is_late(&e) => return Err(e),
        other => other,
    };
    let column = of_function(arguments, term, terms)?;
    let selected = match selected {
        Err(e) if is_late(&e) => return Ok(GroupFunction { column, grouping: Err(e), fault: None }),
        other => other?,
    };
    let (of, to) = (&column.data_type, &selected.data_type);
    let fault = (!MONOTONIC_FUNCTIONS.contains(&name)).then(|| {
        format!("Only monotonic functions are supported in the GROUP BY clause. Got: system.{name} : ({of}) -> {to} ")
    });
    let grouping = Ok(Grouping { data_type: selected.data_type, selector: selected.selector });
    Ok(GroupFunction { column, grouping, fault })
}

/// True if the arguments are an int column and what may be a duration.
fn is_of_int(arguments: &Arguments, table: &Table) -> bool {
    let Arguments::Terms(all) = arguments else { return false };
    let [Term { kind: TermKind::Column(name), .. }, duration] = &all[..] else { return false };
    let is_number = matches!(duration.kind, TermKind::Constant(Constant::Integer(_)));
    !is_number && table.column(&name.text).is_some_and(|column| column.data_type == DataType::Int)
}

/// The column, if it is one of the primary key's.
fn key_column<'t>(column: &'t Column, keys: &[&Column]) -> Result<&'t Column, Error> {
    if keys.contains(&column) {
        return Ok(column);
    }
    let name = &column.name;
    Err(Error::invalid(format!("Group by is currently only supported on the columns of the PRIMARY KEY, got {name}")))
}

/// The place behind a key column at `next` or later. Columns in between must have one value by an equality.
fn place_behind(wanted: &Column, keys: &[&Column], next: usize, found: &Restrictions) -> Result<usize, Error> {
    for (place, key) in keys.iter().enumerate().skip(next) {
        if key.id == wanted.id {
            return Ok(place + 1);
        }
        if !is_fixed(key, found) {
            break;
        }
    }
    Err(Error::invalid(ORDER_MESSAGE))
}

fn is_fixed(column: &Column, found: &Restrictions) -> bool {
    let of_it = |r: &Restriction| r.operator == Operator::Equal && r.columns.contains(column);
    found.columns.iter().any(of_it)
}

/// The clustering column that a GROUP BY function is applied to.
fn of_function<'t>(arguments: &Arguments, at: &Term, terms: &Terms<'t>) -> Result<&'t Column, Error> {
    let refuse = |message: String| Err(Error::invalid(message).at(at.position));
    let all: &[Term] = match arguments {
        Arguments::Terms(all) => all,
        Arguments::Star => &[],
    };
    let names: Vec<_> =
        all.iter().filter_map(|t| if let TermKind::Column(name) = &t.kind { Some(name) } else { None }).collect();
    let table = terms.table;
    match &names[..] {
        [] => refuse("GROUP BY functions must have one clustering column name as parameter".to_owned()),
        [name] => {
            let column = column(table, name)?;
            if column.kind != ColumnKind::Clustering {
                return refuse(format!(
                    "Group by functions are only supported on clustering columns, got {}",
                    column.name
                ));
            }
            Ok(column)
        }
        several => {
            let names: Vec<&str> = several.iter().map(|name| name.text.as_str()).collect();
            refuse(format!(
                "GROUP BY functions accept only one clustering column as parameter, got: {}",
                names.join(", ")
            ))
        }
    }
}
