//! Aggregates of a select list.

use crate::error::Error;
use crate::functions::{ambiguous, no_signature};
use crate::plan::{Aggregate, AggregatePlan, Selector};
use crate::prepare::select::column_expression::{ColumnExpression, FetchedValues};
use crate::statement::Term;
use henge_model::DataType;

/// The aggregate of that name; `None` for other functions.
pub(crate) fn aggregate(function: &str) -> Option<Aggregate> {
    Some(match function {
        "count" => Aggregate::Count,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "sum" => Aggregate::Sum,
        "avg" => Aggregate::Average,
        _ => return None,
    })
}

/// The expression of an aggregate of `argument`, which is `None` for `count(*)`.
pub(crate) fn prepare_aggregate(
    term: &Term,
    aggregate: Aggregate,
    argument: Option<ColumnExpression>,
    fetched: &mut FetchedValues,
) -> Result<ColumnExpression, Error> {
    let place = fetched.aggregates.len();
    let mut add = |argument: Option<Selector>, data_type: DataType| {
        fetched.aggregates.push(AggregatePlan { aggregate, argument, data_type });
        Selector::Aggregate(place)
    };
    let Some(argument) = argument else {
        let selector = add(None, DataType::Bigint);
        return Ok(ColumnExpression { selector, name: "count".to_owned(), data_type: DataType::Bigint });
    };
    let of = argument.data_type;
    if matches!(aggregate, Aggregate::Sum | Aggregate::Average) {
        check_summable(&of, aggregate, term)?;
    }
    let data_type = if aggregate == Aggregate::Count { DataType::Bigint } else { of.clone() };
    let function = match aggregate {
        Aggregate::Count => "count",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Sum => "sum",
        Aggregate::Average => "avg",
    };
    let name = format!("system.{function}({})", argument.name);
    Ok(ColumnExpression { selector: add(Some(argument.selector), of), name, data_type })
}

fn check_summable(data_type: &DataType, aggregate: Aggregate, term: &Term) -> Result<(), Error> {
    let function = if aggregate == Aggregate::Sum { "sum" } else { "avg" };
    use DataType::{Bigint, Counter, Decimal, Double, Float, Int, Smallint, Tinyint, Varint};
    match data_type {
        Tinyint | Smallint | Int | Bigint | Counter | Varint | Float | Double | Decimal => Ok(()),
        // Ambiguous because both bigint and varint accept a timestamp's bytes.
        DataType::Timestamp => Err(ambiguous(function).at(term.position)),
        _ => Err(no_signature(function).at(term.position)),
    }
}
