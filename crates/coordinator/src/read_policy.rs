//! The table options that apply to reads.

use henge_model::{SpeculativeRetry, TableOptions};

/// The options of a table that its reads obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPolicy {
    /// True if replicas that differ are written what they lack before the read is answered: later quorum reads then never see less
    /// (`read_repair = 'BLOCKING'`). False if the merged rows are answered and nothing is written, so that a read cannot spread a part of
    /// a write (`'NONE'`).
    pub repairs: bool,
    /// The time at which one replica more than the level needs is asked. Scans and queries by an index use the default.
    pub speculation: SpeculativeRetry,
}

impl Default for ReadPolicy {
    fn default() -> Self {
        ReadPolicy { repairs: true, speculation: SpeculativeRetry::default() }
    }
}

impl From<&TableOptions> for ReadPolicy {
    fn from(options: &TableOptions) -> Self {
        ReadPolicy { repairs: options.repairs_reads(), speculation: options.speculation() }
    }
}
