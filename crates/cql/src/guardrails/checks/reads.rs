//! Guardrails of SELECT.

use crate::error::Error;
use crate::guardrails::{CrossedLimit, Guard};

impl Guard<'_> {
    /// Applies the guardrail on the number of IN combinations so far; `of` names the partition or clustering key.
    pub(crate) fn in_product(&self, of: &str, values: usize) -> Result<(), Error> {
        let Some(reads) = self.settings().map(|settings| &settings.reads) else { return Ok(()) };
        self.check_threshold("in_select_cartesian_product", reads.in_product.above(values as u64), |limit| match limit {
            CrossedLimit::Warn(limit) => format!(
                "The cartesian product of the IN restrictions on {of} produces {values} values, this exceeds warning \
                 threshold of {limit}."
            ),
            CrossedLimit::Fail(limit) => format!(
                "Aborting query because the cartesian product of the IN restrictions on {of} produces {values} \
                 values, this exceeds fail threshold of {limit}."
            ),
        })
    }
}
