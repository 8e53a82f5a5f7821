//! Filters: relations that are evaluated on fetched rows.

use super::part_filter::{PartFilter, PartKind};
use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{EvaluatedValue, FilterRelation, ValueUse};
use crate::statement::Operator;
use henge_base::Bytes;
use henge_model::{Analysis, Column, DataType, Order};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The relations that fetched rows must satisfy; all of them must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    conditions: Vec<Condition>,
    parts: Vec<PartFilter>,
}

#[derive(Clone, Debug)]
struct Condition {
    place: usize,
    data_type: DataType,
    rest: Vec<TupleColumn>,
    operator: Operator,
    analysis: Analysis,
    /// Tuples, each with one value per column of the relation.
    values: Vec<Vec<Bytes>>,
}

/// A column of a relation between tuples, but for the first.
#[derive(Clone, Debug)]
struct TupleColumn {
    place: usize,
    data_type: DataType,
    /// The ordering of a row of a compact table that lacks this column: such rows lie before those that have it.
    lacking: Ordering,
}

impl TupleColumn {
    fn of((place, column): &(usize, Column)) -> TupleColumn {
        let lacking = if column.order == Order::Descending { Ordering::Greater } else { Ordering::Less };
        TupleColumn { place: *place, data_type: column.data_type.clone(), lacking }
    }
}

impl Filter {
    pub(crate) fn bind(relations: &[FilterRelation], context: &BindContext<'_>) -> Result<Filter, Error> {
        let mut conditions = Vec::new();
        let mut parts = PartFilters::default();
        for relation in relations {
            let name = &relation.column.name;
            let mut columns = vec![relation.column.clone()];
            columns.extend(relation.rest.iter().map(|(_, column)| column.clone()));
            let usage = if relation.is_of_range { ValueUse::Key } else { ValueUse::Filter };
            let key = relation.key.as_ref().map(|key| entry_part(key.evaluate(context)?, "key", name)).transpose()?;
            if let (Some(_), Some([value])) = (&key, relation.choices.single()) {
                entry_part(value.evaluate(context)?, "value", name)?;
            }
            let choices = relation.choices.evaluate(context, &columns, usage)?;
            let analysed = |value: Cow<'_, [u8]>| Bytes::copy_from_slice(&relation.analysis.apply(&value));
            let values = choices.into_iter().map(|tuple| tuple.into_iter().map(analysed).collect());
            if let Some(asked) = part_kind(relation) {
                // One value stands behind such a relation.
                let value = values.flat_map(|tuple: Vec<Bytes>| tuple).next().unwrap_or_default();
                parts.of(relation, asked).want(key, value);
                continue;
            }
            conditions.push(Condition {
                place: relation.place,
                data_type: relation.column.data_type.clone(),
                rest: relation.rest.iter().map(TupleColumn::of).collect(),
                operator: relation.operator,
                analysis: relation.analysis,
                values: values.collect(),
            });
        }
        Ok(Filter { conditions, parts: parts.finish() })
    }

    /// True if there are no relations, so that every row passes.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.parts.is_empty()
    }

    /// True if a row satisfies all relations. `row` holds the values of the plan's projection. Null satisfies no
    /// relation.
    pub fn matches(&self, row: &[Option<Bytes>]) -> bool {
        let holds = |condition: &Condition| match row.get(condition.place) {
            Some(Some(value)) if condition.rest.is_empty() => condition.holds(value),
            Some(Some(value)) => condition.holds_of_tuple(value, row),
            _ => false,
        };
        let has_parts = |parts: &PartFilter| match row.get(parts.place) {
            Some(Some(value)) => parts.holds(value),
            _ => false,
        };
        self.conditions.iter().all(holds) && self.parts.iter().all(has_parts)
    }
}

/// The parts of its collection that a relation asks for; `None` if it compares whole values.
fn part_kind(relation: &FilterRelation) -> Option<PartKind> {
    match relation.operator {
        _ if relation.key.is_some() => Some(PartKind::Entries),
        Operator::Contains => Some(PartKind::Values),
        Operator::ContainsKey => Some(PartKind::Keys),
        _ => None,
    }
}

/// The relations on parts so far, by the value that they are on.
#[derive(Default)]
struct PartFilters(Vec<PartFilter>);

impl PartFilters {
    fn of(&mut self, relation: &FilterRelation, asked: PartKind) -> &mut PartFilter {
        let (place, analysis) = (relation.place, relation.analysis);
        let is_alike = |known: &PartFilter| (known.asked, known.analysis) == (asked, analysis);
        // Relations on one column follow each other, so those of this one are the last.
        let of_column = self.0.iter().rev().take_while(|known| known.place == place);
        let behind = of_column.take_while(|known| !is_alike(known)).count();
        let found = self.0.len().checked_sub(behind + 1).filter(|at| self.0[*at].place == place);
        let at = found.unwrap_or(self.0.len());
        if at == self.0.len() {
            self.0.push(PartFilter::new(place, asked, analysis, relation.column.data_type.clone()));
        }
        &mut self.0[at]
    }

    fn finish(self) -> Vec<PartFilter> {
        self.0.into_iter().map(PartFilter::sort).collect()
    }
}

/// The key or value of a map's entry; null and unset are refused.
fn entry_part(given: EvaluatedValue<'_>, what: &str, column: &str) -> Result<Bytes, Error> {
    let refuse = |kind| Err(Error::invalid(format!("Unsupported {kind} map {what} for column {column}")));
    match given {
        EvaluatedValue::Value(value) => Ok(Bytes::copy_from_slice(&value)),
        EvaluatedValue::Null => refuse("null"),
        EvaluatedValue::Unset => refuse("unset"),
    }
}

impl Condition {
    fn holds(&self, value: &[u8]) -> bool {
        let compared = |test: fn(Ordering) -> bool| {
            let value = self.analysis.apply(value);
            self.single_value().is_some_and(|wanted| test(self.data_type.compare(&value, wanted)))
        };
        match self.operator {
            Operator::Equal => compared(Ordering::is_eq),
            Operator::NotEqual => compared(Ordering::is_ne),
            Operator::Less => compared(Ordering::is_lt),
            Operator::LessOrEqual => compared(Ordering::is_le),
            Operator::Greater => compared(Ordering::is_gt),
            Operator::GreaterOrEqual => compared(Ordering::is_ge),
            Operator::In => self.values.iter().flatten().any(|wanted| self.data_type.compare(value, wanted).is_eq()),
            // Relations on parts are apart; LIKE and IS NOT NULL were refused.
            Operator::Contains | Operator::ContainsKey | Operator::Like | Operator::IsNotNull => false,
        }
    }

    /// The value to compare with, if there is one only.
    fn single_value(&self) -> Option<&Bytes> {
        self.values.first()?.first()
    }

    /// True if the tuple of a row's columns satisfies the relation. `first` is the value of the first column.
    fn holds_of_tuple(&self, first: &[u8], row: &[Option<Bytes>]) -> bool {
        let further = |(column, wanted): (&TupleColumn, &Bytes)| match row.get(column.place) {
            Some(Some(value)) => column.data_type.compare(value, wanted),
            _ => column.lacking,
        };
        let compare = |wanted: &Vec<Bytes>| {
            let Some((own, rest)) = wanted.split_first() else { return Ordering::Equal };
            let rest = self.rest.iter().zip(rest).map(further);
            rest.fold(self.data_type.compare(first, own), Ordering::then)
        };
        let mut compared = self.values.iter().map(compare);
        match self.operator {
            Operator::In => compared.any(Ordering::is_eq),
            operator => compared.next().is_some_and(|ordering| match operator {
                Operator::Equal => ordering.is_eq(),
                Operator::Less => ordering.is_lt(),
                Operator::LessOrEqual => ordering.is_le(),
                Operator::Greater => ordering.is_gt(),
                Operator::GreaterOrEqual => ordering.is_ge(),
                _ => false,
            }),
        }
    }
}
