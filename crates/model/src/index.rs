//! Secondary indexes: which part of which column is looked up by value, and what stands in the index for a row.
//!
//! - `definition`: an index, as the metadata log agrees on it.
//! - `analysis`: the text that an index compares instead of the text that was written.
//! - `term`: what a row is found by, and which of it a query looks for.
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
