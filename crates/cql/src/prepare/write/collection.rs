//! Changes of unfrozen collections, of which every element is a cell of its own.

use crate::error::{Error, nearest};
use crate::functions::arithmetic::result_type;
use crate::plan::{CollectionChange, CollectionPlan, Source};
use crate::prepare::term::term_text::{raw_name, value_name};
use crate::prepare::term::terms::Terms;
use crate::statement::{ArithmeticOperator, Assignment, AssignmentKind, Name, Term, TermKind};
use henge_model::{Column, DataType};

/// Resolves an assignment of `SET` to an unfrozen collection or user type.
pub(crate) fn prepare_assignment(
    assignment: &Assignment,
    column: &Column,
    terms: &mut Terms<'_>,
) -> Result<CollectionPlan, Error> {
    let change = match &assignment.kind {
        AssignmentKind::Value(term) => CollectionChange::Replace(whole(term, column, terms)?),
        AssignmentKind::Change(..) | AssignmentKind::Element(..) | AssignmentKind::Prepend(_)
            if is_user_type(column) =>
        {
            return Err(no_change(assignment, column));
        }
        AssignmentKind::Change(ArithmeticOperator::Add, term) => {
            check_map_addition(term, column)?;
            let source = whole(term, column, terms);
            CollectionChange::Add(source.map_err(|e| if is_map(column) { no_map(term) } else { e })?)
        }
        AssignmentKind::Change(ArithmeticOperator::Subtract, term) => prepare_removal(term, column, terms)?,
        AssignmentKind::Prepend(term) if matches!(column.data_type, DataType::List(_)) => {
            CollectionChange::Prepend(whole(term, column, terms)?)
        }
        AssignmentKind::Element(key, value) if !matches!(column.data_type, DataType::Set(_)) => {
            put(key, value, column, &assignment.column, terms)?
        }
        AssignmentKind::Field(field, value) => {
            let (place, data_type) = field_of(column, field).map_err(|e| not_a_field(e, assignment, column))?;
            let label = format!("{}.{}", column.name, field.text);
            CollectionChange::SetField(place, terms.source(value, &data_type, &label)?)
        }
        AssignmentKind::Change(..) | AssignmentKind::Prepend(_) | AssignmentKind::Element(..) => {
            return Err(no_change(assignment, column));
        }
    };
    Ok(CollectionPlan::of(column, change))
}

/// Resolves `c = c + term` of a number or a text, which a condition permits since it reads the row.
pub(crate) fn prepare_increase(
    assignment: &Assignment,
    term: &Term,
    column: &Column,
    terms: &mut Terms<'_>,
) -> Result<CollectionPlan, Error> {
    let of = &column.data_type;
    if matches!(of.unfrozen(), DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Udt(_))
        || matches!(of, DataType::Tuple(_))
    {
        return Err(no_change(assignment, column));
    }
    if result_type(ArithmeticOperator::Add, of, of).is_none() {
        let message =
            format!("Invalid operation ({}) for non-numeric and non-text type {}", operation(assignment), column.name);
        return Err(invalid_at(message, &assignment.column));
    }
    let source = terms.source(term, of, &column.name)?;
    Ok(CollectionPlan::of(column, CollectionChange::Increase(source)))
}

/// The error for an assignment that the column's type does not support.
pub(crate) fn no_change(assignment: &Assignment, column: &Column) -> Error {
    let is_frozen = matches!(column.data_type, DataType::Frozen(_));
    let own = column.data_type.unfrozen();
    let is_collection = matches!(own, DataType::List(_) | DataType::Set(_) | DataType::Map(..));
    let what = match (&assignment.kind, own) {
        (AssignmentKind::Field(..), DataType::Udt(_)) => "frozen UDT",
        (AssignmentKind::Field(..), _) => "non-UDT",
        (AssignmentKind::Prepend(_), DataType::List(_)) => "frozen list",
        (AssignmentKind::Prepend(_), _) => "non list",
        _ if is_frozen && is_collection => "frozen collection",
        (AssignmentKind::Element(..), DataType::Set(_)) => "set",
        (AssignmentKind::Element(..), _) => "non collection",
        (AssignmentKind::Change(ArithmeticOperator::Subtract, _), DataType::Udt(_) | DataType::Tuple(_)) => {
            "non counter"
        }
        (_, DataType::Udt(_) | DataType::Tuple(_)) => "tuple",
        _ => "non counter",
    };
    let message = format!("Invalid operation ({}) for {what} column {}", operation(assignment), column.name);
    invalid_at(message, &assignment.column)
}

/// An assignment as Cassandra prints it, which for prepending has a minus.
fn operation(assignment: &Assignment) -> String {
    let name = &assignment.column;
    match &assignment.kind {
        AssignmentKind::Value(term) => format!("{name} = {}", raw_name(term)),
        AssignmentKind::Change(operator, term) => {
            format!("{name} = {name} {} {}", operator.sign(), raw_name(term))
        }
        AssignmentKind::Prepend(term) => format!("{name} = {} - {name}", raw_name(term)),
        AssignmentKind::Element(key, value) => format!("{name}[{}] = {}", raw_name(key), raw_name(value)),
        AssignmentKind::Field(field, value) => format!("{name}.{field} = {}", raw_name(value)),
    }
}

/// Replaces the error of a field assignment if the column has no fields.
fn not_a_field(error: Error, assignment: &Assignment, column: &Column) -> Error {
    if is_user_type(column) { error } else { no_change(assignment, column) }
}

/// Refuses to add anything but a map to a map.
fn check_map_addition(term: &Term, column: &Column) -> Result<(), Error> {
    let is_collection =
        matches!(&term.kind, TermKind::Set(parts) if !parts.is_empty()) || matches!(term.kind, TermKind::List(_));
    if is_map(column) && is_collection { Err(no_map(term)) } else { Ok(()) }
}

fn is_map(column: &Column) -> bool {
    matches!(column.data_type, DataType::Map(..))
}

/// The error for adding anything but a map to a map.
fn no_map(term: &Term) -> Error {
    let message = format!("Value for a map addition has to be a map, but was: '{}'", value_name(term));
    Error::invalid(message).at(term.position)
}

fn whole(term: &Term, column: &Column, terms: &mut Terms<'_>) -> Result<Source, Error> {
    terms.source(term, &column.data_type, &column.name)
}

/// Resolves `c = c - term`. From a map whole keys are removed, so the term is a set of keys.
fn prepare_removal(term: &Term, column: &Column, terms: &mut Terms<'_>) -> Result<CollectionChange, Error> {
    match &column.data_type {
        DataType::Set(_) => whole(term, column, terms).map(CollectionChange::Remove),
        DataType::Map(key, _) => {
            let no_set = |_| {
                let message = format!("Value for a map substraction has to be a set, but was: '{}'", value_name(term));
                Error::invalid(message).at(term.position)
            };
            let keys = DataType::Frozen(Box::new(DataType::Set(key.clone())));
            terms.source(term, &keys, &column.name).map(CollectionChange::Remove).map_err(no_set)
        }
        _ => whole(term, column, terms).map(CollectionChange::RemoveValues),
    }
}

fn put(
    key: &Term,
    value: &Term,
    column: &Column,
    name: &Name,
    terms: &mut Terms<'_>,
) -> Result<CollectionChange, Error> {
    match &column.data_type {
        DataType::Map(of_key, of_value) => {
            let key = terms.source(key, of_key, &format!("key({})", column.name))?;
            let value = terms.source(value, of_value, &format!("value({})", column.name))?;
            Ok(CollectionChange::Put(key, value))
        }
        DataType::List(of) => {
            let index = terms.source(key, &DataType::Int, &format!("idx({})", column.name))?;
            let value = terms.source(value, of, &format!("value({})", column.name))?;
            Ok(CollectionChange::PutAt(index, value))
        }
        _ => Err(no_field(column, name)),
    }
}

/// Resolves `DELETE c[key]`.
pub(crate) fn element_deleted(
    key: &Term,
    column: &Column,
    name: &Name,
    terms: &mut Terms<'_>,
) -> Result<CollectionPlan, Error> {
    let (of_key, label) = match &column.data_type {
        DataType::Map(of_key, _) => (of_key, "key"),
        DataType::Set(of) => (of, "value"),
        DataType::List(_) => {
            let index = terms.source(key, &DataType::Int, &format!("idx({})", column.name))?;
            return Ok(CollectionPlan::of(column, CollectionChange::RemoveAt(index)));
        }
        _ => {
            let is_frozen =
                matches!(column.data_type.unfrozen(), DataType::Map(..) | DataType::Set(_) | DataType::List(_));
            let kind = if is_frozen { "frozen" } else { "non" };
            let message = format!("Invalid deletion operation for {kind} collection column {}", column.name);
            return Err(invalid_at(message, name));
        }
    };
    let key = terms.source(key, of_key, &format!("{label}({})", column.name))?;
    Ok(CollectionPlan::of(column, CollectionChange::RemoveOne(key)))
}

/// Resolves `c = c + term` or `c = c - term` of a counter.
pub(crate) fn prepare_counter_change(
    operator: ArithmeticOperator,
    term: &Term,
    column: &Column,
    name: &Name,
    terms: &mut Terms<'_>,
) -> Result<CollectionPlan, Error> {
    let subtract = match operator {
        ArithmeticOperator::Add => false,
        ArithmeticOperator::Subtract => true,
        other => {
            let message =
                format!("Invalid operation ({0} = {0} {1} ?) for counter column {0}", name.text, other.sign());
            return Err(invalid_at(message, name));
        }
    };
    // No operation results in a counter, except a sign, which is turned into a subtraction.
    let (mut term, mut subtract) = (term, subtract);
    while let TermKind::Negated(inner) = &bare(term).kind {
        (term, subtract) = (inner, !subtract);
    }
    let source = terms.source(term, &DataType::Counter, &column.name)?;
    Ok(CollectionPlan::of(column, CollectionChange::Count(source, subtract)))
}

/// The term without enclosing parentheses.
fn bare(term: &Term) -> &Term {
    match &term.kind {
        TermKind::Tuple(parts) if parts.len() == 1 => bare(&parts[0]),
        _ => term,
    }
}

fn is_user_type(column: &Column) -> bool {
    matches!(column.data_type, DataType::Udt(_))
}

/// Resolves `DELETE u.field`.
pub(crate) fn field_deleted(column: &Column, field: &Name) -> Result<CollectionPlan, Error> {
    if let DataType::Frozen(of) = &column.data_type
        && matches!(**of, DataType::Udt(_))
    {
        let message = format!("Frozen UDT column {} does not support field deletions", column.name);
        return Err(invalid_at(message, field));
    }
    if !is_user_type(column) {
        let message = format!("Invalid field deletion operation for non-UDT column {}", column.name);
        return Err(invalid_at(message, field));
    }
    let (place, _) = field_of(column, field)?;
    Ok(CollectionPlan::of(column, CollectionChange::SetField(place, Source::Null)))
}

/// The position and type of a field of an unfrozen user type column.
fn field_of(column: &Column, field: &Name) -> Result<(usize, DataType), Error> {
    let DataType::Udt(own) = &column.data_type else { return Err(no_field(column, field)) };
    own.field(&field.text).map(|(place, data_type)| (place, data_type.clone())).ok_or_else(|| {
        let guess = nearest(&field.text, own.fields.iter().map(|(field, _)| field.as_str()));
        let message = format!("UDT column {} does not have a field named {}", column.name, field.text);
        invalid_at(message, field).with_hint(guess)
    })
}

/// The error for a field assignment to a column other than an unfrozen user type.
pub(crate) fn no_field(column: &Column, field: &Name) -> Error {
    let what = match column.data_type.unfrozen() {
        DataType::Udt(_) => "frozen UDT",
        _ => "non-UDT",
    };
    let message = format!("Invalid operation ({0}.{1} = ?) for {what} column {0}", column.name, field.text);
    invalid_at(message, field)
}

/// An error at the position of a name.
fn invalid_at(message: String, name: &Name) -> Error {
    Error::invalid(message).at(name.position)
}
