//! Index lookups with the values of a statement.

use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{ProbeCondition, ProbePlan, ValueUse};
use crate::statement::Operator;
use henge_base::Bytes;
use henge_model::{ColumnKind, Probe, Table, Terms};

impl ProbePlan {
    /// The terms to look up; `None` if a value has no term, so that the index cannot be used.
    pub(crate) fn bind(&self, table: &Table, context: &BindContext<'_>) -> Result<Option<Probe>, Error> {
        let (mut lower, mut upper) = (None, None);
        let column = self.index.column(table);
        let whole_partitions = column.is_some_and(|column| column.kind == ColumnKind::Static);
        let of = |terms| Some(Probe { index: self.index.id, whole_partitions, terms });
        for condition in &self.conditions {
            let Some(term) = self.term(condition, table, context)? else { return Ok(None) };
            match condition.operator {
                Operator::Greater | Operator::GreaterOrEqual => lower = Some(term),
                Operator::Less | Operator::LessOrEqual => upper = Some(term),
                _ => return Ok(of(Terms::One(term))),
            }
        }
        // Strictness of bounds, and values that share only a term's prefix, are left to the filter.
        Ok(of(Terms::from_bounds(lower, upper)))
    }

    fn term(
        &self,
        condition: &ProbeCondition,
        table: &Table,
        context: &BindContext<'_>,
    ) -> Result<Option<Bytes>, Error> {
        let choices = condition.choices.evaluate(context, std::slice::from_ref(&condition.column), ValueUse::Filter)?;
        let Some(value) = choices.first().and_then(|values| values.first()) else { return Ok(None) };
        let Some(key) = &condition.key else { return Ok(self.index.term(table, value)) };
        let key = key.evaluate(context)?.require(&format!("a map key of {}", condition.column.name))?;
        Ok(self.index.map_entry_term(table, &key, value))
    }
}
