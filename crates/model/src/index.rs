//! Secondary indexes: the part of a column that is looked up by value, and the entries that an index holds for a row.
//!
//! - `definition`: an index, as the metadata log agrees on it.
//! - `analysis`: case folding, normalization and accent folding of text before it is indexed or compared.
//! - `term`: the terms of a row, and the terms that a query looks for.
//! - `entry`: the key of one term of one row.

mod analysis;
mod definition;
mod entry;
mod term;
#[cfg(test)]
mod tests;

pub use analysis::Analysis;
pub use definition::{Index, IndexDraft, IndexId, IndexKind, IndexedPart};
pub use entry::IndexEntry;
pub use term::{Probe, Terms};
