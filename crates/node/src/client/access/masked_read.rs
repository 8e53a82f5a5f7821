//! SELECTs of tables with masked columns.

use henge_cql::{Plan, SelectPlan};
use henge_model::Resource;

/// A SELECT of a table with masked columns.
#[derive(Clone, Debug)]
pub(crate) struct MaskedRead {
    /// The table, and what contains it.
    pub(super) chain: Vec<Resource>,
    /// The plan for those who see masks, if that is another one.
    pub(super) plan: Option<SelectPlan>,
}

/// The masked read that a plan is, if it is one.
pub(crate) fn masked_read(plan: &Plan) -> Option<Box<MaskedRead>> {
    match plan {
        Plan::Select(select) if !select.table().masks.is_empty() => {
            let (keyspace, name) = (select.table().keyspace.clone(), select.table().name.clone());
            let chain = Resource::Table(keyspace, name).with_parents();
            Some(Box::new(MaskedRead { chain, plan: select.with_masks() }))
        }
        Plan::Explain(explained) => masked_read(&explained.statement.plan),
        _ => None,
    }
}
