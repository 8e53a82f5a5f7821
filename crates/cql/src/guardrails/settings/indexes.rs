//! Settings of the guardrails on indexes, and on tables with COMPACT STORAGE.

use crate::guardrails::Threshold;

/// The settings of these guardrails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexGuardrails {
    /// `secondary_indexes_enabled`.
    pub secondary_indexes: bool,
    /// `secondary_indexes_per_table`.
    pub secondary_indexes_per_table: Threshold,
    /// `compact_tables_enabled`.
    pub compact_tables: bool,
}

impl Default for IndexGuardrails {
    fn default() -> Self {
        IndexGuardrails {
            secondary_indexes: true,
            secondary_indexes_per_table: Threshold::default(),
            compact_tables: true,
        }
    }
}
