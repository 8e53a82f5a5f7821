//! Operators and casts in a select list.

use crate::error::Error;
use crate::functions::{Expression, Function, cast_signature};
use crate::plan::Selector;
use crate::prepare::select::column_expression::ColumnExpression;
use crate::prepare::term::arithmetic::{error, function, negation_error};
use crate::prepare::term::assignable::is_assignable;
use crate::prepare::term::operand::{Shape, settle, settle_negation};
use crate::prepare::term::terms::Terms;
use crate::statement::{ArithmeticOperator, Term, TermKind, TypeName};
use henge_model::{DataType, Order};

/// One operand of an operator.
pub(crate) enum Side<'t> {
    Expression(Box<ColumnExpression>),
    /// A term without a type of its own, with its text including parentheses.
    Value(&'t Term, Shape, String),
}

impl Side<'_> {
    fn shape(&self) -> Shape {
        match self {
            Side::Expression(selected) => Shape::of_type(&selected.data_type),
            Side::Value(_, shape, _) => *shape,
        }
    }

    fn name(&self) -> &str {
        match self {
            Side::Expression(selected) => &selected.name,
            Side::Value(_, _, name) => name,
        }
    }

    fn selector(self, data_type: &DataType, terms: &mut Terms<'_>) -> Result<Selector, Error> {
        match self {
            Side::Expression(selected) => Ok(selected.selector),
            Side::Value(term, ..) => terms.source(term, data_type, "[selection]").map(Selector::Given),
        }
    }
}

/// Resolves an arithmetic operation.
pub(crate) fn operation(
    term: &Term,
    operator: ArithmeticOperator,
    [left, right]: [Side<'_>; 2],
    terms: &mut Terms<'_>,
) -> Result<ColumnExpression, Error> {
    let types = settle(operator, [&left.shape(), &right.shape()], None, false)
        .map_err(|why| error(why, operator, left.name(), right.name()).at(term.position))?;
    let name = format!("{} {} {}", left.name(), operator.sign(), right.name());
    let arguments = vec![left.selector(&types[0], terms)?, right.selector(&types[1], terms)?];
    let (function, data_type) = function(operator, types)?;
    let selector = Selector::Call { function, arguments, ordinal: term.position.offset };
    Ok(ColumnExpression { selector, name, data_type })
}

/// Resolves `-a`.
pub(crate) fn negation(term: &Term, operand: Side<'_>, terms: &mut Terms<'_>) -> Result<ColumnExpression, Error> {
    let data_type =
        settle_negation(&operand.shape(), None).map_err(|why| negation_error(why, operand.name()).at(term.position))?;
    let name = format!("-{}", operand.name());
    let function = Function::Expression(Expression::Negate(data_type.clone()));
    let arguments = vec![operand.selector(&data_type, terms)?];
    Ok(ColumnExpression {
        selector: Selector::Call { function, arguments, ordinal: term.position.offset },
        name,
        data_type,
    })
}

/// Resolves `CAST(a AS type)`, where `term` is `a` and `selected` what it resolves to.
pub(crate) fn cast(
    term: &Term,
    target: &TypeName,
    selected: ColumnExpression,
    terms: &Terms<'_>,
) -> Result<ColumnExpression, Error> {
    let signature = cast_signature(&selected.data_type, target, &selected.name, is_assignable);
    let Some(signature) = signature.map_err(|e| e.at(term.position))? else {
        // To Cassandra the type of a column that is stored from high to low is another one, so that it names the cast.
        let data_type = selected.data_type.clone();
        let name = format!("cast({} as {data_type})", selected.name);
        return Ok(if is_descending(term, terms) { ColumnExpression { name, ..selected } } else { selected });
    };
    let data_type = signature.result;
    let name = format!("cast({} as {data_type})", selected.name);
    let selector = Selector::Call {
        function: signature.function,
        arguments: vec![selected.selector],
        ordinal: term.position.offset,
    };
    Ok(ColumnExpression { selector, name, data_type })
}

fn is_descending(term: &Term, terms: &Terms<'_>) -> bool {
    let TermKind::Column(name) = &term.kind else { return false };
    terms.table.column(&name.text).is_some_and(|column| column.order == Order::Descending)
}
