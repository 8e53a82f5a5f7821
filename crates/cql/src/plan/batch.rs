//! The plan of a BATCH.

use super::ModifyPlan;
use crate::error::Error;
use crate::statement::BatchKind;

/// The writes of one BATCH. A `USING TIMESTAMP` of the batch has been copied into each of its statements.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    /// Logged, unlogged or counter.
    pub kind: BatchKind,
    /// The writes, in order.
    pub statements: Vec<ModifyPlan>,
}

/// Refuses a batch that mixes counters with other writes, or logs them: replaying an addition would count it twice.
pub fn check_kind<'p>(
    kind: BatchKind,
    mut statements: impl Iterator<Item = &'p ModifyPlan> + Clone,
) -> Result<(), Error> {
    let counters = statements.clone().filter(|statement| statement.table.is_counter()).count();
    let all = statements.by_ref().count();
    let refused = match kind {
        BatchKind::Counter if counters < all => "Cannot include non-counter statement in a counter batch",
        BatchKind::Logged | BatchKind::Unlogged if counters > 0 && counters < all => {
            "Counter and non-counter mutations cannot exist in the same batch"
        }
        BatchKind::Logged if counters > 0 => "Cannot include a counter statement in a logged batch",
        _ => return Ok(()),
    };
    Err(Error::invalid(refused))
}
