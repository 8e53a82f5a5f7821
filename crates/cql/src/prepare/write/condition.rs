//! Resolution of IF.

use crate::error::{Error, Position};
use crate::plan::{Choices, ConditionPlan, ModifyPlan, Part, Reach, TestPlan};
use crate::prepare::scope::column;
use crate::prepare::term::terms::Terms;
use crate::statement::{Condition, Name, Operator, Relation, Subject};
use henge_model::{Column, ColumnKind, DataType, DurationHolder};

/// Resolves the `IF` of an UPDATE or DELETE.
pub(crate) fn prepare(condition: &Condition, terms: &mut Terms<'_>) -> Result<ConditionPlan, Error> {
    match condition {
        Condition::Exists(_) => Ok(ConditionPlan::Exists),
        Condition::Relations(all) => {
            all.iter().map(|relation| test(relation, terms)).collect::<Result<_, _>>().map(ConditionPlan::Tests)
        }
    }
}

fn test(relation: &Relation, terms: &mut Terms<'_>) -> Result<TestPlan, Error> {
    let refuse = |message: String| Err(Error::invalid(message).at(relation.position));
    let (name, operator) = match (&relation.subject, relation.operator) {
        (_, Operator::Like | Operator::IsNotNull) => {
            let message = format!("{} is no comparison of IF", relation.operator.sign());
            return Err(Error::syntax(relation.position, message));
        }
        (Subject::Element(..) | Subject::Field(..), Operator::Contains | Operator::ContainsKey) => {
            let message = format!("{} stands behind a whole column", relation.operator.sign());
            return Err(Error::syntax(relation.position, message));
        }
        (Subject::Column(name) | Subject::Element(name, _) | Subject::Field(name, _), operator) => (name, operator),
        (Subject::Columns(_) | Subject::Token(_) | Subject::Index(_), _) => {
            return Err(Error::syntax(relation.position, "IF compares one column at a time"));
        }
    };
    let column = column(terms.table, name)?.clone();
    if column.data_type == DataType::Counter {
        return refuse("Conditions on counters are not supported".to_owned());
    }
    let (part, of) = part(&relation.subject, &column, terms)?;
    let compared = operand_type(operator, &of, name)?;
    let label = match part {
        Part::Whole if operator == Operator::Contains => format!("value({})", column.name),
        Part::Whole if operator == Operator::ContainsKey => format!("key({})", column.name),
        Part::Whole => column.name.clone(),
        Part::Element(_) => format!("value({})", column.name),
        Part::Field(_) => match &relation.subject {
            Subject::Field(_, field) => format!("{}.{}", column.name, field.text),
            _ => column.name.clone(),
        },
    };
    let is_list = operator == Operator::In && !relation.listed;
    let values = match (&relation.values[..], is_list) {
        ([marker], true) => {
            let list = DataType::List(Box::new(compared.clone()));
            vec![terms.source(marker, &list, &format!("in({})", column.name))?]
        }
        (values, _) => {
            values.iter().map(|value| terms.source(value, &compared, &label)).collect::<Result<Vec<_>, _>>()?
        }
    };
    if operator != Operator::In && values.len() != 1 {
        return refuse("a comparison is with one value".to_owned());
    }
    // Faults of the compared values come before that of the column.
    if matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering) {
        return refuse(format!("PRIMARY KEY column '{}' cannot have IF conditions", column.name));
    }
    Ok(TestPlan { column, part, operator, data_type: of, values, is_list })
}

/// The compared part of the column, and its type.
fn part(subject: &Subject, column: &Column, terms: &mut Terms<'_>) -> Result<(Part, DataType), Error> {
    let name = &column.name;
    match (subject, column.data_type.unfrozen()) {
        (Subject::Element(_, key), DataType::Map(of_key, of)) => {
            Ok((Part::Element(terms.source(key, of_key, &format!("key({name})"))?), DataType::clone(of)))
        }
        (Subject::Element(_, index), DataType::List(of)) => {
            Ok((Part::Element(terms.source(index, &DataType::Int, &format!("idx({name})"))?), DataType::clone(of)))
        }
        (Subject::Element(at, _), DataType::Set(_)) => {
            Err(Error::invalid(format!("Invalid element access syntax for set column {name}")).at(at.position))
        }
        (Subject::Element(at, _), _) => {
            Err(Error::invalid(format!("Invalid element access syntax for non-collection column {name}"))
                .at(at.position))
        }
        (Subject::Field(_, field), DataType::Udt(own)) => match own.field(&field.text) {
            Some((place, of)) => Ok((Part::Field(place), of.clone())),
            None => {
                let message = format!("Unknown field {} for column {name} (of type {})", field.text, own.name);
                Err(Error::invalid(message).at(field.position))
            }
        },
        (Subject::Field(_, field), _) => {
            let message = format!("Invalid field access syntax for non-UDT column {name}");
            Err(Error::invalid(message).at(field.position))
        }
        _ => Ok((Part::Whole, column.data_type.clone())),
    }
}

/// The type of the value on the right side of a comparison.
fn operand_type(operator: Operator, of: &DataType, name: &Name) -> Result<DataType, Error> {
    let refuse = |message: String| Err(Error::invalid(message).at(name.position));
    match (operator, of.unfrozen()) {
        (Operator::Contains, DataType::List(e) | DataType::Set(e) | DataType::Map(_, e)) => Ok(DataType::clone(e)),
        (Operator::ContainsKey, DataType::Map(key, _)) => Ok(DataType::clone(key)),
        (Operator::Contains, t) => {
            refuse(format!("Cannot use CONTAINS on non-collection column {} of type {t}", name.text))
        }
        (Operator::ContainsKey, t) => {
            refuse(format!("Cannot use CONTAINS KEY on non-map column {} of type {t}", name.text))
        }
        (Operator::Equal | Operator::NotEqual | Operator::In, _) => Ok(of.clone()),
        (slice, _) => match of.holder_of_durations() {
            None => Ok(of.clone()),
            Some(DurationHolder::Itself) => {
                refuse(format!("Slice conditions ( {} ) are not supported on durations", slice.sign()))
            }
            Some(holder) => refuse(format!("Slice conditions are not supported on {holder} containing durations")),
        },
    }
}

/// The error for a timestamp of a conditional write, which has that of its ballot.
pub(crate) fn custom_timestamp() -> Error {
    Error::invalid("Cannot provide custom timestamp for conditional updates")
}

impl ModifyPlan {
    /// Adds a condition, or refuses it.
    pub(crate) fn under(mut self, condition: ConditionPlan, position: Position) -> Result<ModifyPlan, Error> {
        if self.timestamp.is_some() {
            return Err(custom_timestamp().at(position));
        }
        if matches!(self.reach, Reach::Ranges(_)) {
            let message = "DELETE statements must restrict all PRIMARY KEY columns with equality relations in order to \
                           delete non static columns";
            return Err(Error::invalid(message).at(position));
        }
        self.condition = Some(condition);
        Ok(self)
    }

    /// Refuses a conditional write of several partitions or rows. A batch is checked first.
    pub(crate) fn check_choices(&self, position: Position) -> Result<(), Error> {
        let is_choice = |choices: &[Choices]| choices.iter().any(|c| c.single().is_none());
        let keys = match self.condition {
            Some(_) if is_choice(&self.partition) => "partition key",
            Some(_) if is_choice(&self.clustering) => "clustering key columns",
            _ => return Ok(()),
        };
        let what = if self.is_delete { "deletions" } else { "updates" };
        Err(Error::invalid(format!("IN on the {keys} is not supported with conditional {what}")).at(position))
    }

    /// Adds a condition if there is one.
    pub(crate) fn under_any(self, condition: Option<ConditionPlan>, position: Position) -> Result<ModifyPlan, Error> {
        match condition {
            Some(condition) => self.under(condition, position),
            None => Ok(self),
        }
    }
}
