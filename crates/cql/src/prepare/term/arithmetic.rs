//! Arithmetic between values. The types of operands depend on one another and on the required type of the result.

use crate::error::Error;
use crate::functions::arithmetic::{Arithmetic, function_name, result_type};
use crate::functions::{Expression, Function, ambiguous, cast_signature, cast_target, no_signature};
use crate::plan::Source;
use crate::prepare::term::assignable::is_assignable;
use crate::prepare::term::operand::{OperandTypeError, Shape, settle, settle_negation};
use crate::prepare::term::term_text::value_name;
use crate::prepare::term::terms::{Terms, argument_name};
use crate::statement::{Arguments, ArithmeticOperator, Term, TermKind, TypeName};
use henge_model::DataType;

/// A term with the shapes of all its operands.
struct Operand<'t> {
    term: &'t Term,
    shape: Shape,
    parts: Parts<'t>,
}

enum Parts<'t> {
    Whole,
    Operation(ArithmeticOperator, Box<[Operand<'t>; 2]>),
    Negation(Box<Operand<'t>>),
}

impl Terms<'_> {
    /// Resolves an operation whose result is assigned to `wanted`; also returns the type of the result.
    pub(crate) fn operation(&mut self, term: &Term, wanted: &DataType) -> Result<(Source, DataType), Error> {
        let operand = self.operand(term)?;
        self.prepare_operand(&operand, wanted)
    }

    /// The type of an operation by itself; `None` if it depends on the place where the operation is used.
    pub(crate) fn operation_type(&self, term: &Term) -> Result<Option<DataType>, Error> {
        let operand = self.operand(term)?;
        Ok(match &operand.parts {
            Parts::Whole => None,
            Parts::Operation(operator, operands) => operation_result(*operator, operands, None).ok(),
            Parts::Negation(operand) => settle_negation(&operand.shape, None).ok(),
        })
    }

    /// Resolves `CAST(value AS type)`; also returns the type of the result.
    pub(crate) fn cast(&mut self, value: &Term, target: &TypeName, at: &Term) -> Result<(Source, DataType), Error> {
        let name = value_name(value);
        let Some(from) = self.type_of(value)?.filter(|_| !matches!(value.kind, TermKind::Constant(_))) else {
            let to = cast_target(target)?;
            return Err(ambiguous(&format!("system.cast_as_{to}")).at(value.position));
        };
        let source = self.source(value, &from, &name)?;
        let signature = cast_signature(&from, target, &name, is_assignable).map_err(|e| e.at(at.position))?;
        let Some(signature) = signature else { return Ok((source, from)) };
        let ordinal = at.position.offset;
        Ok((Source::Call { function: signature.function, arguments: vec![source], ordinal }, signature.result))
    }

    fn operand<'t>(&self, term: &'t Term) -> Result<Operand<'t>, Error> {
        let (shape, parts) = match &term.kind {
            TermKind::Arithmetic { operator, left, right } => {
                let operands = [self.operand(left)?, self.operand(right)?];
                let shape = Shape::of_operation(|wanted| operation_result(*operator, &operands, Some(wanted)));
                (shape, Parts::Operation(*operator, Box::new(operands)))
            }
            TermKind::Negated(inner) => {
                let operand = self.operand(inner)?;
                let shape = Shape::of_operation(|wanted| settle_negation(&operand.shape, Some(wanted)));
                (shape, Parts::Negation(Box::new(operand)))
            }
            TermKind::Tuple(parts) if parts.len() == 1 => return self.operand(&parts[0]),
            _ => (self.shape(term)?, Parts::Whole),
        };
        Ok(Operand { term, shape, parts })
    }

    /// The shape of a term that is not an operation.
    pub(crate) fn shape(&self, term: &Term) -> Result<Shape, Error> {
        Ok(match &term.kind {
            TermKind::Constant(constant) => Shape::of_literal(constant),
            TermKind::Marker(_) | TermKind::Null => Shape::any(),
            TermKind::Call { arguments: Arguments::Terms(_), .. } | TermKind::Hinted { .. } | TermKind::Cast { .. } => {
                self.type_of(term)?.map_or_else(Shape::any, |data_type| Shape::of_type(&data_type))
            }
            TermKind::Column(name) => {
                let message = format!("expected a value, found the name {}", name.text);
                return Err(Error::syntax(term.position, message));
            }
            _ => Shape::none(),
        })
    }

    fn prepare_operand(&mut self, operand: &Operand<'_>, wanted: &DataType) -> Result<(Source, DataType), Error> {
        let ordinal = operand.term.position.offset;
        match &operand.parts {
            Parts::Whole => Ok((self.source(operand.term, wanted, "an operand")?, wanted.clone())),
            Parts::Negation(inner) => {
                let data_type = settle_negation(&inner.shape, Some(wanted))
                    .map_err(|why| negation_error(why, &value_name(inner.term)).at(operand.term.position))?;
                let argument = self.argument(inner, &data_type, "_negate", 0)?;
                let function = Function::Expression(Expression::Negate(data_type.clone()));
                Ok((Source::Call { function, arguments: vec![argument], ordinal }, data_type))
            }
            Parts::Operation(operator, operands) => {
                let [left, right] = &**operands;
                let types = types_of(*operator, operands, Some(wanted)).map_err(|why| {
                    error(why, *operator, &value_name(left.term), &value_name(right.term)).at(operand.term.position)
                })?;
                let name = function_name(*operator);
                let arguments =
                    vec![self.argument(left, &types[0], name, 0)?, self.argument(right, &types[1], name, 1)?];
                let (function, result) = function(*operator, types)?;
                Ok((Source::Call { function, arguments, ordinal }, result))
            }
        }
    }

    fn argument(&mut self, of: &Operand<'_>, data_type: &DataType, function: &str, i: usize) -> Result<Source, Error> {
        match &of.parts {
            Parts::Whole => self.source(of.term, data_type, &argument_name(function, i)),
            _ => self.prepare_operand(of, data_type).map(|(source, _)| source),
        }
    }
}

fn types_of(
    operator: ArithmeticOperator,
    operands: &[Operand<'_>; 2],
    wanted: Option<&DataType>,
) -> Result<[DataType; 2], OperandTypeError> {
    let by_wanted = operands.iter().all(|operand| !matches!(operand.term.kind, TermKind::Marker(_)));
    settle(operator, [&operands[0].shape, &operands[1].shape], wanted, by_wanted)
}

fn operation_result(
    operator: ArithmeticOperator,
    operands: &[Operand<'_>; 2],
    wanted: Option<&DataType>,
) -> Result<DataType, OperandTypeError> {
    let [left, right] = types_of(operator, operands, wanted)?;
    result_type(operator, &left, &right).ok_or(OperandTypeError::Unsupported)
}

/// The function that computes an operation on these types, and the type of its result.
pub(crate) fn function(operator: ArithmeticOperator, types: [DataType; 2]) -> Result<(Function, DataType), Error> {
    let [left, right] = types;
    let Some(result) = result_type(operator, &left, &right) else {
        return Err(error(OperandTypeError::Unsupported, operator, &left.to_string(), &right.to_string()));
    };
    let arithmetic = Arithmetic { operator, left, right, result: result.clone() };
    Ok((Function::Expression(Expression::Arithmetic(Box::new(arithmetic))), result))
}

/// The error for an operation between these operands, given as text.
pub(crate) fn error(why: OperandTypeError, operator: ArithmeticOperator, left: &str, right: &str) -> Error {
    let sign = operator.sign();
    Error::invalid(match why {
        OperandTypeError::Unsupported => format!("the '{sign}' operation is not supported between {left} and {right}"),
        OperandTypeError::Ambiguous => format!(
            "Ambiguous '{sign}' operation with args {left} and {right}: use type hint to disambiguate, example '(int) ?'"
        ),
    })
}

/// The error for a negation of this operand, given as text.
pub(crate) fn negation_error(why: OperandTypeError, operand: &str) -> Error {
    Error::invalid(match why {
        OperandTypeError::Unsupported => {
            let refused = no_signature("system._negate");
            return Error::invalid(format!("{} (the '-' operation is not supported on {operand})", refused.message));
        }
        OperandTypeError::Ambiguous => {
            format!("Ambiguous negation: use type hint to disambiguate, example '-(int) {operand}'")
        }
    })
}
