//! Reasons why a field is no value.

/// A field, or a part of it, that is no value of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    #[error("{text:?} is no {kind}")]
    Value { text: String, kind: String },
    #[error("{0:?} has no matching brackets around it")]
    Brackets(String),
    #[error("{text:?} has {found} parts, and {expected} are expected")]
    Count { text: String, found: usize, expected: usize },
    #[error("{text:?} has a null, which a {kind} cannot hold")]
    Null { text: String, kind: String },
    #[error("{text:?} has a field {field}, which {kind} does not have")]
    Field { text: String, field: String, kind: String },
}

/// The most characters of a text in an error.
const SHOWN_CHARS_MAX: usize = 80;

pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
