//! Filters: relations that are evaluated on fetched rows.

use crate::collection;
use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{FilterRelation, Given};
use crate::statement::Operator;
use henge_base::Bytes;
use henge_model::{Analysis, Column, DataType, Order};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The relations that fetched rows must satisfy; all of them must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    place: usize,
    data_type: DataType,
    rest: Vec<Further>,
    key: Option<Bytes>,
    operator: Operator,
    analysis: Analysis,
    /// Tuples, each with one value per column of the relation.
    values: Vec<Vec<Bytes>>,
}

/// A further column of a relation between tuples.
#[derive(Clone, Debug)]
struct Further {
    place: usize,
    data_type: DataType,
    /// The ordering of a row of a compact table that lacks this column: such rows lie before those that have it.
    lacking: Ordering,
}

impl Further {
    fn of((place, column): &(usize, Column)) -> Further {
        let lacking = if column.order == Order::Descending { Ordering::Greater } else { Ordering::Less };
        Further { place: *place, data_type: column.data_type.clone(), lacking }
    }
}

impl Filter {
    pub(crate) fn bind(relations: &[FilterRelation], context: &BindContext<'_>) -> Result<Filter, Error> {
        let mut conditions = Vec::with_capacity(relations.len());
        for relation in relations {
            let name = &relation.column.name;
            let mut columns = vec![relation.column.clone()];
            columns.extend(relation.rest.iter().map(|(_, column)| column.clone()));
            let key = relation.key.as_ref().map(|key| entry_part(key.evaluate(context)?, "key", name)).transpose()?;
            if let (Some(_), Some([value])) = (&key, relation.choices.single()) {
                entry_part(value.evaluate(context)?, "value", name)?;
            }
            let choices = relation.choices.evaluate(context, &columns)?;
            let analysed = |value: Cow<'_, [u8]>| Bytes::copy_from_slice(&relation.analysis.apply(&value));
            let values = choices.into_iter().map(|tuple| tuple.into_iter().map(analysed).collect());
            conditions.push(Condition {
                place: relation.place,
                data_type: relation.column.data_type.clone(),
                rest: relation.rest.iter().map(Further::of).collect(),
                key,
                operator: relation.operator,
                analysis: relation.analysis,
                values: values.collect(),
            });
        }
        Ok(Filter { conditions })
    }

    /// True if there are no relations, so that every row passes.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// True if a row satisfies all relations. `row` holds the values of the plan's projection. Null satisfies no
    /// relation.
    pub fn matches(&self, row: &[Option<Bytes>]) -> bool {
        self.conditions.iter().all(|condition| match row.get(condition.place) {
            Some(Some(value)) if condition.rest.is_empty() => condition.holds(value),
            Some(Some(value)) => condition.holds_of_tuple(value, row),
            _ => false,
        })
    }
}

/// The key or value of a map's entry; null and unset are refused.
fn entry_part(given: Given<'_>, what: &str, column: &str) -> Result<Bytes, Error> {
    let refuse = |kind| Err(Error::invalid(format!("Unsupported {kind} map {what} for column {column}")));
    match given {
        Given::Value(value) => Ok(Bytes::copy_from_slice(&value)),
        Given::Null => refuse("null"),
        Given::Unset => refuse("unset"),
    }
}

impl Condition {
    fn holds(&self, value: &[u8]) -> bool {
        if let Some(key) = &self.key {
            return self.has_entry(value, key);
        }
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
            Operator::Contains => self.has_part(value, matches!(self.data_type.unfrozen(), DataType::Map(..)), 1),
            Operator::ContainsKey => self.has_part(value, true, 0),
            Operator::Like | Operator::IsNotNull => false,
        }
    }

    /// The value to compare with, if there is one only.
    fn single_value(&self) -> Option<&Bytes> {
        self.values.first()?.first()
    }

    /// True if the tuple of a row's columns satisfies the relation. `first` is the value of the first column.
    fn holds_of_tuple(&self, first: &[u8], row: &[Option<Bytes>]) -> bool {
        let further = |(column, wanted): (&Further, &Bytes)| match row.get(column.place) {
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

    /// True if a map has the wanted value at the key.
    fn has_entry(&self, map: &[u8], key: &[u8]) -> bool {
        let parts = collection::parts(&self.data_type, map).unwrap_or_default();
        let same = |(data_type, part): &collection::Part<'_, '_>, wanted: &[u8]| {
            part.is_some_and(|part| data_type.compare(part, wanted).is_eq())
        };
        let entry = parts.chunks_exact(2).find(|entry| same(&entry[0], key));
        entry.is_some_and(|entry| self.single_value().is_some_and(|wanted| same(&entry[1], wanted)))
    }

    /// True if a collection contains the wanted value. For a map, `offset` 0 searches the keys and 1 the values.
    fn has_part(&self, value: &[u8], is_map: bool, offset: usize) -> bool {
        let Some(wanted) = self.single_value() else {
            return false;
        };
        let parts = collection::parts(&self.data_type, value).unwrap_or_default();
        let step = if is_map { 2 } else { 1 };
        let mut wanted_parts = parts.iter().skip(if is_map { offset } else { 0 }).step_by(step);
        wanted_parts.any(|(t, part)| part.is_some_and(|p| t.compare(&self.analysis.apply(p), wanted).is_eq()))
    }
}
