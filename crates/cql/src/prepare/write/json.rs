//! `INSERT ... JSON`: an INSERT of all columns, whose values are in a JSON document.

use crate::bind::fill_from_json;
use crate::error::Error;
use crate::plan::{JsonPlan, ModifyPlan};
use crate::prepare::term::terms::Terms;
use crate::prepare::write::compact;
use crate::statement::{Constant, Term, TermKind};
use henge_model::DataType;

/// Completes the plan of an INSERT, in which `plan` already has the table, TTL and timestamp.
pub(crate) fn insert(
    document: &Term,
    default_unset: bool,
    plan: ModifyPlan,
    terms: &mut Terms<'_>,
) -> Result<ModifyPlan, Error> {
    let (position, plan) = (document.position, ModifyPlan { by_document: true, ..plan });
    compact::check_json(&plan.table).map_err(|error| error.at(position))?;
    match &document.kind {
        TermKind::Constant(Constant::String(text)) => {
            fill_from_json(&plan, text, default_unset).map_err(|error| error.at(position))
        }
        TermKind::Marker(_) => {
            let document = terms.source(document, &DataType::Text, "[json]")?;
            Ok(ModifyPlan { json: Some(JsonPlan { document, default_unset }), ..plan })
        }
        _ => Err(Error::syntax(position, "expected a string or a bind marker")),
    }
}
