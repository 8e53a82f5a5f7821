//! Reasons why a range was not fetched wholly.

use crate::replica::stream_sink::ImportError;
use henge_base::HostId;
use henge_coordinator::ReplicaError;
use henge_storage::EngineError;

/// A range of a table was not fetched wholly.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("too few replicas that hold its rows are up: {needed} more are needed")]
    TooFewSources { needed: usize },
    #[error("host {from} does not send a page: {error}")]
    Source { from: HostId, error: ReplicaError },
    #[error("a page cannot be applied: {0}")]
    Import(#[from] ImportError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}
