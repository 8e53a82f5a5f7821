//! Parts of values in a select list: elements and slices of collections, fields of user types.

use crate::error::{Error, nearest};
use crate::plan::Selector;
use crate::prepare::select::column_expression::ColumnExpression;
use crate::prepare::term::term_text::raw_name;
use crate::prepare::term::terms::Terms;
use crate::statement::{Name, Term};
use henge_model::DataType;

/// Resolves `c[key]` of a set or map.
pub(crate) fn element(
    term: &Term,
    collection: ColumnExpression,
    key: &Term,
    terms: &mut Terms<'_>,
) -> Result<ColumnExpression, Error> {
    let (key_type, data_type) = parts_of(&collection, "Element", term)?;
    let key_source = terms.source(key, &key_type, &key_label(&collection))?;
    let name = format!("{}[{}]", collection.name, raw_name(key));
    let ColumnExpression { selector, name: on, data_type: of_type } = collection;
    let selector = Selector::Element { of: Box::new(selector), data_type: of_type, key: key_source, on };
    Ok(ColumnExpression { selector, name, data_type })
}

/// Resolves `c[from..to]` of a set or map.
pub(crate) fn slice(
    term: &Term,
    collection: ColumnExpression,
    bounds: [Option<&Term>; 2],
    terms: &mut Terms<'_>,
) -> Result<ColumnExpression, Error> {
    let (key_type, _) = parts_of(&collection, "Slice", term)?;
    let label = key_label(&collection);
    let mut bound = |term: Option<&Term>| term.map(|term| terms.source(term, &key_type, &label)).transpose();
    let (from, to) = (bound(bounds[0])?, bound(bounds[1])?);
    let [first, last] = bounds.map(|term| term.map_or_else(String::new, raw_name));
    let name = format!("{}[{first}..{last}]", collection.name);
    let ColumnExpression { selector, name: on, data_type } = collection;
    let selector = Selector::Slice { of: Box::new(selector), data_type: data_type.clone(), from, to, on };
    Ok(ColumnExpression { selector, name, data_type })
}

/// The field of that name of a user type.
pub(crate) fn field_of(whole: ColumnExpression, name: &Name) -> Result<ColumnExpression, Error> {
    let DataType::Udt(own) = whole.data_type.unfrozen() else {
        let message = format!("Invalid field selection: {} of type {} is not a user type", whole.name, whole.data_type);
        return Err(Error::invalid(message).at(name.position));
    };
    let Some((place, data_type)) = own.field(&name.text) else {
        let guess = nearest(&name.text, own.fields.iter().map(|(field, _)| field.as_str()));
        let message = format!("{} of type {} has no field {}", whole.name, whole.data_type, name.text);
        return Err(Error::invalid(message).at(name.position).with_hint(guess));
    };
    let (label, data_type) = (format!("{}.{}", whole.name, name.text), data_type.clone());
    let selector = Selector::Field { of: Box::new(whole.selector), data_type: whole.data_type, place };
    Ok(ColumnExpression { selector, name: label, data_type })
}

/// The name of a marker that stands for a map's key or an element of a set.
pub(crate) fn key_label(collection: &ColumnExpression) -> String {
    let what = if matches!(collection.data_type.unfrozen(), DataType::Set(_)) { "value" } else { "key" };
    format!("{what}({})", collection.name)
}

/// The types of a collection's keys and of the values at them. `part`, for messages, is Element or Slice.
pub(crate) fn parts_of(collection: &ColumnExpression, part: &str, term: &Term) -> Result<(DataType, DataType), Error> {
    match collection.data_type.unfrozen() {
        DataType::Map(key, value) => Ok((DataType::clone(key), DataType::clone(value))),
        DataType::Set(element) => Ok((DataType::clone(element), DataType::clone(element))),
        DataType::List(_) => {
            let message =
                format!("{part} selection is only allowed on sets and maps, but {} is a list", collection.name);
            Err(Error::invalid(message).at(term.position))
        }
        other => {
            let part = part.to_ascii_lowercase();
            let message =
                format!("Invalid {part} selection: {} is of type {other} is not a collection", collection.name);
            Err(Error::invalid(message).at(term.position))
        }
    }
}
