//! Relations that only a row's own values can answer.

use super::{BindContext, Choices};
use crate::collection;
use crate::error::Error;
use crate::statement::Operator;
use henge_base::Bytes;
use henge_model::{Column, DataType};
use std::cmp::Ordering;

/// A relation of a prepared SELECT that filters.
#[derive(Clone, Debug)]
pub(crate) struct FilterRelation {
    /// Where the column stands in the projection.
    pub(crate) place: usize,
    pub(crate) column: Column,
    pub(crate) operator: Operator,
    pub(crate) choices: Choices,
}

/// The relations a row has to satisfy to be in the answer; all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    place: usize,
    data_type: DataType,
    operator: Operator,
    values: Vec<Bytes>,
}

impl Filter {
    pub(crate) fn bind(relations: &[FilterRelation], context: &BindContext<'_>) -> Result<Filter, Error> {
        let mut conditions = Vec::with_capacity(relations.len());
        for relation in relations {
            let choices = relation.choices.evaluate(context, std::slice::from_ref(&relation.column))?;
            let values = choices.into_iter().filter_map(|c| c.into_iter().next()).map(|v| v.into_owned().into());
            conditions.push(Condition {
                place: relation.place,
                data_type: relation.column.data_type.clone(),
                operator: relation.operator,
                values: values.collect(),
            });
        }
        Ok(Filter { conditions })
    }

    /// Whether every row satisfies it.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether a row, given as the values of the plan's projection, is in the answer. Null satisfies nothing.
    pub fn matches(&self, row: &[Option<Bytes>]) -> bool {
        self.conditions.iter().all(|condition| match row.get(condition.place) {
            Some(Some(value)) => condition.holds(value),
            _ => false,
        })
    }
}

impl Condition {
    fn holds(&self, value: &[u8]) -> bool {
        let compared = |test: fn(Ordering) -> bool| {
            self.values.first().is_some_and(|wanted| test(self.data_type.compare(value, wanted)))
        };
        match self.operator {
            Operator::Equal => compared(Ordering::is_eq),
            Operator::NotEqual => compared(Ordering::is_ne),
            Operator::Less => compared(Ordering::is_lt),
            Operator::LessOrEqual => compared(Ordering::is_le),
            Operator::Greater => compared(Ordering::is_gt),
            Operator::GreaterOrEqual => compared(Ordering::is_ge),
            Operator::In => self.values.iter().any(|wanted| self.data_type.compare(value, wanted).is_eq()),
            Operator::Contains => self.has_part(value, matches!(self.data_type.unfrozen(), DataType::Map(..)), 1),
            Operator::ContainsKey => self.has_part(value, true, 0),
            Operator::Like | Operator::IsNotNull => false,
        }
    }

    /// Whether a collection holds the value; of a map's parts every second is a key (`offset` 0) or a value (1).
    fn has_part(&self, value: &[u8], is_map: bool, offset: usize) -> bool {
        let Some(wanted) = self.values.first() else {
            return false;
        };
        let parts = collection::parts(&self.data_type, value).unwrap_or_default();
        let step = if is_map { 2 } else { 1 };
        let mut wanted_parts = parts.iter().skip(if is_map { offset } else { 0 }).step_by(step);
        wanted_parts.any(|(t, part)| part.is_some_and(|p| t.compare(p, wanted).is_eq()))
    }
}
