//! A call of a native function before it is resolved: the arguments as far as they are known, and the signature that they give.

use super::collections::OfCollection;
use super::mask::MaskedPart;
use super::math::Math;
use super::number::is_number;
use super::signature::check_arity;
use super::similarity::Similarity;
use super::{Expression, Function, Signature, ambiguous, no_signature};
use crate::error::Error;
use henge_model::{Column, DataType};

/// An argument of a function, as far as it is known before the signature is resolved.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    /// Its type, or the preferred type of a literal.
    pub(crate) data_type: Option<DataType>,
    /// True for a literal, which takes the type of the parameter.
    pub(crate) is_literal: bool,
    /// The number of elements of a list literal.
    pub(crate) elements: Option<u32>,
    /// Its text, for messages.
    pub(crate) shown: String,
}

/// The parameters of a native function, as far as they do not follow from a call.
pub(super) struct Parameters {
    /// The minimum and maximum number of arguments.
    pub(super) arity: (usize, usize),
    /// The parameters, for messages; empty for functions with a signature for each type.
    pub(super) text: &'static str,
    /// The requirement on an argument, for messages; empty for functions with a signature for each type.
    pub(super) requirement: &'static str,
}

/// A call with one function of that name.
pub(super) struct Invocation<'a> {
    pub(super) parameters: &'a Parameters,
    /// The name as the statement has it.
    pub(super) name: &'a str,
    pub(super) arguments: &'a [Argument],
    /// The types that the arguments have of themselves.
    pub(super) types: &'a [Option<DataType>],
    /// The partition key of the table that the statement is about.
    pub(super) partition_key: &'a [Column],
    /// The type that the call's place requires.
    pub(super) wanted: Option<&'a DataType>,
}

impl Invocation<'_> {
    /// Refuses another number of arguments than the function takes.
    fn check_count(&self) -> Result<(), Error> {
        self.check_count_within(self.parameters.arity)
    }

    fn check_count_within(&self, (least, most): (usize, usize)) -> Result<(), Error> {
        let (name, given) = (self.name, self.arguments.len());
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Err(match self.parameters.text {
            "" => no_signature(name),
            parameters => Error::invalid(format!(
                "Invalid number of arguments for function system.{name}({parameters}): {wanted} required but {given} \
                 provided"
            )),
        })
    }

    /// The type of the first argument; an error if it is unknown.
    fn first(&self) -> Result<DataType, Error> {
        let first = self.arguments.first();
        first.and_then(|argument| argument.data_type.clone()).ok_or_else(|| {
            let name = self.name;
            let parameters = self.parameters.text;
            if parameters.is_empty() {
                return ambiguous(name);
            }
            let shown = first.map_or("", |argument| argument.shown.as_str());
            Error::invalid(format!(
                "Cannot infer type of argument {shown} in call to function system.{name}({parameters}): use type casts to \
                 disambiguate"
            ))
        })
    }

    fn wrong(&self, data_type: &DataType) -> Error {
        let is_of = |argument: &&Argument| argument.data_type.as_ref() == Some(data_type);
        let shown = self.arguments.iter().find(is_of).map_or("", |argument| argument.shown.as_str());
        let name = self.name;
        match self.parameters.requirement {
            "" => no_signature(name),
            requirement => Error::invalid(format!(
                "Function system.{name} requires {requirement}, but found argument {shown} of type {data_type}"
            )),
        }
    }

    fn of_expression(
        &self,
        expression: Expression,
        parameters: Vec<DataType>,
        result: DataType,
    ) -> Result<Signature, Error> {
        Ok(Signature { function: Function::Expression(expression), parameters, result })
    }

    /// Resolves a mathematical function. A literal argument takes the type that the call's place requires.
    pub(super) fn math(&self, math: Math) -> Result<Signature, Error> {
        self.check_count()?;
        let is_literal = self.arguments.iter().any(|argument| argument.is_literal);
        let data_type = match self.wanted {
            Some(wanted) if is_literal && is_number(wanted) => wanted.clone(),
            _ => self.first()?,
        };
        if !is_number(&data_type) {
            return Err(self.wrong(&data_type));
        }
        self.of_expression(Expression::Math(math, data_type.clone()), vec![data_type.clone()], data_type)
    }

    pub(super) fn of_collection(&self, function: OfCollection) -> Result<Signature, Error> {
        self.check_count()?;
        let of = self.first()?;
        let result = function.result_type(&of).ok_or_else(|| self.wrong(&of))?;
        self.of_expression(Expression::OfCollection(function, of.clone()), vec![of], result)
    }

    pub(super) fn similarity(&self, measure: Similarity) -> Result<Signature, Error> {
        self.check_count()?;
        let vector = |t: &&DataType| matches!(t, DataType::Vector(e, _) if **e == DataType::Float);
        let known = || self.arguments.iter().filter(|argument| !argument.is_literal);
        let wrong = known().filter_map(|argument| argument.data_type.as_ref()).find(|t| !vector(&t.unfrozen()));
        if let Some(wrong) = wrong {
            return Err(self.wrong(wrong));
        }
        let of = match known().filter_map(|argument| argument.data_type.as_ref()).map(DataType::unfrozen).find(vector) {
            Some(of) => of.clone(),
            None => match (known().next(), self.arguments.iter().find_map(|argument| argument.elements)) {
                (None, Some(n)) => DataType::Vector(Box::new(DataType::Float), n),
                _ => return Err(self.wrong(&self.first()?)),
            },
        };
        let DataType::Vector(_, dimension) = of else { return Err(self.wrong(&of)) };
        let dimensions = self.arguments.iter().filter_map(|argument| match &argument.data_type {
            Some(DataType::Vector(_, n)) => Some(*n),
            _ => argument.elements,
        });
        if dimensions.into_iter().any(|n| n != dimension) {
            return Err(Error::invalid("All arguments must have the same vector dimensions"));
        }
        self.of_expression(Expression::Similarity(measure, of.clone()), vec![of.clone(), of], DataType::Float)
    }

    pub(super) fn floor(&self) -> Result<Signature, Error> {
        self.check_count()?;
        let of_time = |t: &DataType| matches!(t, DataType::Timestamp | DataType::Date | DataType::Time);
        let from = match self.wanted.filter(|wanted| of_time(wanted)) {
            Some(wanted) if self.arguments[0].is_literal => wanted.clone(),
            _ => self.first()?,
        };
        let result = match &from {
            DataType::Timeuuid | DataType::Timestamp => DataType::Timestamp,
            DataType::Date | DataType::Time => from.clone(),
            other => return Err(self.wrong(other)),
        };
        let mut parameters = vec![from.clone(), DataType::Duration];
        if self.arguments.len() == 3 {
            if from == DataType::Time {
                return self.check_count_within((2, 2)).and_then(|()| Err(self.wrong(&from)));
            }
            parameters.push(result.clone());
        }
        self.of_expression(Expression::Floor(from), parameters, result)
    }

    /// Resolves a masking function whose parameters behind the first are `rest`. The result has the type of the first
    /// argument, but for a hash.
    pub(super) fn mask(
        &self,
        expression: impl FnOnce(&DataType) -> Expression,
        rest: &[DataType],
    ) -> Result<Signature, Error> {
        self.check_count()?;
        let of = self.first()?;
        let expression = expression(&of);
        if matches!(expression, Expression::MaskText(..)) && !matches!(of, DataType::Ascii | DataType::Text) {
            return Err(self.wrong(&of));
        }
        let result = if expression == Expression::Hash { DataType::Blob } else { of.clone() };
        let parameters = std::iter::once(&of).chain(rest).take(self.arguments.len()).cloned().collect();
        self.of_expression(expression, parameters, result)
    }

    /// Resolves `mask_inner` and `mask_outer`.
    pub(super) fn mask_text(&self, part: MaskedPart) -> Result<Signature, Error> {
        let rest = [DataType::Int, DataType::Int, DataType::Text];
        self.mask(|of| Expression::MaskText(part, of.clone()), &rest)
    }

    /// Resolves `mask_replace`, whose arguments have one type.
    pub(super) fn mask_replace(&self) -> Result<Signature, Error> {
        let of = self.arguments.first().and_then(|argument| argument.data_type.clone());
        self.mask(|_| Expression::Second, &Vec::from_iter(of))
    }

    /// Resolves a function with one list of parameter types.
    pub(super) fn fixed_signature(
        &self,
        function: Function,
        parameters: Vec<DataType>,
        result: DataType,
    ) -> Result<Signature, Error> {
        check_arity(self.name, self.types.len(), Signature { function, parameters, result })
    }

    /// Resolves a function of one argument that must have one of the types `wanted`.
    pub(super) fn one_of(
        &self,
        wanted: &[DataType],
        function: fn(DataType) -> Function,
        result: DataType,
    ) -> Result<Signature, Error> {
        match self.types {
            [Some(t)] if wanted.contains(t) => self.fixed_signature(function(t.clone()), vec![t.clone()], result),
            [None] => Err(ambiguous(self.name)),
            _ => Err(no_signature(self.name)),
        }
    }

    /// Resolves `token`, whose parameters are the table's partition key.
    pub(super) fn token(&self) -> Result<Signature, Error> {
        let types = self.partition_key.iter().map(|c| c.data_type.clone()).collect();
        self.fixed_signature(Function::Token, types, DataType::Bigint)
    }

    /// Resolves `to_json`, which takes a value of any type.
    pub(super) fn to_json(&self) -> Result<Signature, Error> {
        match self.types {
            [Some(t)] => self.fixed_signature(Function::ToJson(t.clone()), vec![t.clone()], DataType::Text),
            [None] => Err(ambiguous(self.name)),
            _ => Err(no_signature(self.name)),
        }
    }

    /// Resolves `from_json`, whose result has the type that its place requires.
    pub(super) fn json_value(&self) -> Result<Signature, Error> {
        let Some(to) = self.wanted else {
            let name = self.name;
            let message = format!("{name}() cannot be used in the selection clause of a SELECT statement");
            return Err(Error::invalid(message));
        };
        let function = Function::Expression(Expression::FromJson(to.clone()));
        self.fixed_signature(function, vec![DataType::Text], to.clone())
    }
}
