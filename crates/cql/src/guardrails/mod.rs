//! Guardrails: restrictions and warnings that an operator adds to CQL. Names and messages are Cassandra's.
//!
//! - `guard`: the guardrails of one request, and the warnings it collects.
//! - `threshold`: a limit that warns and one that refuses. `listed`: lists of values that are warned of, ignored or refused.
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

/// All guardrails. By default none is set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guardrails {
    /// For statements that change the schema.
    pub schema: SchemaGuardrails,
    /// For indexes and COMPACT STORAGE.
    pub indexes: IndexGuardrails,
    /// For SELECT.
    pub reads: ReadGuardrails,
    /// For INSERT, UPDATE, DELETE and batches of them.
    pub writes: WriteGuardrails,
    /// For batches; nobody is exempt.
    pub batches: BatchLimits,
    /// `tombstone_warn_threshold` and `tombstone_failure_threshold`; nobody is exempt.
    pub tombstones: Threshold,
}

impl Guardrails {
    /// True if a guardrail on reads or writes is set from which superusers are exempt.
    pub fn concern_requests(&self) -> bool {
        self.reads != ReadGuardrails::default() || self.writes != WriteGuardrails::default()
    }

    /// True if any guardrail is set from which superusers are exempt.
    pub fn are_set(&self) -> bool {
        self.concern_requests()
            || self.schema != SchemaGuardrails::default()
            || self.indexes != IndexGuardrails::default()
    }
}
