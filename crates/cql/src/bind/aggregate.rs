//! The running state of aggregate functions.

use crate::error::Error;
use crate::functions::Decimal;
use crate::plan::{Aggregate, AggregatePlan};
use henge_base::Bytes;
use henge_model::DataType;
use num_bigint::BigInt;

/// The running state of one aggregate function.
pub(super) enum State {
    Count(i64),
    Extreme(Option<Bytes>),
    Integers {
        sum: BigInt,
        count: u64,
    },
    Floats {
        sum: f64,
        count: u64,
    },
    /// The sum so far; for AVG the average so far.
    Decimals {
        result: Decimal,
        count: u64,
    },
}

impl State {
    pub(super) fn new(plan: &AggregatePlan) -> State {
        match (plan.aggregate, &plan.data_type) {
            (Aggregate::Count, _) => State::Count(0),
            (Aggregate::Min | Aggregate::Max, _) => State::Extreme(None),
            (_, DataType::Float | DataType::Double) => State::Floats { sum: 0.0, count: 0 },
            (_, DataType::Decimal) => State::Decimals { result: Decimal::whole(BigInt::ZERO), count: 0 },
            _ => State::Integers { sum: BigInt::ZERO, count: 0 },
        }
    }

    /// Takes in a value that is not null.
    pub(super) fn add(&mut self, plan: &AggregatePlan, value: &Bytes) -> Result<(), Error> {
        match self {
            State::Count(count) => *count += 1,
            State::Extreme(best) => {
                let better = match (best.as_ref(), plan.aggregate) {
                    (None, _) => true,
                    (Some(b), Aggregate::Min) => plan.data_type.compare(value, b).is_lt(),
                    (Some(b), _) => plan.data_type.compare(value, b).is_gt(),
                };
                if better {
                    *best = Some(value.clone());
                }
            }
            State::Integers { sum, count } => {
                *sum += BigInt::from_signed_bytes_be(value);
                *count += 1;
            }
            State::Floats { sum, count } => {
                *sum += float(value);
                *count += 1;
            }
            State::Decimals { result, count } => {
                let Some(value) = Decimal::of_bytes(value) else { return Ok(()) };
                *count += 1;
                let next = match plan.aggregate {
                    Aggregate::Average => result.average_with(&value, *count),
                    _ => result.add(&value),
                };
                *result = next.map_err(|why| Error::invalid(why.to_string()))?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, plan: &AggregatePlan) -> Result<Option<Bytes>, Error> {
        let is_average = plan.aggregate == Aggregate::Average;
        Ok(match self {
            State::Extreme(value) => value,
            State::Count(count) => Some(Bytes::copy_from_slice(&count.to_be_bytes())),
            State::Integers { sum, count } => {
                let result = if is_average { sum / count.max(1) } else { sum };
                Some(integer_bytes(&result, &plan.data_type))
            }
            State::Floats { sum, count } => {
                let result = if is_average && count > 0 { sum / count as f64 } else { sum };
                Some(match plan.data_type {
                    DataType::Float => Bytes::copy_from_slice(&(result as f32).to_be_bytes()),
                    _ => Bytes::copy_from_slice(&result.to_be_bytes()),
                })
            }
            State::Decimals { result, .. } => {
                Some(result.to_bytes().map_err(|why| Error::invalid(why.to_string()))?.into())
            }
        })
    }
}

fn float(value: &[u8]) -> f64 {
    if let Ok(bytes) = value.try_into() {
        return f64::from_be_bytes(bytes);
    }
    value.try_into().map_or(0.0, |bytes| f64::from(f32::from_be_bytes(bytes)))
}

/// The number in the type's width. Overflow wraps, as in Cassandra.
fn integer_bytes(value: &BigInt, data_type: &DataType) -> Bytes {
    let width = match data_type {
        DataType::Tinyint => 1,
        DataType::Smallint => 2,
        DataType::Int => 4,
        DataType::Bigint | DataType::Counter => 8,
        _ => return value.to_signed_bytes_be().into(),
    };
    let bytes = value.to_signed_bytes_be();
    let fill = if value.sign() == num_bigint::Sign::Minus { 0xff } else { 0 };
    let mut out = vec![fill; width];
    let taken = bytes.len().min(width);
    out[width - taken..].copy_from_slice(&bytes[bytes.len() - taken..]);
    out.into()
}
