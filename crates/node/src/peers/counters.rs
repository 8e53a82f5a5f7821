//! What is asked of a node that leads additions to counters.

use henge_base::Bytes;
use serde::{Deserialize, Serialize};

/// Additions to lead.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountRequest {
    /// An encoded mutation.
    pub(crate) additions: Bytes,
    /// A consistency level by its name.
    pub(crate) consistency: String,
}

/// How it went.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum CountReply {
    Done,
    Unavailable { required: u32, alive: u32 },
    Unknown { received: u32, block_for: u32 },
}
