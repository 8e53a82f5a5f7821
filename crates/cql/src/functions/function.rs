//! A native function as plans hold it, and its evaluation.

use super::{Expression, json, time};
use crate::context::BindContext;
use crate::error::Error;
use henge_base::Random;
use henge_model::{DataType, PartitionKey};

/// A native function with its argument types.
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
    /// The bytes of a value, unchanged.
    AsBlob,
    /// Its name and its type's, as they are called.
    FromBlob(DataType, Box<str>),
    Token,
    ToJson(DataType),
    Expression(Expression),
}

/// The context of one call.
pub(crate) struct Call<'a> {
    pub(crate) context: &'a BindContext<'a>,
    /// The number of the row for which it is called.
    pub(crate) row: u64,
    /// The number of the call within the statement.
    pub(crate) ordinal: u32,
}

/// The bytes of a value that a message shows at most.
const MESSAGE_BYTES_MAX: usize = 64;

impl Function {
    /// The result for these arguments; `None` is null.
    pub(crate) fn call(&self, call: &Call<'_>, arguments: &[Option<&[u8]>]) -> Result<Option<Vec<u8>>, Error> {
        let now = call.context.now_us;
        let made = match self {
            Function::Now => time::timeuuid(now, call.random().bytes()).to_vec(),
            Function::Uuid => uuid::Builder::from_random_bytes(call.random().bytes()).into_uuid().as_bytes().to_vec(),
            Function::CurrentTimestamp => now.div_euclid(1_000).to_be_bytes().to_vec(),
            Function::CurrentDate => time::date(now.div_euclid(1_000)),
            Function::CurrentTime => (now.rem_euclid(86_400_000_000) * 1_000).to_be_bytes().to_vec(),
            Function::Token => return token(arguments),
            Function::Expression(expression) => return expression.call(arguments),
            Function::ToJson(data_type) => {
                let value = arguments.first().copied().flatten();
                let value = value.filter(|value| !value.is_empty() || !reads_empty_as_null(data_type));
                value.map_or_else(|| "null".to_owned(), |v| json::json(data_type, v)).into_bytes()
            }
            Function::MinTimeuuid
            | Function::MaxTimeuuid
            | Function::ToDate(_)
            | Function::ToTimestamp(_)
            | Function::ToUnixTimestamp(_)
                if arguments == [Some(&[][..])] =>
            {
                return Ok(None);
            }
            _ => match arguments {
                [Some(value)] => return self.convert(value).map(Some),
                _ => return Ok(None),
            },
        };
        Ok(Some(made))
    }

    /// Evaluates functions of one value; for null the caller returns null.
    fn convert(&self, value: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Function::MinTimeuuid => time::timeuuid_bound(value, false),
            Function::MaxTimeuuid => time::timeuuid_bound(value, true),
            Function::ToDate(from) => time::milliseconds(from, value).map(time::date),
            Function::ToTimestamp(from) | Function::ToUnixTimestamp(from) => {
                time::milliseconds(from, value).map(|ms| ms.to_be_bytes().to_vec())
            }
            Function::FromBlob(to, name) => match to.validate(value) {
                Ok(()) => Ok(value.to_vec()),
                Err(_) => {
                    let of = name.trim_start_matches("blobas").trim_start_matches("blob_as_");
                    let shown = henge_base::hex(value.get(..MESSAGE_BYTES_MAX).unwrap_or(value));
                    Err(Error::invalid(format!(
                        "In call to function system.{name}, value 0x{shown} is not a valid binary representation for type {of}"
                    )))
                }
            },
            _ => Ok(value.to_vec()),
        }
    }
}

/// True of types whose empty value is null to the functions that print it.
fn reads_empty_as_null(data_type: &DataType) -> bool {
    use DataType::{Bigint, Counter, Date, Decimal, Double, Float, Inet, Int, Time, Timestamp, Timeuuid, Uuid, Varint};
    matches!(
        data_type,
        Bigint | Counter | Date | Decimal | Double | Float | Inet | Int | Time | Timestamp | Timeuuid | Uuid | Varint
    )
}

impl Call<'_> {
    /// A random generator that differs for every call and row, and repeats if the request is replayed with the same
    /// seed.
    fn random(&self) -> Random {
        let call = self.context.seed ^ u64::from(self.ordinal).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Random::new(call.wrapping_add(self.row.wrapping_mul(0xd1b5_4a32_d192_ed03)))
    }
}

/// The token of a partition key's components; there is none of null.
fn token(components: &[Option<&[u8]>]) -> Result<Option<Vec<u8>>, Error> {
    let given: Option<Vec<&[u8]>> = components.iter().copied().collect();
    let Some(given) = given else { return Ok(None) };
    // An empty key cannot be stored; its token is the lowest, as in Cassandra.
    if given == [&[] as &[u8]] {
        return Ok(Some(i64::MIN.to_be_bytes().to_vec()));
    }
    let key = PartitionKey::from_components(&given).map_err(|e| Error::invalid(e.to_string()))?;
    Ok(Some(key.token().0.to_be_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_token_of_an_empty_key_is_the_lowest() {
        assert_eq!(super::token(&[Some(b"")]).unwrap().unwrap(), i64::MIN.to_be_bytes());
        assert!(super::token(&[Some(b""), Some(b"")]).is_ok());
        assert_eq!(super::token(&[None]), Ok(None));
    }
}
