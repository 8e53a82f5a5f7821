//! Guardrails: what an operator forbids, or warns of, beyond what the language allows. Names and words are Cassandra's.
//!
//! - `guard`: the settings as they apply to one request, and the warnings it collects.
//! - `threshold`, `listed`: a number with two limits, and lists of what is warned of and what is refused.
//! - `schema`, `replication`, `indexes`, `reads`, `writes`, `batches`: the settings of each family with their checks.

mod batches;
mod guard;
mod indexes;
mod listed;
mod reads;
mod replication;
mod schema;
mod threshold;
mod writes;

#[cfg(test)]
mod tests;

pub(crate) use batches::CELL_BYTES;
pub use batches::{BatchLimits, BatchSize};
pub use guard::{Guard, Warnings};
pub use indexes::IndexGuardrails;
pub use listed::Listed;
pub use reads::ReadGuardrails;
pub use schema::SchemaGuardrails;
pub(crate) use threshold::Crossed;
pub use threshold::Threshold;
pub use writes::WriteGuardrails;

/// All settings. What is not set costs a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guardrails {
    /// Of statements that change the schema.
    pub schema: SchemaGuardrails,
    /// Of indexes and of the old storage form.
    pub indexes: IndexGuardrails,
    /// Of SELECT.
    pub reads: ReadGuardrails,
    /// Of INSERT, UPDATE, DELETE and batches of them.
    pub writes: WriteGuardrails,
    /// Of batches; nobody is exempt from these.
    pub batches: BatchLimits,
    /// `tombstone_warn_threshold` and `tombstone_failure_threshold`; nobody is exempt from these.
    pub tombstones: Threshold,
}

impl Guardrails {
    /// Whether reads or writes of some users are held to any.
    pub fn concern_requests(&self) -> bool {
        self.reads != ReadGuardrails::default() || self.writes != WriteGuardrails::default()
    }

    /// Whether any of those is set that superusers are exempt from.
    pub fn are_set(&self) -> bool {
        self.concern_requests()
            || self.schema != SchemaGuardrails::default()
            || self.indexes != IndexGuardrails::default()
    }
}
