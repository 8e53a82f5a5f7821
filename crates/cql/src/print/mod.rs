//! Statements printed as text: `Display` of the tree. Parsing the text gives the same tree again.
//!
//! One file per family of statements, as in `statement`. A new statement gets a file with its `Display` and a line in
//! the match below. Parentheses and quotes are printed only where the parser needs them.

mod access;
mod batch;
mod describe;
mod function;
mod identity;
mod index;
mod keyspace;
mod mask;
mod modify;
mod name;
mod property;
mod relation;
mod select;
mod table;
mod term;
mod trigger;
mod type_name;
mod user_type;
mod view;

use crate::statement::Statement;
use std::fmt::{Display, Formatter, Result};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Statement::Select(s) => s.fmt(f),
            Statement::Insert(s) => s.fmt(f),
            Statement::Update(s) => s.fmt(f),
            Statement::Delete(s) => s.fmt(f),
            Statement::Batch(s) => s.fmt(f),
            Statement::Use(s) => s.fmt(f),
            Statement::CreateKeyspace(s) => s.fmt(f),
            Statement::AlterKeyspace(s) => s.fmt(f),
            Statement::DropKeyspace(s) => s.fmt(f),
            Statement::CreateTable(s) => s.fmt(f),
            Statement::AlterTable(s) => s.fmt(f),
            Statement::DropTable(s) => s.fmt(f),
            Statement::CreateType(s) => s.fmt(f),
            Statement::AlterType(s) => s.fmt(f),
            Statement::DropType(s) => s.fmt(f),
            Statement::CreateIndex(s) => s.fmt(f),
            Statement::DropIndex(s) => s.fmt(f),
            Statement::Role(s) => s.fmt(f),
            Statement::Permission(s) => s.fmt(f),
            Statement::Identity(s) => s.fmt(f),
            Statement::Function(s) => s.fmt(f),
            Statement::View(s) => s.fmt(f),
            Statement::Trigger(s) => s.fmt(f),
            Statement::Truncate(s) => s.fmt(f),
            Statement::Describe(s) => s.fmt(f),
        }
    }
}

/// Prints the parts with a separator in between.
struct Separated<'a, T>(&'a [T], &'a str);

impl<T: Display> Display for Separated<'_, T> {
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
fn commas<T: Display>(parts: &[T]) -> Separated<'_, T> {
    Separated(parts, ", ")
}

/// Prints `a AND b AND c`.
fn ands<T: Display>(parts: &[T]) -> Separated<'_, T> {
    Separated(parts, " AND ")
}

/// Prints ` keyword part`, if there is a part.
fn clause(f: &mut Formatter<'_>, keyword: &str, part: Option<&impl Display>) -> Result {
    match part {
        Some(part) => write!(f, " {keyword} {part}"),
        None => Ok(()),
    }
}

/// Prints the words after a blank, if `wanted`.
fn words(f: &mut Formatter<'_>, wanted: bool, words: &str) -> Result {
    if wanted { write!(f, " {words}") } else { Ok(()) }
}
