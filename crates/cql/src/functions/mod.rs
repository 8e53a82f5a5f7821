//! Native functions: which there are, what they take, and what they answer.

pub(crate) mod arithmetic;
mod cast;
mod collections;
mod decimal;
mod expression;
mod failure;
mod floor;
mod generic;
pub(crate) mod json;
mod logarithm;
mod mask;
mod math;
mod number;
mod similarity;
mod time;

pub(crate) use cast::{cast_signature, cast_target};
pub(crate) use decimal::Decimal;
pub(crate) use expression::Expression;
pub(crate) use generic::Argument;
pub(crate) use time::{appended, prepended};

use crate::bind::BindContext;
use crate::error::Error;
use henge_base::Random;
use henge_model::{DataType, PartitionKey, Table};

/// A native function, settled for the types of its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Function {
    Now,
    Uuid,
    CurrentTimestamp,
    CurrentDate,
    CurrentTime,
    MinTimeuuid,
    MaxTimeuuid,
    ToDate(DataType),
    ToTimestamp(DataType),
    ToUnixTimestamp(DataType),
    /// The bytes of a value; types with no bytes of their own are not asked.
    AsBlob,
    FromBlob(DataType),
    Token,
    ToJson(DataType),
    Expression(Expression),
}

/// A function with the types it takes and gives.
pub(crate) struct Signature {
    pub(crate) function: Function,
    pub(crate) parameters: Vec<DataType>,
    pub(crate) result: DataType,
}

/// The circumstances of one call.
pub(crate) struct Call<'a> {
    pub(crate) context: &'a BindContext<'a>,
    /// The number of the row it is called for.
    pub(crate) row: u64,
    /// Which call of the statement.
    pub(crate) ordinal: u32,
}

/// Every name that [`signature`] knows, for hints; `asblob` and its like aside.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(generic::NAMES)
}

const NAMES: [&str; 25] = [
    "fromjson",
    "from_json",
    "now",
    "uuid",
    "token",
    "currenttimeuuid",
    "current_timeuuid",
    "currenttimestamp",
    "current_timestamp",
    "currentdate",
    "current_date",
    "currenttime",
    "current_time",
    "mintimeuuid",
    "min_timeuuid",
    "maxtimeuuid",
    "max_timeuuid",
    "todate",
    "to_date",
    "totimestamp",
    "to_timestamp",
    "tounixtimestamp",
    "to_unix_timestamp",
    "tojson",
    "to_json",
];

/// The function of that name for arguments of these types; `None` for a type that is not known. `table` is what `token` is of,
/// `wanted` the type of the place the call stands in, if that is known, and `given` the arguments themselves.
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
    let signature = |function, parameters: Vec<DataType>, result| {
        if parameters.len() == arguments.len() {
            return Ok(Signature { function, parameters, result });
        }
        let message = format!(
            "Invalid number of arguments for function {name}: {} required but {} provided",
            parameters.len(),
            arguments.len()
        );
        Err(Error::invalid(message))
    };
    let known = |wanted: &[DataType]| match arguments {
        [Some(t)] if wanted.contains(t) => Ok(t.clone()),
        [_] => Err(Error::invalid(format!(
            "Ambiguous or wrong argument for function {name}: give a value of one of its types, or a type hint"
        ))),
        _ => Err(Error::invalid(format!(
            "Invalid number of arguments for function {name}: 1 required but {} provided",
            arguments.len()
        ))),
    };
    let of_time = |wanted: &[DataType], make: fn(DataType) -> Function, result| {
        known(wanted).and_then(|t| signature(make(t.clone()), vec![t], result))
    };
    Some(match name {
        "now" | "currenttimeuuid" | "current_timeuuid" => signature(Function::Now, vec![], DataType::Timeuuid),
        "uuid" => signature(Function::Uuid, vec![], DataType::Uuid),
        "currenttimestamp" | "current_timestamp" => signature(Function::CurrentTimestamp, vec![], DataType::Timestamp),
        "currentdate" | "current_date" => signature(Function::CurrentDate, vec![], DataType::Date),
        "currenttime" | "current_time" => signature(Function::CurrentTime, vec![], DataType::Time),
        "mintimeuuid" | "min_timeuuid" => {
            signature(Function::MinTimeuuid, vec![DataType::Timestamp], DataType::Timeuuid)
        }
        "maxtimeuuid" | "max_timeuuid" => {
            signature(Function::MaxTimeuuid, vec![DataType::Timestamp], DataType::Timeuuid)
        }
        "todate" | "to_date" => of_time(&[DataType::Timeuuid, DataType::Timestamp], Function::ToDate, DataType::Date),
        "totimestamp" | "to_timestamp" => {
            of_time(&[DataType::Timeuuid, DataType::Date], Function::ToTimestamp, DataType::Timestamp)
        }
        "tounixtimestamp" | "to_unix_timestamp" => {
            let wanted = [DataType::Timeuuid, DataType::Timestamp, DataType::Date];
            of_time(&wanted, Function::ToUnixTimestamp, DataType::Bigint)
        }
        "token" => {
            let types = table.partition_key.iter().map(|c| c.data_type.clone()).collect();
            signature(Function::Token, types, DataType::Bigint)
        }
        "tojson" | "to_json" => match arguments {
            [Some(t)] => signature(Function::ToJson(t.clone()), vec![t.clone()], DataType::Text),
            _ => known(&[]).and_then(|t| signature(Function::AsBlob, vec![t], DataType::Text)),
        },
        "fromjson" | "from_json" => match wanted {
            Some(to) => {
                let function = Function::Expression(Expression::FromJson(to.clone()));
                signature(function, vec![DataType::Text], to.clone())
            }
            None => {
                let message = format!("{name}() cannot be used in the selection clause of a SELECT statement");
                Err(Error::invalid(message))
            }
        },
        _ => return blob_conversion(name).map(|(function, from, to)| signature(function, vec![from], to)),
    })
}

/// `intasblob`, `int_as_blob`, `blobasint`, `blob_as_int` and so on.
fn blob_conversion(name: &str) -> Option<(Function, DataType, DataType)> {
    let native = |n: &str| DataType::native(n).filter(|t| *t != DataType::Blob);
    if let Some(from) = name.strip_suffix("_as_blob").or_else(|| name.strip_suffix("asblob")).and_then(native) {
        return Some((Function::AsBlob, from, DataType::Blob));
    }
    let to = name.strip_prefix("blob_as_").or_else(|| name.strip_prefix("blobas")).and_then(native)?;
    Some((Function::FromBlob(to.clone()), DataType::Blob, to))
}

impl Function {
    /// The answer for these arguments; null is `None`.
    pub(crate) fn call(&self, call: &Call<'_>, arguments: &[Option<&[u8]>]) -> Result<Option<Vec<u8>>, Error> {
        let now = call.context.now_us;
        let made = match self {
            Function::Now => time::timeuuid(now, call.random().bytes()).to_vec(),
            Function::Uuid => uuid::Builder::from_random_bytes(call.random().bytes()).into_uuid().as_bytes().to_vec(),
            Function::CurrentTimestamp => now.div_euclid(1_000).to_be_bytes().to_vec(),
            Function::CurrentDate => time::date(now.div_euclid(1_000)),
            Function::CurrentTime => (now.rem_euclid(86_400_000_000) * 1_000).to_be_bytes().to_vec(),
            Function::Token => return token(arguments).map(Some),
            Function::Expression(expression) => return expression.call(arguments),
            Function::ToJson(data_type) => {
                let value = arguments.first().copied().flatten();
                value.map_or_else(|| "null".to_owned(), |v| json::json(data_type, v)).into_bytes()
            }
            _ => match arguments {
                [Some(value)] => return self.convert(value).map(Some),
                _ => return Ok(None),
            },
        };
        Ok(Some(made))
    }

    /// Functions of one value, which of null are null.
    fn convert(&self, value: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Function::MinTimeuuid => time::bound(value, false),
            Function::MaxTimeuuid => time::bound(value, true),
            Function::ToDate(from) => time::milliseconds(from, value).map(time::date),
            Function::ToTimestamp(from) | Function::ToUnixTimestamp(from) => {
                time::milliseconds(from, value).map(|ms| ms.to_be_bytes().to_vec())
            }
            Function::FromBlob(to) => match to.validate(value) {
                Ok(()) => Ok(value.to_vec()),
                Err(e) => Err(Error::invalid(format!("In call to function system.blob_as_{to}: {e}"))),
            },
            _ => Ok(value.to_vec()),
        }
    }
}

impl Call<'_> {
    /// Chance that differs for every call and row, and is the same when the request is replayed.
    fn random(&self) -> Random {
        let call = self.context.seed ^ u64::from(self.ordinal).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Random::new(call.wrapping_add(self.row.wrapping_mul(0xd1b5_4a32_d192_ed03)))
    }
}

/// The token of a partition key's components.
fn token(components: &[Option<&[u8]>]) -> Result<Vec<u8>, Error> {
    let given: Option<Vec<&[u8]>> = components.iter().copied().collect();
    let given = given.ok_or_else(|| Error::invalid("Invalid null value in call to function token"))?;
    let key = PartitionKey::from_components(&given).map_err(|e| Error::invalid(e.to_string()))?;
    Ok(key.token().0.to_be_bytes().to_vec())
}
