//! Resolution of functions by name and argument types.

use super::invocation::Invocation;
use super::signature::check_arity;
use super::{Argument, Function, Signature, no_signature, registry};
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
    let Some(function) = registry::find(name) else {
        let (function, from, to) = blob_conversion(name)?;
        return Some(check_arity(name, arguments.len(), Signature { function, parameters: vec![from], result: to }));
    };
    let partition_key = &table.partition_key;
    Some((function.resolve)(&Invocation {
        parameters: &function.parameters,
        name,
        arguments: given,
        types: arguments,
        partition_key,
        wanted,
    }))
}

/// `intasblob`, `int_as_blob`, `blobasint`, `blob_as_int` and the like, with the types of argument and result.
fn blob_conversion(name: &str) -> Option<(Function, DataType, DataType)> {
    let native = |n: &str| DataType::native(n).filter(|t| *t != DataType::Blob);
    if let Some(from) = name.strip_suffix("_as_blob").or_else(|| name.strip_suffix("asblob")).and_then(native) {
        return Some((Function::AsBlob, from, DataType::Blob));
    }
    let to = name.strip_prefix("blob_as_").or_else(|| name.strip_prefix("blobas")).and_then(native)?;
    Some((Function::FromBlob(to.clone(), name.into()), DataType::Blob, to))
}

/// The function that masks a column of that type, for further arguments of the `given` types.
pub(crate) fn masking(
    name: &str,
    column: &DataType,
    given: impl Iterator<Item = DataType>,
) -> Result<Signature, Error> {
    let known = |data_type: DataType| {
        let shown = data_type.to_string();
        Argument { data_type: Some(data_type), is_literal: false, elements: None, shown }
    };
    let arguments: Vec<Argument> = std::iter::once(column.clone()).chain(given).map(known).collect();
    let function = registry::find(name).ok_or_else(|| no_signature(name))?;
    (function.resolve)(&Invocation {
        parameters: &function.parameters,
        name,
        arguments: &arguments,
        types: &[],
        partition_key: &[],
        wanted: None,
    })
}
