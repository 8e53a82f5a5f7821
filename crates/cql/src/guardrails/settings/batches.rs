//! Settings of the guardrails on batches.

use crate::guardrails::Threshold;

/// The guardrails on batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchLimits {
    /// `batch_size_warn_threshold` and `batch_size_fail_threshold`, in bytes.
    pub size: Threshold,
    /// `unlogged_batch_across_partitions_warn_threshold`: the number of partitions.
    pub partitions: Option<u64>,
}
