//! The native functions: a line each, with names, parameters, and the way to signature and evaluation. `T_as_blob` and
//! `blob_as_T` are not in it: their names follow from the types.

use super::collections::OfCollection;
use super::invocation::{Invocation, Parameters};
use super::mask::MaskedPart;
use super::math::Math;
use super::similarity::Similarity;
use super::{Expression, Function, Signature};
use crate::error::Error;
use henge_model::DataType;

/// A native function.
pub(super) struct NativeFunction {
    /// Its names, lower case.
    pub(super) names: &'static [&'static str],
    pub(super) parameters: Parameters,
    /// Gives the signature of a call. It holds the evaluator.
    pub(super) resolve: fn(&Invocation<'_>) -> Result<Signature, Error>,
}

/// The types that each time conversion accepts.
const TO_DATE: &[DataType] = &[DataType::Timeuuid, DataType::Timestamp];
const TO_TIMESTAMP: &[DataType] = &[DataType::Timeuuid, DataType::Date];
const TO_UNIX_TIMESTAMP: &[DataType] = &[DataType::Timeuuid, DataType::Timestamp, DataType::Date];

/// A function with a signature for each type.
const fn typed_function(
    names: &'static [&'static str],
    arity: usize,
    resolve: fn(&Invocation<'_>) -> Result<Signature, Error>,
) -> NativeFunction {
    NativeFunction { names, parameters: Parameters { arity: (arity, arity), text: "", requirement: "" }, resolve }
}

/// A function whose signature follows from its arguments; texts for messages.
const fn generic(
    names: &'static [&'static str],
    arity: (usize, usize),
    (text, requirement): (&'static str, &'static str),
    resolve: fn(&Invocation<'_>) -> Result<Signature, Error>,
) -> NativeFunction {
    NativeFunction { names, parameters: Parameters { arity, text, requirement }, resolve }
}

const MAP: (&str, &str) = ("map", "a map argument");
const COLLECTION: (&str, &str) = ("collection", "a collection argument");
const SET_OR_LIST: (&str, &str) = ("set_or_list", "a set or list argument");
const NUMBERS: (&str, &str) = ("numeric_set_or_list", "a numeric set/list argument");
const VECTORS: (&str, &str) = ("vector<float, n>, vector<float, n>", "a float vector argument");
const TEXT_MASK: (&str, &str) = ("[text|varchar|ascii], int, int, [text]", "an argument of type [text|varchar|ascii]");
const ANY_ARGUMENT: &str = "another argument";

/// Every native function, in the order of the documentation.
#[rustfmt::skip]
const REGISTRY: &[NativeFunction] = &[
    typed_function(&["fromjson", "from_json"], 1, |call| call.json_value()),
    typed_function(&["now", "currenttimeuuid", "current_timeuuid"], 0, |call| call.fixed_signature(Function::Now, vec![], DataType::Timeuuid)),
    typed_function(&["uuid"], 0, |call| call.fixed_signature(Function::Uuid, vec![], DataType::Uuid)),
    typed_function(&["token"], 0, |call| call.token()),
    typed_function(&["currenttimestamp", "current_timestamp"], 0, |call| call.fixed_signature(Function::CurrentTimestamp, vec![], DataType::Timestamp)),
    typed_function(&["currentdate", "current_date"], 0, |call| call.fixed_signature(Function::CurrentDate, vec![], DataType::Date)),
    typed_function(&["currenttime", "current_time"], 0, |call| call.fixed_signature(Function::CurrentTime, vec![], DataType::Time)),
    typed_function(&["mintimeuuid", "min_timeuuid"], 1, |call| call.fixed_signature(Function::MinTimeuuid, vec![DataType::Timestamp], DataType::Timeuuid)),
    typed_function(&["maxtimeuuid", "max_timeuuid"], 1, |call| call.fixed_signature(Function::MaxTimeuuid, vec![DataType::Timestamp], DataType::Timeuuid)),
    typed_function(&["todate", "to_date"], 1, |call| call.one_of(TO_DATE, Function::ToDate, DataType::Date)),
    typed_function(&["totimestamp", "to_timestamp"], 1, |call| call.one_of(TO_TIMESTAMP, Function::ToTimestamp, DataType::Timestamp)),
    typed_function(&["tounixtimestamp", "to_unix_timestamp"], 1, |call| call.one_of(TO_UNIX_TIMESTAMP, Function::ToUnixTimestamp, DataType::Bigint)),
    typed_function(&["tojson", "to_json"], 1, |call| call.to_json()),
    typed_function(&["abs"], 1, |call| call.math(Math::Abs)),
    typed_function(&["exp"], 1, |call| call.math(Math::Exp)),
    typed_function(&["log"], 1, |call| call.math(Math::Log)),
    typed_function(&["log10"], 1, |call| call.math(Math::Log10)),
    typed_function(&["round"], 1, |call| call.math(Math::Round)),
    generic(&["floor"], (2, 3), ("", ""), |call| call.floor()),
    generic(&["map_keys"], (1, 1), MAP, |call| call.of_collection(OfCollection::Keys)),
    generic(&["map_values"], (1, 1), MAP, |call| call.of_collection(OfCollection::Values)),
    generic(&["collection_count"], (1, 1), COLLECTION, |call| call.of_collection(OfCollection::Count)),
    generic(&["collection_min"], (1, 1), SET_OR_LIST, |call| call.of_collection(OfCollection::Min)),
    generic(&["collection_max"], (1, 1), SET_OR_LIST, |call| call.of_collection(OfCollection::Max)),
    generic(&["collection_sum"], (1, 1), NUMBERS, |call| call.of_collection(OfCollection::Sum)),
    generic(&["collection_avg"], (1, 1), NUMBERS, |call| call.of_collection(OfCollection::Average)),
    generic(&["mask_null"], (1, 1), ("any", ANY_ARGUMENT), |call| call.mask(|_| Expression::Null, &[])),
    generic(&["mask_default"], (1, 1), ("any", ANY_ARGUMENT), |call| call.mask(|of| Expression::MaskDefault(of.clone()), &[])),
    generic(&["mask_replace"], (2, 2), ("any, any", ANY_ARGUMENT), |call| call.mask_replace()),
    generic(&["mask_inner"], (3, 4), TEXT_MASK, |call| call.mask_text(MaskedPart::Inner)),
    generic(&["mask_outer"], (3, 4), TEXT_MASK, |call| call.mask_text(MaskedPart::Outer)),
    generic(&["mask_hash"], (1, 2), ("any, [text]", ANY_ARGUMENT), |call| call.mask(|_| Expression::Hash, &[DataType::Text])),
    generic(&["similarity_cosine"], (2, 2), VECTORS, |call| call.similarity(Similarity::Cosine)),
    generic(&["similarity_euclidean"], (2, 2), VECTORS, |call| call.similarity(Similarity::Euclidean)),
    generic(&["similarity_dot_product"], (2, 2), VECTORS, |call| call.similarity(Similarity::DotProduct)),
];

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static NativeFunction> {
    REGISTRY.iter().find(|function| function.names.contains(&name))
}

/// Every name in the registry.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().flat_map(|function| function.names.iter().copied())
}

/// The types that a time conversion accepts; empty for other functions.
pub(crate) fn time_conversion_types(name: &str) -> &'static [DataType] {
    match name {
        "todate" | "to_date" => TO_DATE,
        "totimestamp" | "to_timestamp" => TO_TIMESTAMP,
        "tounixtimestamp" | "to_unix_timestamp" => TO_UNIX_TIMESTAMP,
        _ => &[],
    }
}

/// The minimum and maximum number of arguments of a masking function, including the column, and their types; `None` for
/// other functions.
pub(crate) fn masking_parameters(name: &str) -> Option<(usize, usize, &'static str)> {
    let parameters = &find(name).filter(|_| name.starts_with("mask_"))?.parameters;
    Some((parameters.arity.0, parameters.arity.1, parameters.text))
}
