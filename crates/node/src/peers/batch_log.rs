//! What is asked of a node that keeps batches of another coordinator.

use henge_base::{Bytes, Micros};
use serde::{Deserialize, Serialize};

/// A request to keep a batch, or to forget it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum BatchMessage {
    Keep { created: Micros, number: u128, mutations: Vec<Bytes> },
    Forget { created: Micros, number: u128 },
}
