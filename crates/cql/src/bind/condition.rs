//! Evaluation of IF against a row.

use super::condition_parts::ColumnParts;
use crate::collection;
use crate::context::BindContext;
use crate::error::Error;
use crate::plan::EvaluatedValue;
use crate::plan::{ConditionPlan, Part, TestPlan};
use crate::statement::Operator;
use henge_model::{ColumnId, DataType};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The values of the row that a condition is evaluated against.
pub trait RowValues {
    /// True if the row exists.
    fn exists(&self) -> bool;
    /// The value of a regular or static column; `None` for null.
    fn value(&self, column: ColumnId) -> Option<&[u8]>;
}

impl ConditionPlan {
    /// True if the row meets the condition. Errors come from bound values only.
    pub(crate) fn holds(&self, row: &dyn RowValues, context: &BindContext<'_>) -> Result<bool, Error> {
        match self {
            ConditionPlan::NotExists => Ok(!row.exists()),
            ConditionPlan::Exists => Ok(row.exists()),
            ConditionPlan::Tests(tests) => {
                // Every test is evaluated: an invalid value is an error even if another test already failed.
                let mut all = true;
                let mut columns = BTreeMap::new();
                for test in tests {
                    let column = &test.column;
                    let parts = || ColumnParts::new(&column.data_type, row.value(column.id));
                    all &= test.holds(columns.entry(column.id).or_insert_with(parts), context)?;
                }
                Ok(all)
            }
        }
    }
}

impl TestPlan {
    fn holds(&self, column: &ColumnParts<'_, '_>, context: &BindContext<'_>) -> Result<bool, Error> {
        let actual = self.part_of(column, context)?;
        let Some(values) = self.values(context)? else { return Ok(false) };
        let wanted = values.first().and_then(Option::as_deref);
        let by_order = !matches!(self.operator, Operator::Equal | Operator::NotEqual | Operator::In);
        if by_order && wanted.is_none() {
            let message = format!("Invalid comparison with null for operator \"{}\"", self.operator.sign());
            return Err(Error::invalid(message));
        }
        if let (true, Some(wanted), Some(kind)) = (self.is_slice(), wanted, self.multi_cell_kind())
            && collection::parts(&self.data_type, wanted).is_some_and(|parts| parts.is_empty())
        {
            let message = format!("Invalid comparison with an empty {kind} for operator \"{}\"", self.operator.sign());
            return Err(Error::invalid(message));
        }
        let ordered = |test: fn(Ordering) -> bool| match (actual, wanted) {
            (Some(actual), Some(wanted)) => test(self.data_type.compare(actual, wanted)),
            _ => false,
        };
        Ok(match self.operator {
            Operator::Equal => self.equal(actual, wanted),
            Operator::NotEqual => !self.equal(actual, wanted),
            Operator::In => values.iter().any(|wanted| self.equal(actual, wanted.as_deref())),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessOrEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge),
            Operator::Contains | Operator::ContainsKey => {
                actual.is_some_and(|actual| self.has_part(column, actual, wanted.unwrap_or_default()))
            }
            // LIKE and IS NOT NULL were refused when the statement was prepared.
            Operator::Like | Operator::IsNotNull => false,
        })
    }

    fn is_slice(&self) -> bool {
        use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
        matches!(self.operator, Less | LessOrEqual | Greater | GreaterOrEqual)
    }

    /// The kind of collection, if the whole of an unfrozen one is compared.
    fn multi_cell_kind(&self) -> Option<&'static str> {
        match (&self.part, &self.data_type) {
            (Part::Whole, DataType::Map(..)) => Some("map"),
            (Part::Whole, DataType::Set(_)) => Some("set"),
            (Part::Whole, DataType::List(_)) => Some("list"),
            _ => None,
        }
    }

    /// Null equals null. An empty unfrozen collection, and a user type whose fields are all null, are not stored and so
    /// equal null.
    fn equal(&self, actual: Option<&[u8]>, wanted: Option<&[u8]>) -> bool {
        let is_empty = |value: &[u8]| match (&self.data_type, collection::parts(&self.data_type, value)) {
            (DataType::Udt(_), Some(fields)) => fields.iter().all(|(_, field)| field.is_none()),
            (of, Some(elements)) => of.is_complex() && elements.is_empty(),
            (_, None) => false,
        };
        match (actual, wanted) {
            (None, None) => true,
            (Some(actual), Some(wanted)) => self.data_type.compare(actual, wanted).is_eq(),
            (None, Some(value)) | (Some(value), None) => is_empty(value),
        }
    }

    /// The compared part of the column's value.
    fn part_of<'v>(&self, column: &ColumnParts<'_, 'v>, context: &BindContext<'_>) -> Result<Option<&'v [u8]>, Error> {
        let own = &self.column.data_type;
        let at = |place: usize| column.all().get(place).and_then(|(_, part)| *part);
        let key = match &self.part {
            Part::Whole => return Ok(column.value),
            Part::Field(place) => return Ok(at(*place)),
            Part::Element(key) => key.evaluate(context)?.require(&format!("{} element access", element_kind(own)))?,
        };
        // The index of a frozen list is looked at only if there is a list.
        if column.value.is_none() && matches!(own, DataType::Frozen(_)) {
            return Ok(None);
        }
        if let DataType::Map(..) = own.unfrozen() {
            return Ok(column.entry(&key));
        }
        let index = <[u8; 4]>::try_from(&*key).map(i32::from_be_bytes).unwrap_or(-1);
        if index < 0 {
            return Err(Error::invalid(format!("Invalid negative list index {index}")));
        }
        Ok(at(index as usize))
    }

    /// True if the compared part, a collection, has a key or an element.
    fn has_part(&self, column: &ColumnParts<'_, '_>, actual: &[u8], wanted: &[u8]) -> bool {
        let has = |collection: &ColumnParts<'_, '_>| match self.operator {
            Operator::ContainsKey => collection.has_key(wanted),
            _ => collection.has_element(wanted),
        };
        match self.part {
            Part::Whole => has(column),
            Part::Field(_) | Part::Element(_) => has(&ColumnParts::new(&self.data_type, Some(actual))),
        }
    }

    /// The values on the right side, `None` for null. No list at all if CONTAINS is given an unset value, which no
    /// collection contains; one that is frozen does not take it.
    fn values(&self, context: &BindContext<'_>) -> Result<Option<Vec<Option<Vec<u8>>>>, Error> {
        let unset = || Error::invalid("Invalid 'unset' value in condition");
        let mut values = Vec::with_capacity(self.values.len());
        for source in &self.values {
            match (source.evaluate_choices(context)?, self.operator) {
                (EvaluatedValue::Value(list), _) if self.is_list => return self.list(&list).map(Some),
                (EvaluatedValue::Null, _) if self.is_list => {
                    return Err(Error::invalid("Invalid null list in IN condition"));
                }
                (EvaluatedValue::Unset, Operator::Contains | Operator::ContainsKey) if self.data_type.is_complex() => {
                    return Ok(None);
                }
                // An unset choice of IN is left out.
                (EvaluatedValue::Unset, Operator::In) if !self.is_list => {}
                (EvaluatedValue::Unset, _) => return Err(unset()),
                (EvaluatedValue::Null, _) => values.push(None),
                (EvaluatedValue::Value(value), _) => values.push(Some(value.into_owned())),
            }
        }
        Ok(Some(values))
    }

    /// The choices of a bound list.
    fn list(&self, list: &[u8]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let of = DataType::List(Box::new(self.data_type.clone()));
        let parts = collection::parts(&of, list).ok_or_else(|| Error::invalid("not a valid list"))?;
        Ok(parts.into_iter().map(|(_, part)| part.map(<[u8]>::to_vec)).collect())
    }
}

fn element_kind(data_type: &DataType) -> &'static str {
    if matches!(data_type.unfrozen(), DataType::Map(..)) { "map" } else { "list" }
}
