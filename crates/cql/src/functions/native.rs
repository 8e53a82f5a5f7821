//! Resolution of functions by name and argument types.

use super::generic::{ambiguous, no_signature};
use super::{Argument, Expression, Function, Signature, generic};
use crate::error::Error;
use henge_model::{DataType, Table};

/// The signature for arguments of these types, `None` where a type is unknown. The partition key of `table` gives the
/// parameters of `token`; `wanted` is the type that the call's place requires, and `given` are the arguments
/// themselves.
pub(crate) fn signature(
    name: &str,
    arguments: &[Option<DataType>],
    table: &Table,
    wanted: Option<&DataType>,
    given: &[Argument],
) -> Option<Result<Signature, Error>> {
    if let Some(found) = generic::signature(name, given, wanted) {
        return Some(found);
    }
    let native = Native { name, arguments };
    Some(match name {
        "token" => {
            let types = table.partition_key.iter().map(|c| c.data_type.clone()).collect();
            native.fixed(Function::Token, types, DataType::Bigint)
        }
        "tojson" | "to_json" => native.to_json(),
        "fromjson" | "from_json" => native.of_json(wanted),
        _ => return native.of_nothing().or_else(|| native.of_times()).or_else(|| native.blob_conversion()),
    })
}

/// The types that a time conversion accepts; empty for other functions.
pub(crate) fn times_taken(name: &str) -> &'static [DataType] {
    use DataType::{Date, Timestamp, Timeuuid};
    match name {
        "todate" | "to_date" => &[Timeuuid, Timestamp],
        "totimestamp" | "to_timestamp" => &[Timeuuid, Date],
        "tounixtimestamp" | "to_unix_timestamp" => &[Timeuuid, Timestamp, Date],
        _ => &[],
    }
}

/// A call of a function with one list of parameter types, or with one parameter of several possible types.
struct Native<'a> {
    name: &'a str,
    arguments: &'a [Option<DataType>],
}

impl Native<'_> {
    fn fixed(&self, function: Function, parameters: Vec<DataType>, result: DataType) -> Result<Signature, Error> {
        if parameters.len() == self.arguments.len() {
            return Ok(Signature { function, parameters, result });
        }
        let (name, required, given) = (self.name, parameters.len(), self.arguments.len());
        let message = format!(
            "Invalid number of arguments in call to function system.{name}: {required} required but {given} provided"
        );
        Err(Error::invalid(message))
    }

    /// The type of the only argument, which must be one of `wanted`.
    fn known(&self, wanted: &[DataType]) -> Result<DataType, Error> {
        let name = self.name;
        match self.arguments {
            [Some(t)] if wanted.contains(t) => Ok(t.clone()),
            [None] => Err(ambiguous(name)),
            _ => Err(no_signature(name)),
        }
    }

    fn of_nothing(&self) -> Option<Result<Signature, Error>> {
        let (function, result) = match self.name {
            "now" | "currenttimeuuid" | "current_timeuuid" => (Function::Now, DataType::Timeuuid),
            "uuid" => (Function::Uuid, DataType::Uuid),
            "currenttimestamp" | "current_timestamp" => (Function::CurrentTimestamp, DataType::Timestamp),
            "currentdate" | "current_date" => (Function::CurrentDate, DataType::Date),
            "currenttime" | "current_time" => (Function::CurrentTime, DataType::Time),
            _ => return None,
        };
        Some(self.fixed(function, vec![], result))
    }

    fn of_times(&self) -> Option<Result<Signature, Error>> {
        use DataType::{Bigint, Date, Timestamp, Timeuuid};
        let of = |make: fn(DataType) -> Function, result| {
            self.known(times_taken(self.name)).and_then(|t| self.fixed(make(t.clone()), vec![t], result))
        };
        Some(match self.name {
            "mintimeuuid" | "min_timeuuid" => self.fixed(Function::MinTimeuuid, vec![Timestamp], Timeuuid),
            "maxtimeuuid" | "max_timeuuid" => self.fixed(Function::MaxTimeuuid, vec![Timestamp], Timeuuid),
            "todate" | "to_date" => of(Function::ToDate, Date),
            "totimestamp" | "to_timestamp" => of(Function::ToTimestamp, Timestamp),
            "tounixtimestamp" | "to_unix_timestamp" => of(Function::ToUnixTimestamp, Bigint),
            _ => return None,
        })
    }

    fn to_json(&self) -> Result<Signature, Error> {
        match self.arguments {
            [Some(t)] => self.fixed(Function::ToJson(t.clone()), vec![t.clone()], DataType::Text),
            _ => self.known(&[]).and_then(|t| self.fixed(Function::AsBlob, vec![t], DataType::Text)),
        }
    }

    fn of_json(&self, wanted: Option<&DataType>) -> Result<Signature, Error> {
        let Some(to) = wanted else {
            let name = self.name;
            let message = format!("{name}() cannot be used in the selection clause of a SELECT statement");
            return Err(Error::invalid(message));
        };
        let function = Function::Expression(Expression::FromJson(to.clone()));
        self.fixed(function, vec![DataType::Text], to.clone())
    }

    /// Resolves `intasblob`, `int_as_blob`, `blobasint`, `blob_as_int` and the like.
    fn blob_conversion(&self) -> Option<Result<Signature, Error>> {
        let native = |n: &str| DataType::native(n).filter(|t| *t != DataType::Blob);
        let name = self.name;
        if let Some(from) = name.strip_suffix("_as_blob").or_else(|| name.strip_suffix("asblob")).and_then(native) {
            return Some(self.fixed(Function::AsBlob, vec![from], DataType::Blob));
        }
        let to = name.strip_prefix("blob_as_").or_else(|| name.strip_prefix("blobas")).and_then(native)?;
        Some(self.fixed(Function::FromBlob(to.clone()), vec![DataType::Blob], to))
    }
}
