//! `m[key] = value` in WHERE. It always becomes a filter, since no key order tells which rows satisfy it.

use crate::error::Error;
use crate::plan::{Choices, Restriction, is_slice};
use crate::prepare::restrict::slice::check_slice;
use crate::prepare::scope::column;
use crate::prepare::term::terms::Terms;
use crate::statement::{Name, Operator, Relation, Term};
use henge_model::DataType;

/// Resolves a relation on a map's entry.
pub(crate) fn on_entry(
    name: &Name,
    key: &Term,
    relation: &Relation,
    terms: &mut Terms<'_>,
) -> Result<Restriction, Error> {
    let column = column(terms.table, name)?.clone();
    let (operator, position) = (relation.operator, relation.position);
    let refuse = |message: String| Err(Error::invalid(message).at(position));
    use Operator::{Contains, ContainsKey, In, IsNotNull, Like};
    if matches!(operator, Contains | ContainsKey | In | IsNotNull | Like) {
        return Err(Error::syntax(position, format!("{} cannot stand behind a map's entry", operator.sign())));
    }
    if is_slice(operator) {
        check_slice(&column.data_type).map_err(|e| e.at(position))?;
    }
    let (of_key, of_value) = match (&column.data_type, column.data_type.unfrozen()) {
        (DataType::Map(key, value), _) => (DataType::clone(key), DataType::clone(value)),
        (_, DataType::Map(..)) => {
            let name = &column.name;
            return refuse(format!("Map-entry equality predicates on frozen map column {name} are not supported"));
        }
        (_, DataType::List(_)) => {
            let name = &column.name;
            return refuse(format!("Indexes on list entries ({name}[index] = value) are not currently supported."));
        }
        (_, other) => {
            let name = &column.name;
            return refuse(format!("Column {name} cannot be used as a map (it is of type {other})"));
        }
    };
    if operator != Operator::Equal {
        return refuse("Only EQ relations are supported on map entries".to_owned());
    }
    let [value] = &relation.values[..] else { return refuse("a relation compares with one value".to_owned()) };
    let key = terms.source(key, &of_key, &format!("key({})", column.name))?;
    let value = terms.source(value, &of_value, &format!("value({})", column.name))?;
    Ok(Restriction { columns: vec![column], key: Some(key), operator, choices: Choices::one(value), position })
}
