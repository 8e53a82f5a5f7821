//! The settings of all guardrails.

mod batches;
mod indexes;
mod reads;
mod schema;
mod writes;

pub use batches::BatchLimits;
pub use indexes::IndexGuardrails;
pub use reads::ReadGuardrails;
pub use schema::SchemaGuardrails;
pub use writes::WriteGuardrails;

use super::Threshold;

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
