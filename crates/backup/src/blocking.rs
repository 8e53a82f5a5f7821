//! Waiting for a network on a thread that may block, for a limited time.

use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The longest wait for one step, a store's own retries included.
const WAIT_MAX: Duration = Duration::from_secs(240);

/// A runtime that runs while somebody waits.
pub(crate) struct Blocking(Option<Runtime>);

impl Blocking {
    pub(crate) fn start() -> io::Result<Blocking> {
        Ok(Blocking(Some(Builder::new_current_thread().enable_io().enable_time().build()?)))
    }

    /// The outcome of a future; an error once it takes too long.
    pub(crate) fn wait<F: Future>(&self, future: F) -> io::Result<F::Output> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", WAIT_MAX.as_secs()));
        let Some(runtime) = &self.0 else { return Err(late()) };
        runtime.block_on(async { tokio::time::timeout(WAIT_MAX, future).await }).map_err(|_| late())
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        // Nobody waits for what is under way, also where the last owner is a task.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
