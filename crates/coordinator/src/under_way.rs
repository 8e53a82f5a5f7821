//! Requests awaited together. A request has a handful of replicas, so all are polled whenever one may have moved: that is
//! cheaper than a task or an allocation for each.

use crate::BoxedFuture;
use smallvec::SmallVec;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Futures, each with a label.
pub(crate) struct UnderWay<L, F> {
    requests: SmallVec<[(L, F); 3]>,
}

/// The outcome of waiting for the next request to end, or for a timer.
#[derive(Debug)]
pub(crate) enum Next<L, T> {
    /// A request ended.
    Ended(L, T),
    /// The timer ended before any request.
    Late,
    /// No request is left.
    Idle,
}

impl<L, T> From<Option<(L, T)>> for Next<L, T> {
    fn from(ended: Option<(L, T)>) -> Self {
        ended.map_or(Next::Idle, |(label, output)| Next::Ended(label, output))
    }
}

impl<L: Copy, F: Future + Unpin> UnderWay<L, F> {
    pub(crate) fn new() -> Self {
        UnderWay { requests: SmallVec::new() }
    }

    pub(crate) fn push(&mut self, label: L, request: F) {
        self.requests.push((label, request));
    }

    /// The labels of those that have not ended.
    pub(crate) fn labels(&self) -> impl Iterator<Item = L> + '_ {
        self.requests.iter().map(|(label, _)| *label)
    }

    /// The next to end; `None` when none is left.
    pub(crate) async fn next(&mut self) -> Option<(L, F::Output)> {
        poll_fn(|context| self.poll(context)).await
    }

    /// The next to end, unless the timer ends before.
    pub(crate) async fn next_before(&mut self, timer: &mut BoxedFuture<()>) -> Next<L, F::Output> {
        poll_fn(|context| {
            if let Poll::Ready(next) = self.poll(context) {
                return Poll::Ready(next.into());
            }
            timer.as_mut().poll(context).map(|()| Next::Late)
        })
        .await
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<(L, F::Output)>> {
        for at in 0..self.requests.len() {
            let (label, request) = &mut self.requests[at];
            if let Poll::Ready(output) = Pin::new(request).poll(context) {
                let label = *label;
                self.requests.remove(at);
                return Poll::Ready(Some((label, output)));
            }
        }
        if self.requests.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    }
}
