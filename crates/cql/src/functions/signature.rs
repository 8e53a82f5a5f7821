//! The signature of a resolved call, and the errors of calls that have none.

use super::Function;
use crate::error::Error;
use henge_model::DataType;

/// A function with its parameter types and result type.
pub(crate) struct Signature {
    pub(crate) function: Function,
    pub(crate) parameters: Vec<DataType>,
    pub(crate) result: DataType,
}

/// The signature, if the number of arguments is `given`.
pub(super) fn check_arity(name: &str, given: usize, signature: Signature) -> Result<Signature, Error> {
    let required = signature.parameters.len();
    if required == given {
        return Ok(signature);
    }
    let message = format!(
        "Invalid number of arguments in call to function system.{name}: {required} required but {given} provided"
    );
    Err(Error::invalid(message))
}

/// The error for arguments that match no signature. Cassandra's message continues with a list of all signatures.
pub(crate) fn no_signature(name: &str) -> Error {
    Error::invalid(format!("Invalid call to function {name}, none of its type signatures match"))
}

/// The error for arguments that match several signatures.
pub(crate) fn ambiguous(name: &str) -> Error {
    Error::invalid(format!("Ambiguous call to function {name}: use type casts to disambiguate"))
}
