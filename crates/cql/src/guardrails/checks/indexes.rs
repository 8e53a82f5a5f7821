//! Guardrails on indexes, and on tables with COMPACT STORAGE.

use crate::error::Error;
use crate::guardrails::{CrossedLimit, Guard};

impl Guard<'_> {
    /// Applies the guardrails on secondary indexes. `number` is the table's number of indexes, including the new one.
    pub fn secondary_index(&self, index: &str, table: &str, number: usize) -> Result<(), Error> {
        let Some(rails) = self.settings().map(|settings| settings.indexes) else { return Ok(()) };
        self.check_allowed("secondary_indexes", rails.secondary_indexes, "Creating secondary indexes")?;
        let crossed = rails.secondary_indexes_per_table.above(number as u64);
        self.check_threshold("secondary_indexes_per_table", crossed, |limit| match limit {
            CrossedLimit::Warn(most) => format!(
                "Creating secondary index {index} on table {table}, current number of indexes {number} exceeds warning \
                 threshold of {most}."
            ),
            CrossedLimit::Fail(most) => format!(
                "Tables cannot have more than {most} secondary indexes, aborting the creation of secondary index \
                 {index} on table {table}"
            ),
        })
    }

    /// Applies the guardrail on `CREATE TABLE ... WITH COMPACT STORAGE`. Called before the table is looked up.
    pub fn compact_table(&self) -> Result<(), Error> {
        let is_allowed = self.settings().is_none_or(|settings| settings.indexes.compact_tables);
        self.check_allowed("compact_tables", is_allowed, "Creation of new COMPACT STORAGE tables")
    }
}
