//! JSON input of `INSERT JSON` and `fromJson`. `functions::json` is the output.

mod decode;
mod error;
mod members;
mod parse;
mod value;

pub(crate) use decode::decode;
pub(crate) use error::JsonSyntaxError;
pub(crate) use members::Members;
pub(crate) use parse::parse;
pub(crate) use value::Json;
