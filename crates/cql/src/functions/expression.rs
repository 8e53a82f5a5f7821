//! Functions that hang on their arguments alone: arithmetic, conversions, and functions of collections.

use super::arithmetic::{Arithmetic, negated};
use super::cast::Cast;
use super::failure::failure;
use crate::error::Error;
use crate::json::{Json, decode, parse};
use henge_model::DataType;

/// A function without clock and chance, settled for the types of its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Arithmetic(Box<Arithmetic>),
    /// The sign turned round.
    Negate(DataType),
    /// The value that a text of JSON stands for.
    FromJson(DataType),
    Cast(Box<Cast>),
}

impl Expression {
    /// The answer for these arguments; null is `None`.
    pub(crate) fn call(&self, arguments: &[Option<&[u8]>]) -> Result<Option<Vec<u8>>, Error> {
        let first = arguments.first().copied().flatten();
        let second = arguments.get(1).copied().flatten();
        match self {
            Expression::Arithmetic(arithmetic) => arithmetic.call(first, second),
            Expression::Negate(data_type) => first.map_or(Ok(None), |value| negated(data_type, value)),
            Expression::Cast(cast) => first.map_or(Ok(None), |value| cast.call(value)),
            Expression::FromJson(data_type) => first.map_or(Ok(None), |text| from_json(data_type, text)),
        }
    }
}

fn from_json(data_type: &DataType, text: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let failed = |why: String| failure("from_json", &[&DataType::Text], why);
    let text = std::str::from_utf8(text).map_err(|_| failed("the argument is not valid UTF-8".to_owned()))?;
    let undecodable = |why: String| {
        let shown = Json::Text(text.to_owned()).shown();
        failed(format!("execution of 'system.from_json[text]' failed: Could not decode JSON string '{shown}': {why}"))
    };
    match parse(text).map_err(undecodable)? {
        Json::Null => Ok(None),
        json => decode(&json, data_type).map(Some).map_err(failed),
    }
}
