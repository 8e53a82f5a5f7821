//! Refusal of writes to virtual tables, which are computed when they are read.

use henge_cql::{ModifyPlan, Plan, SchemaChange, is_virtual};

/// Why a statement cannot be carried out, whoever asks.
pub(crate) fn refusal(plan: &Plan) -> Option<String> {
    match plan {
        Plan::Modify(modify) => of_write(modify),
        Plan::Batch(batch) => batch.statements.iter().find_map(of_write),
        Plan::Schema(SchemaChange::Truncate { keyspace, table }) if is_virtual(keyspace) => {
            Some(format!("Truncation is not supported by table {keyspace}.{table}"))
        }
        Plan::Explain(explained) => refusal(&explained.statement.plan),
        _ => None,
    }
}

fn of_write(plan: &ModifyPlan) -> Option<String> {
    let table = plan.table();
    is_virtual(&table.keyspace)
        .then(|| format!("Modification is not supported by table {}.{}", table.keyspace, table.name))
}
