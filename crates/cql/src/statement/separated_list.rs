//! Parts of statements as text: lists, clauses and optional words.

use std::fmt::{Display, Formatter, Result};

/// Prints the parts with a separator in between.
pub(super) struct SeparatedList<'a, T>(&'a [T], &'a str);

impl<T: Display> Display for SeparatedList<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (i, part) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(self.1)?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

/// Prints `a, b, c`.
pub(super) fn commas<T: Display>(parts: &[T]) -> SeparatedList<'_, T> {
    SeparatedList(parts, ", ")
}

/// Prints `a AND b AND c`.
pub(super) fn ands<T: Display>(parts: &[T]) -> SeparatedList<'_, T> {
    SeparatedList(parts, " AND ")
}

/// Prints ` keyword part`, if there is a part.
pub(super) fn clause(f: &mut Formatter<'_>, keyword: &str, part: Option<&impl Display>) -> Result {
    match part {
        Some(part) => write!(f, " {keyword} {part}"),
        None => Ok(()),
    }
}

/// Prints the words after a blank, if `wanted`.
pub(super) fn words(f: &mut Formatter<'_>, wanted: bool, words: &str) -> Result {
    if wanted { write!(f, " {words}") } else { Ok(()) }
}
