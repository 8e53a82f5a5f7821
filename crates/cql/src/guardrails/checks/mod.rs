//! The checks of a request against its guardrails.

mod batches;
mod indexes;
mod reads;
mod replication;
mod values;
mod writes;

pub use batches::BatchSize;
pub(crate) use batches::CELL_BYTES;
