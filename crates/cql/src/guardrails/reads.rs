//! Guardrails of SELECT.

use super::{Guard, Listed, Threshold};
use crate::error::Error;
use crate::guardrails::threshold::Crossed;
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
    pub levels: Listed<Consistency>,
}

impl Default for ReadGuardrails {
    fn default() -> Self {
        ReadGuardrails {
            allow_filtering: true,
            group_by: true,
            page_size: Threshold::default(),
            partition_keys: Threshold::default(),
            in_product: Threshold::default(),
            levels: Listed::default(),
        }
    }
}

impl Guard<'_> {
    /// Applies the guardrail on the number of IN combinations so far; `of` names the partition or clustering key.
    pub(crate) fn in_product(&self, of: &str, values: usize) -> Result<(), Error> {
        let Some(reads) = self.settings().map(|settings| &settings.reads) else { return Ok(()) };
        self.check_threshold("in_select_cartesian_product", reads.in_product.above(values as u64), |limit| match limit {
            Crossed::Warn(limit) => format!(
                "The cartesian product of the IN restrictions on {of} produces {values} values, this exceeds warning \
                 threshold of {limit}."
            ),
            Crossed::Fail(limit) => format!(
                "Aborting query because the cartesian product of the IN restrictions on {of} produces {values} \
                 values, this exceeds fail threshold of {limit}."
            ),
        })
    }
}
