//! Settings of the guardrails on SELECT.

use crate::guardrails::{RestrictedValues, Threshold};
use henge_model::Consistency;

/// Guardrails on SELECT. `in_select_cartesian_product` applies to UPDATE and DELETE as well.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadGuardrails {
    /// `allow_filtering_enabled`.
    pub allow_filtering: bool,
    /// `group_by_enabled`.
    pub group_by: bool,
    /// `page_size`, in rows.
    pub page_size: Threshold,
    /// `partition_keys_in_select`.
    pub partition_keys: Threshold,
    /// `in_select_cartesian_product`: the number of combinations of values of several IN.
    pub in_product: Threshold,
    /// `read_consistency_levels`.
    pub levels: RestrictedValues<Consistency>,
}

impl Default for ReadGuardrails {
    fn default() -> Self {
        ReadGuardrails {
            allow_filtering: true,
            group_by: true,
            page_size: Threshold::default(),
            partition_keys: Threshold::default(),
            in_product: Threshold::default(),
            levels: RestrictedValues::default(),
        }
    }
}
