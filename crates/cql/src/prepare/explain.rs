//! EXPLAIN: the statement that it is of, and the columns of its result.

use crate::error::Error;
use crate::plan::{ExplainPlan, Labels, Plan, PlannedStatement};
use crate::statement::{Explain, Statement};
use henge_model::DataType;

/// Resolves an EXPLAIN; `resolve` does so with the statement that it is of.
pub(crate) fn prepare(
    explain: &Explain,
    resolve: impl FnOnce() -> Result<PlannedStatement, Error>,
) -> Result<PlannedStatement, Error> {
    if explain.analyzes && !matches!(*explain.statement, Statement::Select(_)) {
        let error = Error::invalid("EXPLAIN ANALYZE carries a statement out, and is for SELECT only");
        return Err(error.at(explain.position).with_hint(Some("EXPLAIN without ANALYZE writes nothing")));
    }
    let statement = resolve()?;
    let labels = Labels::new("system", "explain");
    let columns = [("step", DataType::Int), ("subject", DataType::Text), ("detail", DataType::Text)];
    let result = columns.map(|(name, data_type)| labels.column(name, data_type));
    let (bind, pk_indexes) = (statement.bind.clone(), statement.pk_indexes.clone());
    let plan = Plan::Explain(Box::new(ExplainPlan { analyzes: explain.analyzes, statement }));
    Ok(PlannedStatement { bind, pk_indexes, result: Some(result.into()), plan })
}
