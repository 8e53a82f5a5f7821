//! Texts of terms, for names of result columns and for messages.

use crate::functions::Argument;
use crate::functions::arithmetic::function_name;
use crate::literal;
use crate::prepare::term::operand::preferred_type;
use crate::statement::{Arguments, Constant, Operator, Relation, Term, TermKind, TypeName};
use henge_model::DataType;

/// True if a term refers to a row or has a type of its own. False if it takes the type that its place requires.
pub(crate) fn of_row(term: &Term) -> bool {
    match &term.kind {
        TermKind::Null | TermKind::Constant(_) | TermKind::Marker(_) => false,
        TermKind::List(parts) | TermKind::Set(parts) | TermKind::Tuple(parts) => parts.iter().any(of_row),
        TermKind::Map(entries) => entries.iter().any(|(key, value)| of_row(key) || of_row(value)),
        TermKind::UserType(_) => true,
        _ => true,
    }
}

/// The description of a function's argument: its type if it has one, else the preferred type of the literal.
pub(crate) fn argument(term: &Term, known: Option<&DataType>) -> Argument {
    let is_literal = !of_row(term);
    let elements = match &term.kind {
        TermKind::List(parts) if is_literal => u32::try_from(parts.len()).ok(),
        _ => None,
    };
    let data_type = match &term.kind {
        TermKind::Constant(constant) => Some(preferred_type(constant)),
        _ => known.cloned().or_else(|| literal_type(term)),
    };
    Argument { data_type, is_literal, elements, shown: value_name(term) }
}

/// The preferred type of a literal; `None` if no part of it has one.
fn literal_type(term: &Term) -> Option<DataType> {
    match &term.kind {
        TermKind::Constant(constant) => Some(preferred_type(constant)),
        TermKind::List(parts) => parts.iter().find_map(literal_type).map(|of| DataType::List(Box::new(of))),
        TermKind::Set(parts) => parts.iter().find_map(literal_type).map(|of| DataType::Set(Box::new(of))),
        TermKind::Tuple(parts) if parts.len() == 1 => literal_type(&parts[0]),
        TermKind::Tuple(parts) => parts.iter().map(literal_type).collect::<Option<_>>().map(DataType::Tuple),
        TermKind::Map(entries) => {
            let key = entries.iter().find_map(|(key, _)| literal_type(key))?;
            let value = entries.iter().find_map(|(_, value)| literal_type(value))?;
            Some(DataType::Map(Box::new(key), Box::new(value)))
        }
        _ => None,
    }
}

/// The term as Cassandra prints it.
pub(crate) fn value_name(term: &Term) -> String {
    match &term.kind {
        TermKind::Null => "NULL".to_owned(),
        TermKind::Constant(Constant::String(text)) => format!("'{text}'"),
        TermKind::Constant(constant) => literal::describe(constant).1,
        TermKind::Marker(marker) => marker.name.as_ref().map_or_else(|| "?".to_owned(), |name| format!(":{name}")),
        TermKind::Column(name) => name.text.clone(),
        TermKind::List(parts) => format!("[{}]", all(parts)),
        TermKind::Set(parts) => format!("{{{}}}", all(parts)),
        TermKind::Tuple(parts) => format!("({})", all(parts)),
        TermKind::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", value_name(key), value_name(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        TermKind::UserType(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}: {}", name.text, value_name(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        TermKind::Call { function, arguments: Arguments::Star, .. } => format!("{}(*)", function.text),
        TermKind::Call { function, arguments: Arguments::Terms(terms), .. } => {
            format!("{}({})", function.text, all(terms))
        }
        TermKind::Hinted { target, term } => format!("({}){}", type_name(target), value_name(term)),
        TermKind::Cast { term, target } => format!("system.cast_as_{}({})", type_name(target), value_name(term)),
        TermKind::Arithmetic { operator, left, right } => {
            format!("{} {} {}", value_name(left), operator.sign(), value_name(right))
        }
        TermKind::Negated(term) => format!("-{}", value_name(term)),
        TermKind::Field { of, field } => format!("{}.{}", value_name(of), field.text),
        TermKind::Element { of, key } => format!("{}[{}]", value_name(of), value_name(key)),
        TermKind::Slice { of, .. } => format!("{}[..]", value_name(of)),
    }
}

/// A relation as Cassandra prints it.
pub(crate) fn relation_text(relation: &Relation) -> String {
    let values: Vec<String> = relation.values.iter().map(raw_name).collect();
    let (subject, sign, values) = (&relation.subject, relation.operator.sign(), values.join(", "));
    match relation.operator {
        Operator::IsNotNull => format!("{subject} {sign}"),
        _ if relation.listed => format!("{subject} {sign} ({values})"),
        _ => format!("{subject} {sign} {values}"),
    }
}

/// The text of a value outside of select lists, in which operations are functions.
pub(crate) fn raw_name(term: &Term) -> String {
    match &term.kind {
        TermKind::Arithmetic { operator, left, right } => {
            format!("system.\"{}\"({}, {})", function_name(*operator), raw_name(left), raw_name(right))
        }
        TermKind::Negated(of) => format!("system.\"_negate\"({})", raw_name(of)),
        TermKind::Tuple(parts) => format!("({})", parts.iter().map(raw_name).collect::<Vec<_>>().join(", ")),
        _ => value_name(term),
    }
}

/// The type as it was written, but for tuples: they are frozen in any case, and so are their parts.
fn type_name(name: &TypeName) -> String {
    match name {
        TypeName::Named { name, .. } => name.text.clone(),
        TypeName::List(of) => format!("list<{}>", type_name(of)),
        TypeName::Set(of) => format!("set<{}>", type_name(of)),
        TypeName::Map(key, value) => format!("map<{}, {}>", type_name(key), type_name(value)),
        TypeName::Tuple(of) => format!("tuple<{}>", of.iter().map(frozen_name).collect::<Vec<_>>().join(", ")),
        TypeName::Vector(of, n) => format!("vector<{}, {n}>", type_name(of)),
        TypeName::Frozen(of) if matches!(**of, TypeName::Tuple(_)) => type_name(of),
        TypeName::Frozen(of) => format!("frozen<{}>", type_name(of)),
        TypeName::Custom(name) => format!("'{}'", name.text),
    }
}

fn frozen_name(name: &TypeName) -> String {
    let is_native = |name: &str| DataType::native(name).is_some();
    match name {
        TypeName::Named { name: own, .. } if is_native(&own.text) => type_name(name),
        TypeName::Named { .. } | TypeName::List(_) | TypeName::Set(_) | TypeName::Map(..) => {
            format!("frozen<{}>", type_name(name))
        }
        _ => type_name(name),
    }
}

fn all(terms: &[Term]) -> String {
    terms.iter().map(value_name).collect::<Vec<_>>().join(", ")
}

/// `(type)term`, with the type as it was written.
pub(crate) fn hinted_name(target: &TypeName, term: &str) -> String {
    format!("({}){term}", type_name(target))
}
