//! A thread for each core, with a runtime of its own, on which clients' and peers' connections are served.

use std::io;
use std::thread::{self, JoinHandle};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread of a core. It ends when this is dropped; tasks that still run on it are dropped then.
pub(crate) struct CoreThread {
    runtime: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl CoreThread {
    /// Starts the thread of a core.
    pub(crate) fn start(number: usize) -> io::Result<CoreThread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(format!("core-{number}")).spawn(move || {
            henge_transport::enter_core(number);
            // An error means that the sender is gone, which is the end too.
            let _ = runtime.block_on(ended);
        })?;
        Ok(CoreThread { runtime: handle, end: Some(end), thread: Some(thread) })
    }

    /// The runtime of the thread.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

impl Drop for CoreThread {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_run_on_the_core_s_thread_until_it_ends() {
        let core = CoreThread::start(3).unwrap();
        let task = core
            .runtime()
            .spawn(async { (henge_transport::current_core(), thread::current().name().map(str::to_owned)) });
        assert_eq!(task.await.unwrap(), (Some(3), Some("core-3".to_owned())));
        let endless = core.runtime().spawn(std::future::pending::<()>());
        drop(core);
        assert!(endless.await.unwrap_err().is_cancelled());
        assert_eq!(henge_transport::current_core(), None, "this thread is none of a core");
    }
}
