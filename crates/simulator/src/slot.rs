//! A value that arrives later: the one future of the simulator.

use parking_lot::Mutex;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Both ends of a value that arrives later. The first value wins; later ones are ignored.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    state: Arc<Mutex<State<T>>>,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    filled: bool,
    waker: Option<Waker>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Slot { state: Arc::clone(&self.state) }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Slot { state: Arc::new(Mutex::new(State { value: None, filled: false, waker: None })) }
    }
}

impl<T> Slot<T> {
    /// Sets the value and wakes the task that waits for it.
    pub(crate) fn fill(&self, value: T) {
        let mut state = self.state.lock();
        if state.filled {
            return;
        }
        (state.filled, state.value) = (true, Some(value));
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Slot<T> {
    /// Takes the value; `None` if it has not arrived or was taken.
    pub(crate) fn take(&self) -> Option<T> {
        self.state.lock().value.take()
    }
}

impl<T> Future for Slot<T> {
    type Output = T;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.state.lock();
        match state.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
