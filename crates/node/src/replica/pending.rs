//! Requests under way at a replica, as the coordinator holds them.

use henge_coordinator::{ReadReply, Refusal, ReplicaError};
use henge_storage::WriteError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The outcome of a write.
pub(crate) type WriteResult = Result<(), ReplicaError>;

/// A write under way. Dropping it cancels nothing: whoever holds the sender goes on.
pub enum WritePending {
    /// Known at once.
    Ready(Option<Result<(), ReplicaError>>),
    /// In the combiner, or at a peer.
    Waiting(oneshot::Receiver<Result<(), ReplicaError>>),
    /// In the combiner, and noted in a trace.
    Traced(Pin<Box<dyn Future<Output = WriteResult> + Send>>),
}

impl WritePending {
    pub(crate) fn from_error(error: ReplicaError) -> Self {
        WritePending::Ready(Some(Err(error)))
    }
}

impl Future for WritePending {
    type Output = WriteResult;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WriteResult> {
        match &mut *self {
            WritePending::Ready(outcome) => Poll::Ready(outcome.take().unwrap_or(Err(ReplicaError::Unknown))),
            WritePending::Waiting(receiver) => {
                Pin::new(receiver).poll(cx).map(|r| r.unwrap_or(Err(ReplicaError::Unknown)))
            }
            WritePending::Traced(write) => write.as_mut().poll(cx),
        }
    }
}

/// A read under way.
pub enum ReadPending {
    /// Answered from memory.
    Ready(Option<Result<ReadReply, ReplicaError>>),
    /// At a peer, or on the disk lane.
    Waiting(Pin<Box<dyn Future<Output = Result<ReadReply, ReplicaError>> + Send>>),
}

impl Future for ReadPending {
    type Output = Result<ReadReply, ReplicaError>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            ReadPending::Ready(outcome) => Poll::Ready(outcome.take().unwrap_or(Err(ReplicaError::Unknown))),
            ReadPending::Waiting(future) => future.as_mut().poll(cx),
        }
    }
}

/// A failure of this node's own store, as a coordinator sees it.
pub(super) fn refusal_of_write(error: &WriteError) -> ReplicaError {
    match error {
        WriteError::Stalled => ReplicaError::Refused(Refusal::Stalled),
        WriteError::Full => ReplicaError::Refused(Refusal::Full),
        WriteError::UnknownTable => ReplicaError::Refused(Refusal::UnknownTable),
        WriteError::Fenced => ReplicaError::Refused(Refusal::Fenced),
        // Known not to have been made.
        WriteError::Changed => ReplicaError::Refused(Refusal::Other),
        _ => ReplicaError::Unknown,
    }
}
