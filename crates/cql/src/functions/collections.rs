//! Functions of one collection: `map_keys`, `map_values` and `collection_*`.

use super::decimal::Decimal;
use super::failure::failure;
use super::number::{Number, is_number};
use super::number_error::NumberError;
use crate::collection;
use crate::error::Error;
use henge_model::DataType;
use num_bigint::BigInt;
use std::borrow::Cow;

/// A function of one collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfCollection {
    Keys,
    Values,
    Count,
    Min,
    Max,
    Sum,
    Average,
}

impl OfCollection {
    /// The type of the result for a collection of type `of`; `None` if the function does not take that type.
    pub(super) fn result_type(self, of: &DataType) -> Option<DataType> {
        match (self, of.unfrozen()) {
            (OfCollection::Keys, DataType::Map(key, _)) => Some(DataType::Set(key.clone())),
            (OfCollection::Values, DataType::Map(_, value)) => Some(DataType::List(value.clone())),
            (OfCollection::Count, DataType::Map(..) | DataType::List(_) | DataType::Set(_)) => Some(DataType::Int),
            (OfCollection::Min | OfCollection::Max, DataType::List(e) | DataType::Set(e)) => Some(DataType::clone(e)),
            (OfCollection::Sum | OfCollection::Average, DataType::List(e) | DataType::Set(e)) if is_number(e) => {
                Some(DataType::clone(e))
            }
            _ => None,
        }
    }

    /// The result for a collection that is not null.
    pub(super) fn call(self, of: &DataType, value: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let invalid = || Error::invalid(format!("not a valid {of}"));
        let parts: Vec<&[u8]> = match value {
            // An empty value is read as an empty collection.
            [] => Vec::new(),
            _ => collection::parts(of, value).ok_or_else(invalid)?.into_iter().filter_map(|(_, part)| part).collect(),
        };
        let (element, entries) = match of.unfrozen() {
            DataType::Map(key, _) => (&**key, 2),
            DataType::List(element) | DataType::Set(element) => (&**element, 1),
            _ => return Err(invalid()),
        };
        match self {
            OfCollection::Keys | OfCollection::Values => {
                let skipped = usize::from(self == OfCollection::Values);
                let taken = parts.into_iter().skip(skipped).step_by(2).map(|part| Some(Cow::Borrowed(part)));
                let result = self.result_type(of).ok_or_else(invalid)?;
                collection::build(&result, &taken.collect::<Vec<_>>()).map(Some)
            }
            OfCollection::Count => {
                let count = i32::try_from(parts.len() / entries).unwrap_or(i32::MAX);
                Ok(Some(count.to_be_bytes().to_vec()))
            }
            OfCollection::Min => Ok(parts.into_iter().min_by(|a, b| element.compare(a, b)).map(<[u8]>::to_vec)),
            OfCollection::Max => Ok(parts.into_iter().max_by(|a, b| element.compare(a, b)).map(<[u8]>::to_vec)),
            OfCollection::Sum | OfCollection::Average => {
                let made = self.of_numbers(element, &parts);
                let name = if self == OfCollection::Sum { "collection_sum" } else { "collection_avg" };
                made.map(Some).map_err(|why| failure(name, &[of], why))
            }
        }
    }

    fn of_numbers(self, element: &DataType, parts: &[&[u8]]) -> Result<Vec<u8>, NumberError> {
        let numbers = parts.iter().map(|part| Number::of_bytes(element, part));
        let numbers: Vec<Number> = numbers.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let count = numbers.len();
        let is_average = self == OfCollection::Average && count > 0;
        match element {
            DataType::Float | DataType::Double => {
                // From 0 on, so that -0.0 alone comes to 0.0.
                let sum = numbers.iter().map(Number::to_f64).fold(0.0, |sum, number| sum + number);
                Number::Double(if is_average { sum / count as f64 } else { sum }).to_bytes(element)
            }
            DataType::Decimal => {
                let mut result = Decimal::whole(BigInt::ZERO);
                for (i, number) in (1u64..).zip(&numbers) {
                    let number = number.to_decimal()?;
                    result = if is_average { result.average_with(&number, i)? } else { result.add(&number)? };
                }
                result.to_bytes()
            }
            _ => {
                let mut sum = BigInt::ZERO;
                for number in &numbers {
                    sum += number.to_varint()?;
                }
                Number::Varint(if is_average { sum / count } else { sum }).to_bytes(element)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(element: &DataType, values: &[&[u8]]) -> (DataType, Vec<u8>) {
        let of = DataType::List(Box::new(element.clone()));
        let parts: Vec<_> = values.iter().map(|v| Some(Cow::Borrowed(*v))).collect();
        let bytes = collection::build(&of, &parts).unwrap();
        (of, bytes)
    }

    #[test]
    fn numbers_are_summed_in_their_own_type() {
        let (of, bytes) = list(&DataType::Tinyint, &[&[100], &[100]]);
        assert_eq!(OfCollection::Sum.call(&of, &bytes).unwrap(), Some(vec![(-56i8) as u8]));
        assert_eq!(OfCollection::Average.call(&of, &bytes).unwrap(), Some(vec![100]));
        assert_eq!(OfCollection::Max.call(&of, &bytes).unwrap(), Some(vec![100]));
        let (of, bytes) = list(&DataType::Int, &[]);
        assert_eq!(OfCollection::Sum.call(&of, &bytes).unwrap(), Some(vec![0; 4]));
        assert_eq!(OfCollection::Min.call(&of, &bytes).unwrap(), None);
    }

    #[test]
    fn types_decide_which_functions_there_are() {
        let map = DataType::Map(Box::new(DataType::Text), Box::new(DataType::Int));
        assert_eq!(OfCollection::Keys.result_type(&map), Some(DataType::Set(Box::new(DataType::Text))));
        assert_eq!(OfCollection::Sum.result_type(&map), None);
        assert_eq!(OfCollection::Sum.result_type(&DataType::List(Box::new(DataType::Text))), None);
        assert_eq!(OfCollection::Count.result_type(&DataType::Int), None);
        let broken = OfCollection::Count.call(&map, &[0, 0, 0, 9]);
        assert!(broken.is_err());
    }
}
