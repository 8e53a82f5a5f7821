//! `MASKED WITH`: resolves the masking function and evaluates its arguments.

use crate::context::BindContext;
use crate::error::Error;
use crate::functions::{self, Function, Signature, masking, masking_parameters};
use crate::prepare::scope::Scope;
use crate::prepare::select::aggregate::aggregate;
use crate::prepare::term::data_type::Types;
use crate::prepare::term::marker::Markers;
use crate::prepare::term::term_text::value_name;
use crate::prepare::term::terms::Terms;
use crate::statement::{MaskCall, MaskClause, Name, Term};
use henge_model::TableChange;
use henge_model::{ColumnMask, DataType, MaskArgument, StorageId, Table, TableHistory, TableId, TableOptions};

/// The function behind `MASKED WITH DEFAULT`.
const DEFAULT: &str = "mask_default";

/// Resolves the mask of a column of that type.
pub(crate) fn column_mask(
    masked: &MaskClause,
    column: &str,
    data_type: &DataType,
    types: Types<'_>,
) -> Result<ColumnMask, Error> {
    let Some(call) = &masked.call else {
        return Ok(ColumnMask { function: DEFAULT.to_owned(), arguments: Vec::new() });
    };
    let shown = call_text(call);
    let table = nothing_of(types.keyspace);
    check_function(call, column, &shown, &table)?;
    let scope = Scope { schema: types.schema, keyspace: Some(types.keyspace) };
    let mut markers = Markers::default();
    let mut terms = Terms::of(&table, &scope, &mut markers);
    let function = &call.function.text;
    let signature = signature(call, data_type)?;
    let mut arguments = Vec::with_capacity(call.arguments.len());
    for (i, (term, parameter)) in call.arguments.iter().zip(signature.parameters.iter().skip(1)).enumerate() {
        let value =
            constant(term, parameter, &format!("argument {} of function system.{function}", i + 1), &mut terms)?;
        arguments.push(MaskArgument { data_type: parameter.clone(), value });
    }
    if signature.result.unfrozen() != data_type.unfrozen() {
        return Err(Error::invalid(format!(
            "Masking function {shown} return type is {}. This is different to the type of the masked column {column} of type \
             {data_type}. Masking functions can only be attached to table columns if they return the same data type as the \
             masked column.",
            signature.result
        )));
    }
    Ok(ColumnMask { function: function.clone(), arguments })
}

/// Resolves `ALTER TABLE t ALTER column ...`. For an unknown column nothing is checked, since the metadata log refuses
/// it.
pub(crate) fn prepare_mask_change(
    table: Option<&Table>,
    column: &Name,
    masked: Option<&MaskClause>,
    if_exists: bool,
    types: Types<'_>,
) -> Result<TableChange, Error> {
    let data_type = table.and_then(|table| table.column(&column.text)).map(|found| found.data_type.clone());
    let mask = match (&data_type, masked) {
        (Some(data_type), Some(masked)) => Some(column_mask(masked, &column.text, data_type, types)?),
        // A placeholder mask, so that the statement is still refused where masking is disabled.
        (None, Some(_)) => Some(ColumnMask { function: DEFAULT.to_owned(), arguments: Vec::new() }),
        (_, None) => None,
    };
    Ok(TableChange::Mask { column: column.text.clone(), data_type, mask, if_exists })
}

fn call_text(call: &MaskCall) -> String {
    let keyspace = call.keyspace.as_ref().map_or_else(String::new, |keyspace| format!("{}.", keyspace.text));
    let arguments: Vec<String> = call.arguments.iter().map(value_name).collect();
    format!("{keyspace}{}({})", call.function.text, arguments.join(", "))
}

/// Refuses functions that are not masking functions.
fn check_function(call: &MaskCall, column: &str, shown: &str, table: &Table) -> Result<(), Error> {
    let name = call.function.text.as_str();
    let is_ours = call.keyspace.as_ref().is_none_or(|keyspace| keyspace.text == "system");
    if is_ours && masking_parameters(name).is_some() {
        return Ok(());
    }
    let is_known = functions::signature(name, &[], table, None, &[]).is_some();
    let refused = match (is_ours, aggregate(name).is_some(), is_known) {
        (true, true, _) => format!("Aggregate function {shown} cannot be used for masking table columns"),
        (true, false, true) => format!("Not-masking function {shown} cannot be used for masking table columns"),
        _ => {
            format!("Unable to find masking function for {column}, no declared function matches the signature {shown}")
        }
    };
    Err(Error::invalid(refused))
}

fn signature(call: &MaskCall, data_type: &DataType) -> Result<Signature, Error> {
    let name = call.function.text.as_str();
    let (least, most, parameters) = masking_parameters(name).unwrap_or_default();
    if !(least..=most).contains(&(call.arguments.len() + 1)) {
        return Err(Error::invalid(format!("Invalid number of arguments for function system.{name}({parameters})")));
    }
    // The parameter types of a masking function do not depend on the given argument types.
    masking(name, data_type, call.arguments.iter().map(|_| DataType::Int))
}

/// Evaluates a term that contains no marker, column or time.
fn constant(term: &Term, data_type: &DataType, what: &str, terms: &mut Terms<'_>) -> Result<Option<Vec<u8>>, Error> {
    let source = terms.source(term, data_type, what)?;
    if terms.markers.count() > 0 {
        return Err(Error::invalid("a mask has no bind markers").at(term.position));
    }
    Ok(source.evaluate(&BindContext::constant())?.or_null(what)?.map(|value| value.into_owned()))
}

/// An empty table for resolving the arguments of a mask, which refer to no column.
fn nothing_of(keyspace: &str) -> Table {
    Table {
        id: TableId::nil(),
        storage_id: StorageId(0),
        keyspace: keyspace.to_owned(),
        name: String::new(),
        partition_key: Vec::new(),
        clustering: Vec::new(),
        statics: Vec::new(),
        regulars: Vec::new(),
        options: TableOptions::default(),
        indexes: Vec::new(),
        history: TableHistory::default(),
        masks: Default::default(),
    }
}

/// The function of a mask on a column of that type; `None` if it does not return that type.
pub(crate) fn function_of(mask: &ColumnMask, data_type: &DataType) -> Option<Function> {
    let given = mask.arguments.iter().map(|argument| argument.data_type.clone());
    let signature = masking(&mask.function, data_type, given).ok()?;
    (signature.result.unfrozen() == data_type.unfrozen()).then_some(signature.function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{error, prepare_text, schema};
    use crate::plan::{Plan, SchemaChange};

    fn mask(data_type: &str, masked: &str) -> Result<String, String> {
        let text = format!("CREATE TABLE t (k int PRIMARY KEY, a {data_type} MASKED WITH {masked})");
        let prepared = prepare_text(&text).map_err(|e| e.message)?;
        let Plan::Schema(change) = prepared.plan else { panic!("{text}") };
        assert!(change.needs_masking());
        let SchemaChange::CreateTable { draft, .. } = change else { panic!("{text}") };
        Ok(draft.regulars[0].mask.as_ref().unwrap().to_string())
    }

    #[test]
    fn a_mask_is_a_function_with_constants() {
        for (data_type, masked, stored) in [
            ("text", "DEFAULT", "mask_default()"),
            ("text", "mask_default()", "mask_default()"),
            ("text", "system.mask_null()", "mask_null()"),
            ("text", "mask_inner(1, null)", "mask_inner(1, null)"),
            ("ascii", "mask_outer((int)1, 1 + 1, '#')", "mask_outer(1, 2, '#')"),
            ("bigint", "mask_replace(5)", "mask_replace(5)"),
            ("set<int>", "mask_replace({1, 2})", "mask_replace({1, 2})"),
            ("blob", "mask_hash('MD5')", "mask_hash('MD5')"),
            ("date", "mask_replace('2020-01-01')", "mask_replace('2020-01-01')"),
        ] {
            assert_eq!(mask(data_type, masked), Ok(format!("system.{stored}")), "{masked}");
        }
    }

    #[test]
    fn what_masks_nothing_is_refused() {
        for (data_type, masked, message) in [
            (
                "int",
                "nope()",
                "Unable to find masking function for a, no declared function matches the signature nope()",
            ),
            ("int", "ks.mask_default()", "no declared function matches the signature ks.mask_default()"),
            ("int", "abs()", "Not-masking function abs() cannot be used for masking table columns"),
            ("text", "to_json()", "Not-masking function to_json() cannot be used for masking table columns"),
            ("text", "blob_as_text()", "Not-masking function blob_as_text() cannot be used"),
            ("int", "max()", "Aggregate function max() cannot be used for masking table columns"),
            (
                "int",
                "mask_hash()",
                "Masking function mask_hash() return type is blob. This is different to the type of",
            ),
            ("text", "mask_hash('MD5')", "Masking function mask_hash('MD5') return type is blob."),
            ("text", "mask_inner(1)", "function system.mask_inner([text|varchar|ascii], int, int, [text])"),
            ("int", "mask_replace(1, 2)", "Invalid number of arguments for function system.mask_replace(any, any)"),
            ("int", "mask_inner(1, 1)", "requires an argument of type [text|varchar|ascii]"),
            ("text", "mask_inner('a', 1)", "STRING"),
            ("text", "mask_replace(1)", "INTEGER"),
            ("text", "mask_replace(?)", "bind markers"),
            ("text", "mask_replace(k)", "nothing of other columns"),
        ] {
            let refused = mask(data_type, masked).unwrap_err();
            assert!(refused.contains(message), "{masked}: {refused}");
        }
    }

    #[test]
    fn masks_come_and_go() {
        let change = |text: &str| match prepare_text(text).unwrap().plan {
            Plan::Schema(SchemaChange::AlterTable { change, .. }) => change,
            other => panic!("{other:?}"),
        };
        let TableChange::Mask { mask: Some(mask), if_exists: false, .. } =
            change("ALTER TABLE kv ALTER w MASKED WITH mask_inner(1, 2)")
        else {
            panic!("a mask")
        };
        assert_eq!(mask.to_string(), "system.mask_inner(1, 2)");
        assert!(matches!(
            change("ALTER TABLE kv ALTER IF EXISTS w DROP MASKED"),
            TableChange::Mask { mask: None, if_exists: true, .. }
        ));
        assert_eq!(error("ALTER TABLE kv ALTER w TYPE int").message, "Altering column types is no longer supported");
        assert!(function_of(&mask, &DataType::Text).is_some() && function_of(&mask, &DataType::Int).is_none());
        assert!(schema().table("ks", "kv").unwrap().masks.is_empty());
    }
}
