//! Guardrails: restrictions and warnings that an operator adds to CQL. Names and messages are Cassandra's.
//!
//! - `checks`: the checks of a request, methods of its `Guard`.
//! - `guard`: the guardrails of one request, and the warnings it collects.
//! - `settings`: the settings of each family.
//! - `threshold`: a limit that warns and one that refuses. `restricted_values`: lists of values that are warned of,
//!   ignored or refused.

mod checks;
mod guard;
mod restricted_values;
mod settings;
mod threshold;

#[cfg(test)]
mod tests;

pub use checks::BatchSize;
pub(crate) use checks::CELL_BYTES;
pub use guard::{Guard, Warnings};
pub use restricted_values::RestrictedValues;
pub use settings::{BatchLimits, Guardrails, IndexGuardrails, ReadGuardrails, SchemaGuardrails, WriteGuardrails};
pub(crate) use threshold::CrossedLimit;
pub use threshold::Threshold;
