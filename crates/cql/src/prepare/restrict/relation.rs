//! The relations of WHERE, with columns resolved and values typed.

use crate::error::Error;
use crate::plan::{Choices, Restriction, Source, is_slice};
use crate::prepare::restrict::entry;
use crate::prepare::restrict::repeats::Repeats;
use crate::prepare::restrict::slice::check_slice;
use crate::prepare::restrict::slice_order::{Clause, SliceOrder};
use crate::prepare::restrict::token_bounds::{TokenRestriction, token_bounds};
use crate::prepare::scope::column;
use crate::prepare::term::term_text::{relation_text, value_name};
use crate::prepare::term::terms::Terms;
use crate::statement::{Name, Operator, Relation, Subject, Term, TermKind};
use henge_model::{Column, DataType, Table};

/// All relations of a WHERE clause.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restrictions {
    pub(crate) columns: Vec<Restriction>,
    pub(crate) tokens: Vec<TokenRestriction>,
}

/// Resolves the relations of a WHERE clause. As in Cassandra the first relation with a fault is told, whatever fault it
/// has.
pub(crate) fn restrictions(
    relations: &[Relation],
    clause: Clause<'_>,
    terms: &mut Terms<'_>,
) -> Result<Restrictions, Error> {
    let table = terms.table;
    let mut found = Restrictions::default();
    let mut repeats = Repeats::default();
    let mut slices = SliceOrder::new(table, clause);
    for relation in relations {
        if let Clause::Write(statement) = clause {
            check_write(relation, statement)?;
        }
        if relation.operator == Operator::NotEqual && !matches!(relation.subject, Subject::Field(..)) {
            let message = format!("Unsupported \"!=\" relation: {}", relation_text(relation));
            return Err(Error::invalid(message).at(relation.position));
        }
        let known = found.columns.len();
        match &relation.subject {
            Subject::Column(name) => found.columns.push(on_column(name, relation, terms)?),
            Subject::Columns(names) => on_columns(names, relation, terms, &mut found.columns)?,
            Subject::Token(names) => {
                found.tokens.push(on_token(names, relation, terms)?);
                token_bounds(&found.tokens, table)?;
            }
            Subject::Element(name, key) => found.columns.push(entry::on_entry(name, key, relation, terms)?),
            Subject::Index(index) => return Err(no_index(index, terms.table)),
            Subject::Field(..) => {
                return Err(Error::syntax(relation.position, "fields of a type cannot be restricted"));
            }
        }
        repeats.check(&found.columns, known)?;
        slices.check(&found.columns, known)?;
    }
    Ok(found)
}

/// Refuses relations that no write may have.
fn check_write(relation: &Relation, statement: &str) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::invalid(message).at(relation.position));
    if matches!(relation.operator, Operator::Contains | Operator::ContainsKey) {
        return refuse(format!("Cannot use {statement} with {}", relation.operator.sign()));
    }
    Ok(())
}

/// The error for `expr(index, ...)`, which needs an index with a query language of its own; Henge has none.
fn no_index(index: &Name, table: &Table) -> Error {
    let message =
        format!("Invalid index expression, index {} not found for {}.{}", index.text, table.keyspace, table.name);
    Error::invalid(message).at(index.position)
}

fn on_column(name: &Name, relation: &Relation, terms: &mut Terms<'_>) -> Result<Restriction, Error> {
    let column = column(terms.table, name)?.clone();
    if is_slice(relation.operator) {
        check_slice(&column.data_type).map_err(|e| e.at(relation.position))?;
    }
    let value_type = value_type(&column, name, relation, terms)?;
    let operator = choice_of_one(relation).unwrap_or(relation.operator);
    let choices = choices(name, operator, relation, &value_type, terms)?;
    Ok(Restriction { columns: vec![column], key: None, operator, choices, position: relation.position })
}

/// The type of the values that a column is compared with. Operators that the column's type does not have are refused.
fn value_type(column: &Column, name: &Name, relation: &Relation, terms: &mut Terms<'_>) -> Result<DataType, Error> {
    let operator = relation.operator;
    let refuse = |message: String| Err(Error::invalid(message).at(relation.position));
    Ok(match (operator, column.data_type.unfrozen()) {
        (Operator::IsNotNull, _) => {
            return refuse(format!("Unsupported restriction: {} IS NOT NULL is allowed in views only", name.text));
        }
        (Operator::Contains, DataType::List(e) | DataType::Set(e) | DataType::Map(_, e)) => (**e).clone(),
        (Operator::ContainsKey, DataType::Map(key, _)) => (**key).clone(),
        (Operator::Contains, t) => {
            return refuse(format!("Cannot use CONTAINS on non-collection column {} of type {t}", name.text));
        }
        (Operator::ContainsKey, t) => {
            return refuse(format!("Cannot use CONTAINS KEY on non-map column {} of type {t}", name.text));
        }
        (_, DataType::Udt(own)) if column.data_type.is_complex() => {
            let (name, type_name) = (&name.text, &own.name);
            return refuse(format!(
                "Non-frozen UDT column '{name}' ({type_name}) cannot be restricted by any relation"
            ));
        }
        (_, t) if column.data_type.is_complex() => {
            let sign = operator.sign();
            return refuse(format!(
                "Collection column '{}' ({t}) cannot be restricted by a '{sign}' relation",
                name.text
            ));
        }
        (Operator::Like, _) => {
            for value in &relation.values {
                terms.source(value, &column.data_type, &name.text)?;
            }
            return refuse(format!(
                "LIKE restriction is only supported on properly indexed columns. {} is not valid.",
                relation_text(relation)
            ));
        }
        _ => column.data_type.clone(),
    })
}

/// The values on the right side of a relation.
fn choices(
    name: &Name,
    operator: Operator,
    relation: &Relation,
    value_type: &DataType,
    terms: &mut Terms<'_>,
) -> Result<Choices, Error> {
    Ok(match (operator, &relation.values[..], relation.listed) {
        (Operator::In, [marker], false) => {
            let list = DataType::List(Box::new(value_type.clone()));
            Choices::List(terms.source(marker, &list, &format!("in({})", name.text))?)
        }
        (Operator::In, values, _) => {
            let sources: Result<Vec<_>, Error> =
                values.iter().map(|v| Ok(vec![terms.source(v, value_type, &name.text)?])).collect();
            Choices::Tuples(sources?)
        }
        (_, [value], _) => {
            let label = match operator {
                Operator::Contains => format!("value({})", name.text),
                Operator::ContainsKey => format!("key({})", name.text),
                _ => name.text.clone(),
            };
            Choices::one(terms.source(value, value_type, &label)?)
        }
        _ => return Err(Error::invalid("a relation compares with one value").at(relation.position)),
    })
}

/// `=` if the relation is `IN` with a single listed value.
fn choice_of_one(relation: &Relation) -> Option<Operator> {
    let is_of_one = relation.operator == Operator::In && relation.listed && relation.values.len() == 1;
    is_of_one.then_some(Operator::Equal)
}

/// Resolves `(a, b) op (1, 2)` on consecutive clustering columns. `=` becomes one restriction per column.
fn on_columns(
    names: &[Name],
    relation: &Relation,
    terms: &mut Terms<'_>,
    out: &mut Vec<Restriction>,
) -> Result<(), Error> {
    let columns: Vec<Column> = names.iter().map(|n| column(terms.table, n).cloned()).collect::<Result<_, _>>()?;
    let (operator, position) = (choice_of_one(relation).unwrap_or(relation.operator), relation.position);
    if matches!(operator, Operator::Contains | Operator::ContainsKey | Operator::Like | Operator::IsNotNull) {
        return Err(Error::syntax(position, format!("{} stands behind one column", operator.sign())));
    }
    check_order(&columns, relation, terms.table)?;
    if !is_slice(operator) && !matches!(operator, Operator::Equal | Operator::In) {
        let message = format!("Unsupported \"{}\" relation: {}", operator.sign(), relation_text(relation));
        return Err(Error::invalid(message).at(position));
    }
    if let (Operator::In, [list], false) = (operator, &relation.values[..], relation.listed) {
        let source = terms.source(
            list,
            &DataType::List(Box::new(tuple_type(&columns))),
            &format!("in({})", join_names(names)),
        )?;
        let choices = Choices::TupleList(source, columns.len());
        out.push(Restriction { columns, key: None, operator, choices, position });
        return Ok(());
    }
    let mut tuples = Vec::new();
    for value in &relation.values {
        tuples.push(tuple(value, &columns, terms)?);
    }
    if operator != Operator::Equal {
        out.push(Restriction { columns, key: None, operator, choices: Choices::Tuples(tuples), position });
        return Ok(());
    }
    for (place, (column, source)) in columns.into_iter().zip(tuples.into_iter().flatten()).enumerate() {
        let choices = Choices::Part(source, place);
        out.push(Restriction { columns: vec![column], key: None, operator, choices, position });
    }
    Ok(())
}

/// Refuses columns of a tuple relation that are not consecutive clustering columns.
fn check_order(columns: &[Column], relation: &Relation, table: &Table) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::invalid(message).at(relation.position));
    let mut before = None;
    for (i, column) in columns.iter().enumerate() {
        let name = &column.name;
        let Some(place) = table.clustering.iter().position(|c| c.id == column.id) else {
            return refuse(format!(
                "Multi-column relations can only be applied to clustering columns but was applied to: {name}"
            ));
        };
        if columns[..i].contains(column) {
            return refuse(format!("Column \"{name}\" appeared twice in a relation: {relation}"));
        }
        if before.is_some_and(|before: usize| place != before + 1) {
            return refuse(format!(
                "Clustering columns must appear in the PRIMARY KEY order in multi-column relations: {relation}"
            ));
        }
        before = Some(place);
    }
    Ok(())
}

fn tuple_type(columns: &[Column]) -> DataType {
    DataType::Tuple(columns.iter().map(|c| c.data_type.clone()).collect())
}

fn join_names(names: &[Name]) -> String {
    names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(",")
}

/// The sources of a tuple literal or marker, one for each column.
fn tuple(value: &Term, columns: &[Column], terms: &mut Terms<'_>) -> Result<Vec<Source>, Error> {
    let parts = match &value.kind {
        TermKind::Tuple(parts) => &parts[..],
        TermKind::Marker(_) => {
            let data_type = tuple_type(columns);
            let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
            let whole = terms.source(value, &data_type, &format!("({})", names.join(",")))?;
            let part = |place| Source::Part { of: Box::new(whole.clone()), data_type: data_type.clone(), place };
            return Ok((0..columns.len()).map(part).collect());
        }
        _ => return Err(Error::syntax(value.position, "expected a tuple")),
    };
    if parts.len() != columns.len() {
        let (expected, given) = (columns.len(), parts.len());
        let message = format!("Expected {expected} elements in value tuple, but got {given}: {}", value_name(value));
        return Err(Error::invalid(message).at(value.position));
    }
    parts.iter().zip(columns).map(|(part, column)| terms.source(part, &column.data_type, &column.name)).collect()
}

fn on_token(names: &[Name], relation: &Relation, terms: &mut Terms<'_>) -> Result<TokenRestriction, Error> {
    let (operator, position) = (relation.operator, relation.position);
    let wanted = &terms.table.partition_key;
    for name in names {
        column(terms.table, name)?;
    }
    if !names.iter().map(|n| &n.text).eq(wanted.iter().map(|c| &c.name)) {
        return Err(Error::invalid(misplaced_token(names, wanted)).at(position));
    }
    let [value] = &relation.values[..] else {
        return Err(Error::syntax(position, "IN cannot be used with token()"));
    };
    if !is_slice(operator) && !matches!(operator, Operator::Equal | Operator::NotEqual) {
        return Err(Error::syntax(position, format!("{} cannot be used with token()", operator.sign())));
    }
    let source = terms.source(value, &DataType::Bigint, "partition key token")?;
    Ok(TokenRestriction { operator, source, position })
}

/// The error for `token()` whose columns are not those of the partition key in order.
fn misplaced_token(names: &[Name], wanted: &[Column]) -> String {
    let is_key = |name: &Name| wanted.iter().any(|c| c.name == name.text);
    if !wanted.iter().all(|c| names.iter().any(|name| name.text == c.name)) {
        return "The token() function must be applied to all partition key components or none of them".to_owned();
    }
    let is_repeated = |(i, name): (usize, &Name)| names[..i].iter().any(|earlier| earlier.text == name.text);
    if names.iter().enumerate().any(is_repeated) {
        return "The token() function contains duplicate partition key components".to_owned();
    }
    if !names.iter().all(is_key) {
        return "The token() function must contains only partition key components".to_owned();
    }
    let all: Vec<&str> = wanted.iter().map(|c| c.name.as_str()).collect();
    format!("The token function arguments must be in the partition key order: {}", all.join(", "))
}
