//! Functions whose parameter types follow from their arguments.

use super::collections::OfCollection;
use super::mask::Masked;
use super::math::Math;
use super::number::is_number;
use super::similarity::Similarity;
use super::{Expression, Function, Signature};
use crate::error::Error;
use henge_model::DataType;

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

/// The names of these functions.
pub(super) const NAMES: [&str; 22] = [
    "abs",
    "exp",
    "log",
    "log10",
    "round",
    "floor",
    "map_keys",
    "map_values",
    "collection_count",
    "collection_min",
    "collection_max",
    "collection_sum",
    "collection_avg",
    "mask_null",
    "mask_default",
    "mask_replace",
    "mask_inner",
    "mask_outer",
    "mask_hash",
    "similarity_cosine",
    "similarity_euclidean",
    "similarity_dot_product",
];

/// The signature for these arguments; `None` if the name is not in [`NAMES`]. `wanted` is the type that the call's
/// place requires.
pub(crate) fn signature(
    name: &str,
    arguments: &[Argument],
    wanted: Option<&DataType>,
) -> Option<Result<Signature, Error>> {
    if !NAMES.contains(&name) {
        return None;
    }
    let call = Invocation { name, arguments, wanted };
    if let Some(math) = Math::named(name) {
        return Some(call.math(math));
    }
    if let Some(function) = OfCollection::named(name) {
        return Some(call.of_collection(function));
    }
    if let Some(measure) = Similarity::named(name) {
        return Some(call.similarity(measure));
    }
    Some(if name == "floor" { call.floor() } else { call.mask() })
}

struct Invocation<'a> {
    name: &'a str,
    arguments: &'a [Argument],
    wanted: Option<&'a DataType>,
}

impl Invocation<'_> {
    fn count(&self, least: usize, most: usize) -> Result<(), Error> {
        let (name, given) = (self.name, self.arguments.len());
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Err(match self.parameters() {
            Some((parameters, _)) => Error::invalid(format!(
                "Invalid number of arguments for function system.{name}({parameters}): {wanted} required but {given} \
                 provided"
            )),
            None => no_signature(name),
        })
    }

    /// The type of the first argument; an error if it is unknown.
    fn first(&self) -> Result<DataType, Error> {
        let first = self.arguments.first();
        first.and_then(|argument| argument.data_type.clone()).ok_or_else(|| {
            let name = self.name;
            let Some((parameters, _)) = self.parameters() else { return ambiguous(name) };
            let shown = first.map_or("", |argument| argument.shown.as_str());
            Error::invalid(format!(
                "Cannot infer type of argument {shown} in call to function system.{name}({parameters}): use type casts to \
                 disambiguate"
            ))
        })
    }

    /// The parameters of a function that adapts to its argument, and the requirement on the first argument, as texts
    /// for messages; `None` for functions with a signature for each type.
    fn parameters(&self) -> Option<(&'static str, &'static str)> {
        Some(match self.name {
            "map_keys" | "map_values" => ("map", "a map argument"),
            "collection_count" => ("collection", "a collection argument"),
            "collection_min" | "collection_max" => ("set_or_list", "a set or list argument"),
            "collection_sum" | "collection_avg" => ("numeric_set_or_list", "a numeric set/list argument"),
            "mask_inner" | "mask_outer" => {
                ("[text|varchar|ascii], int, int, [text]", "an argument of type [text|varchar|ascii]")
            }
            name if name.starts_with("similarity_") => {
                ("vector<float, n>, vector<float, n>", "a float vector argument")
            }
            name => masking_parameters(name).map(|(_, _, parameters)| (parameters, "another argument"))?,
        })
    }

    fn wrong(&self, data_type: &DataType) -> Error {
        let is_of = |argument: &&Argument| argument.data_type.as_ref() == Some(data_type);
        let shown = self.arguments.iter().find(is_of).map_or("", |argument| argument.shown.as_str());
        let name = self.name;
        match self.parameters() {
            Some((_, wanted)) => Error::invalid(format!(
                "Function system.{name} requires {wanted}, but found argument {shown} of type {data_type}"
            )),
            None => no_signature(name),
        }
    }

    fn made(&self, expression: Expression, parameters: Vec<DataType>, result: DataType) -> Result<Signature, Error> {
        Ok(Signature { function: Function::Expression(expression), parameters, result })
    }

    /// Resolves a mathematical function. A literal argument takes the type that the call's place requires.
    fn math(&self, math: Math) -> Result<Signature, Error> {
        self.count(1, 1)?;
        let is_literal = self.arguments.iter().any(|argument| argument.is_literal);
        let data_type = match self.wanted {
            Some(wanted) if is_literal && is_number(wanted) => wanted.clone(),
            _ => self.first()?,
        };
        if !is_number(&data_type) {
            return Err(self.wrong(&data_type));
        }
        self.made(Expression::Math(math, data_type.clone()), vec![data_type.clone()], data_type)
    }

    fn of_collection(&self, function: OfCollection) -> Result<Signature, Error> {
        self.count(1, 1)?;
        let of = self.first()?;
        let result = function.result_type(&of).ok_or_else(|| self.wrong(&of))?;
        self.made(Expression::OfCollection(function, of.clone()), vec![of], result)
    }

    fn similarity(&self, measure: Similarity) -> Result<Signature, Error> {
        self.count(2, 2)?;
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
        self.made(Expression::Similarity(measure, of.clone()), vec![of.clone(), of], DataType::Float)
    }

    fn floor(&self) -> Result<Signature, Error> {
        self.count(2, 3)?;
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
                return self.count(2, 2).and_then(|()| Err(self.wrong(&from)));
            }
            parameters.push(result.clone());
        }
        self.made(Expression::Floor(from), parameters, result)
    }

    fn mask(&self) -> Result<Signature, Error> {
        let (least, most, _) = masking_parameters(self.name).unwrap_or((1, 1, ""));
        self.count(least, most)?;
        let of = self.first()?;
        let (expression, rest, result) = match self.name {
            "mask_null" => (Expression::Null, vec![], of.clone()),
            "mask_default" => (Expression::MaskDefault(of.clone()), vec![], of.clone()),
            "mask_replace" => (Expression::Second, vec![of.clone()], of.clone()),
            "mask_hash" => (Expression::Hash, vec![DataType::Text], DataType::Blob),
            name => {
                if !matches!(of, DataType::Ascii | DataType::Text) {
                    return Err(self.wrong(&of));
                }
                let masked = if name == "mask_inner" { Masked::Inner } else { Masked::Outer };
                let rest = vec![DataType::Int, DataType::Int, DataType::Text];
                (Expression::MaskText(masked, of.clone()), rest, of.clone())
            }
        };
        let mut parameters = vec![of];
        parameters.extend(rest);
        parameters.truncate(self.arguments.len());
        self.made(expression, parameters, result)
    }
}

/// The error for arguments that match no signature. Cassandra's message continues with a list of all signatures.
pub(crate) fn no_signature(name: &str) -> Error {
    Error::invalid(format!("Invalid call to function {name}, none of its type signatures match"))
}

/// The error for arguments that match several signatures.
pub(crate) fn ambiguous(name: &str) -> Error {
    Error::invalid(format!("Ambiguous call to function {name}: use type casts to disambiguate"))
}

/// The minimum and maximum number of arguments of a masking function, including the column, and their types; `None` for
/// other functions.
pub(crate) fn masking_parameters(name: &str) -> Option<(usize, usize, &'static str)> {
    Some(match name {
        "mask_null" | "mask_default" => (1, 1, "any"),
        "mask_replace" => (2, 2, "any, any"),
        "mask_inner" | "mask_outer" => (3, 4, "[text|varchar|ascii], int, int, [text]"),
        "mask_hash" => (1, 2, "any, [text]"),
        _ => return None,
    })
}

/// The masking function of that name for a column of that type and the `given` types of further arguments.
pub(crate) fn masking(
    name: &str,
    column: &DataType,
    given: impl Iterator<Item = DataType>,
) -> Result<Signature, Error> {
    let known = |data_type: DataType| {
        let shown = data_type.to_string();
        Argument { data_type: Some(data_type), is_literal: false, elements: None, shown }
    };
    let arguments: Vec<Argument> = std::iter::once(column.clone()).chain(given).map(known).collect();
    Invocation { name, arguments: &arguments, wanted: None }.mask()
}
