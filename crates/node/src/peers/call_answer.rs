//! The answer of a call.

use henge_base::Bytes;
use henge_coordinator::ReplicaError;

/// The end of a call.
pub(crate) struct CallAnswer<R> {
    pub(crate) outcome: Result<R, ReplicaError>,
    /// The peer's steps, encoded; none unless they were asked for. A refusal has them too.
    pub(crate) steps: Bytes,
}
