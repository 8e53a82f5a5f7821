//! Settings of the guardrails on INSERT, UPDATE and DELETE.

use crate::guardrails::{RestrictedValues, Threshold};
use henge_model::Consistency;

/// Guardrails on writes.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteGuardrails {
    /// `user_timestamps_enabled`.
    pub user_timestamps: bool,
    /// `read_before_write_list_operations_enabled`.
    pub list_reads: bool,
    /// `column_value_size`, in bytes.
    pub value_size: Threshold,
    /// `collection_size`, in bytes.
    pub collection_size: Threshold,
    /// `items_per_collection`.
    pub items_per_collection: Threshold,
    /// `maximum_timestamp`: microseconds after now.
    pub maximum_timestamp: Threshold,
    /// `minimum_timestamp`: microseconds before now.
    pub minimum_timestamp: Threshold,
    /// `write_consistency_levels`.
    pub levels: RestrictedValues<Consistency>,
}

impl Default for WriteGuardrails {
    fn default() -> Self {
        WriteGuardrails {
            user_timestamps: true,
            list_reads: true,
            value_size: Threshold::default(),
            collection_size: Threshold::default(),
            items_per_collection: Threshold::default(),
            maximum_timestamp: Threshold::default(),
            minimum_timestamp: Threshold::default(),
            levels: RestrictedValues::default(),
        }
    }
}
