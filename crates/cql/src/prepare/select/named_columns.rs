//! The columns that a select list names.

use crate::statement::{Arguments, SelectItem, Term, TermKind};
use henge_model::{Column, Table};

/// The table's columns that occur in any of the terms.
pub(crate) fn named_columns(items: &[SelectItem], table: &Table) -> Vec<Column> {
    let mut columns = Vec::new();
    for item in items {
        add_columns(&item.term, table, &mut columns);
    }
    columns
}

fn add_columns(term: &Term, table: &Table, out: &mut Vec<Column>) {
    let mut all = |parts: &[Term]| parts.iter().for_each(|part| add_columns(part, table, out));
    match &term.kind {
        TermKind::Column(name) => out.extend(table.column(&name.text).cloned()),
        TermKind::List(parts) | TermKind::Set(parts) | TermKind::Tuple(parts) => all(parts),
        TermKind::Call { arguments: Arguments::Terms(parts), .. } => all(parts),
        TermKind::Map(entries) => entries.iter().for_each(|(key, value)| {
            add_columns(key, table, out);
            add_columns(value, table, out);
        }),
        TermKind::UserType(fields) => fields.iter().for_each(|(_, value)| add_columns(value, table, out)),
        TermKind::Hinted { term, .. } | TermKind::Cast { term, .. } | TermKind::Negated(term) => {
            add_columns(term, table, out);
        }
        TermKind::Arithmetic { left, right, .. } => {
            add_columns(left, table, out);
            add_columns(right, table, out);
        }
        TermKind::Field { of, .. } | TermKind::Element { of, .. } | TermKind::Slice { of, .. } => {
            add_columns(of, table, out);
        }
        TermKind::Null | TermKind::Constant(_) | TermKind::Marker(_) | TermKind::Call { .. } => {}
    }
}
