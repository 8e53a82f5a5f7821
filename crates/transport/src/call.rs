//! A call to a peer: its future and its outcome.

use henge_base::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The reply, or the reason why there is none.
pub(crate) type Outcome = Result<Bytes, CallError>;

/// The reason why a call ended without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not sent: no byte of the request left this node.
    #[error("the message was not sent")]
    NotSent,
    /// Unknown: the request may have arrived and may have been executed.
    #[error("the outcome is unknown")]
    Unknown,
}

/// A call in progress. Dropping it does not cancel the request.
#[derive(Debug)]
pub enum Call {
    /// Ended at once: the request was not sent.
    Ready(Option<CallError>),
    /// Queued or sent.
    Waiting(oneshot::Receiver<Outcome>),
}

impl Future for Call {
    type Output = Outcome;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        match &mut *self {
            Call::Ready(error) => Poll::Ready(Err(error.take().unwrap_or(CallError::Unknown))),
            Call::Waiting(receiver) => Pin::new(receiver).poll(cx).map(|r| r.unwrap_or(Err(CallError::Unknown))),
        }
    }
}
