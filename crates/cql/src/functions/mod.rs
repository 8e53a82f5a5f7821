//! Native functions: their names, signatures and evaluation.
//!
//! - `registry`: the functions by name. `native`, `cast_signature`: resolution of a call. `invocation`: a call before it
//!   is resolved, `signature`: after it.
//! - `function`: evaluation in a plan. `expression`: evaluation of what depends on the arguments alone.
//! - The rest: a topic each.

pub(crate) mod arithmetic;
mod cast;
mod cast_signature;
mod collections;
mod decimal;
mod expression;
mod failure;
mod floor;
mod function;
mod invocation;
pub(crate) mod json;
mod logarithm;
mod mask;
mod math;
mod native;
mod number;
mod number_error;
mod registry;
mod signature;
mod similarity;
mod time;

pub(crate) use cast_signature::{cast_signature, cast_target};
pub(crate) use decimal::Decimal;
pub(crate) use expression::Expression;
pub(crate) use function::{Call, Function};
pub(crate) use invocation::Argument;
pub(crate) use native::{masking, signature};
pub(crate) use registry::{masking_parameters, names, time_conversion_types};
pub(crate) use signature::{Signature, ambiguous, no_signature};
pub(crate) use time::{append_path, prepend_path};
