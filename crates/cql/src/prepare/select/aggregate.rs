//! Aggregates of a select list.

use crate::error::Error;
use crate::functions::{ambiguous, no_signature};
use crate::plan::{Aggregate, AggregatePlan, Selector, Source};
use crate::prepare::select::computed::{prepare_typed, type_inference_error};
use crate::prepare::select::selector::{Fetched, Selected, plain};
use crate::prepare::term::operand::preferred_type;
use crate::prepare::term::term_text::{of_row, value_name};
use crate::prepare::term::terms::Terms;
use crate::statement::{Arguments, Term, TermKind};
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

/// Resolves a call of an aggregate.
pub(crate) fn prepare_aggregate(
    term: &Term,
    aggregate: Aggregate,
    arguments: &Arguments,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    let before = fetched.aggregates.len();
    let argument = match arguments {
        Arguments::Star if aggregate == Aggregate::Count => None,
        Arguments::Terms(all) if all.len() == 1 => match &all[0].kind {
            TermKind::Constant(_) if aggregate == Aggregate::Count => None,
            _ => Some(argument(&all[0], aggregate, terms, fetched)?),
        },
        _ => return Err(Error::invalid("an aggregate takes one argument").at(term.position)),
    };
    if fetched.aggregates.len() > before {
        let message = "aggregate functions cannot be used as arguments of aggregate functions";
        return Err(Error::invalid(message).at(term.position));
    }
    let mut add = |argument: Option<Selector>, data_type: DataType| {
        fetched.aggregates.push(AggregatePlan { aggregate, argument, data_type });
        Selector::Aggregate(before)
    };
    let Some(argument) = argument else {
        let selector = add(None, DataType::Bigint);
        return Ok(Selected { selector, name: "count".to_owned(), data_type: DataType::Bigint });
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
    Ok(Selected { selector: add(Some(argument.selector), of), name, data_type })
}

fn argument(
    term: &Term,
    aggregate: Aggregate,
    terms: &mut Terms<'_>,
    fetched: &mut Fetched,
) -> Result<Selected, Error> {
    match &term.kind {
        TermKind::Constant(constant) => prepare_typed(term, &preferred_type(constant), terms, fetched),
        TermKind::Null if aggregate == Aggregate::Count => {
            let selector = Selector::Given(Source::Null);
            Ok(Selected { selector, name: value_name(term), data_type: DataType::Blob })
        }
        _ if of_row(term) => plain(term, terms, fetched, false),
        _ => Err(type_inference_error(term)),
    }
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
