//! Functions that depend on their arguments alone: arithmetic, conversions, masks, and functions of collections and
//! vectors.

use super::arithmetic::{Arithmetic, negate};
use super::cast::Cast;
use super::collections::OfCollection;
use super::failure::failure;
use super::floor::floor;
use super::mask::{self, MaskedPart};
use super::math::Math;
use super::similarity::Similarity;
use crate::error::Error;
use crate::json::{Json, JsonSyntaxError, decode, parse};
use henge_model::DataType;

/// A function that uses neither clock nor random numbers, with its argument types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Arithmetic(Box<Arithmetic>),
    /// The number with the opposite sign.
    Negate(DataType),
    /// The value that a JSON text encodes.
    FromJson(DataType),
    Cast(Box<Cast>),
    Math(Math, DataType),
    OfCollection(OfCollection, DataType),
    Similarity(Similarity, DataType),
    /// The start of the interval that contains a value of that type.
    Floor(DataType),
    /// Always null.
    Null,
    MaskDefault(DataType),
    /// The second argument.
    Second,
    Hash,
    MaskText(MaskedPart, DataType),
}

impl Expression {
    /// The result for these arguments; `None` is null.
    pub(crate) fn call(&self, arguments: &[Option<&[u8]>]) -> Result<Option<Vec<u8>>, Error> {
        let first = arguments.first().copied().flatten();
        let second = arguments.get(1).copied().flatten();
        match self {
            Expression::Arithmetic(arithmetic) => arithmetic.call(first, second),
            Expression::Negate(data_type) => first.map_or(Ok(None), |value| negate(data_type, value)),
            Expression::Math(math, of) => first.map_or(Ok(None), |value| math.call(of, value)),
            Expression::OfCollection(function, of) => first.map_or(Ok(None), |value| function.call(of, value)),
            Expression::Similarity(measure, of) => match (first, second) {
                (Some(left), Some(right)) => measure.call(of, left, right).map(Some),
                _ => Ok(None),
            },
            Expression::Floor(from) => floor(from, arguments),
            Expression::Null => Ok(None),
            Expression::MaskDefault(of) => mask::default(of).map(Some),
            Expression::Second => Ok(second.map(<[u8]>::to_vec)),
            Expression::Hash => first.map_or(Ok(None), |value| mask::hash(value, second).map(Some)),
            Expression::MaskText(part, of) => mask::text(*part, of, arguments),
            Expression::Cast(cast) => first.map_or(Ok(None), |value| cast.call(value)),
            Expression::FromJson(data_type) => first.map_or(Ok(None), |text| from_json(data_type, text)),
        }
    }
}

fn from_json(data_type: &DataType, text: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let failed = |why: &dyn std::fmt::Display| failure("from_json", &[&DataType::Text], why);
    let text = std::str::from_utf8(text).map_err(|_| failed(&"the argument is not valid UTF-8"))?;
    let undecodable = |why: JsonSyntaxError| {
        let shown = Json::Text(text.to_owned()).message_text();
        failed(&format_args!(
            "execution of 'system.from_json[text]' failed: Could not decode JSON string '{shown}': {why}"
        ))
    };
    match parse(text).map_err(undecodable)? {
        Json::Null => Ok(None),
        json => decode(&json, data_type).map(Some).map_err(|why| failed(&why)),
    }
}
