//! JSON input of `INSERT JSON` and `fromJson`. `functions::json` is the output.

mod decode;
mod parse;
mod value;

pub(crate) use decode::{decode, fold_case};
pub(crate) use parse::parse;
pub(crate) use value::Json;
