//! The requests of a connection in flight, as tasks of its core. A request releases what it holds (a lock, a turn, a stripe) whatever its
//! client does: whether it reads its answers or not, stays or goes.

use super::ended_request::EndedRequest;
use futures_util::future::FutureExt;
use std::future::Future;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The tasks of one connection, and the channel on which they return.
pub(super) struct InFlightRequests {
    sender: mpsc::UnboundedSender<(Option<usize>, Box<EndedRequest>)>,
    /// Holds at most as many as are in flight, which the connection limits.
    receiver: mpsc::UnboundedReceiver<(Option<usize>, Box<EndedRequest>)>,
    count: usize,
    /// The tasks that end with the connection, in slots that are used again.
    bound: Vec<Option<AbortHandle>>,
    free: Vec<usize>,
}

impl InFlightRequests {
    pub(super) fn new() -> InFlightRequests {
        let (sender, receiver) = mpsc::unbounded_channel();
        InFlightRequests { sender, receiver, count: 0, bound: Vec::new(), free: Vec::new() }
    }

    /// Requests that are not answered.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Starts a request that runs to its end, also when the connection ends before.
    pub(super) fn run(&mut self, request: impl Future<Output = Box<EndedRequest>> + Send + 'static) {
        self.spawn(None, request);
    }

    /// Starts a request that changes nothing; it is dropped when the connection ends.
    pub(super) fn run_while_open(&mut self, request: impl Future<Output = Box<EndedRequest>> + Send + 'static) {
        let slot = self.free.pop().unwrap_or(self.bound.len());
        let task = self.spawn(Some(slot), request);
        match self.bound.get_mut(slot) {
            Some(free) => *free = Some(task),
            None => self.bound.push(Some(task)),
        }
    }

    fn spawn(
        &mut self,
        slot: Option<usize>,
        request: impl Future<Output = Box<EndedRequest>> + Send + 'static,
    ) -> AbortHandle {
        self.count += 1;
        // Boxed first: a task is moved several times before it runs, and so would be all of the request.
        let (sender, request) = (self.sender.clone(), Box::pin(request));
        // The answer of a connection that has ended concerns nobody.
        tokio::spawn(request.map(move |done| drop(sender.send((slot, done))))).abort_handle()
    }

    /// The next request that ends. Waits for ever if none is under way; nothing is lost if this is dropped before it is ready.
    pub(super) async fn next(&mut self) -> Box<EndedRequest> {
        match self.receiver.recv().await {
            Some(done) => self.take(done),
            // Never: there is a sender here.
            None => std::future::pending().await,
        }
    }

    /// A request that has ended.
    pub(super) fn try_next(&mut self) -> Option<Box<EndedRequest>> {
        let done = self.receiver.try_recv().ok()?;
        Some(self.take(done))
    }

    fn take(&mut self, (slot, done): (Option<usize>, Box<EndedRequest>)) -> Box<EndedRequest> {
        self.count -= 1;
        if let Some(slot) = slot {
            self.bound[slot] = None;
            self.free.push(slot);
        }
        done
    }
}

impl Drop for InFlightRequests {
    fn drop(&mut self) {
        self.bound.iter().flatten().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Answer, RequestSummary};
    use henge_node::Consistency;
    use henge_node::{Ending, Operation};
    use henge_protocol::{Flags, Header, Opcode, Version};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;
    use tokio::sync::Mutex;

    fn done() -> Box<EndedRequest> {
        Box::new(EndedRequest {
            header: Header {
                version: Version::V5,
                flags: Flags::default(),
                stream: 0,
                opcode: Opcode::Query,
                length: 0,
            },
            answer: Answer::Void,
            warnings: Vec::new(),
            summary: RequestSummary { operation: Operation::Other, consistency: Consistency::One, ending: Ending::Ok },
            began: Instant::now(),
            trace: None,
            slot: None,
            _admitted: None,
            room: None,
        })
    }

    #[tokio::test]
    async fn a_lock_is_released_though_the_connection_asks_for_no_answer() {
        let lock = Arc::new(Mutex::new(()));
        let mut connection = InFlightRequests::new();
        let held = Arc::clone(&lock);
        connection.run(async move {
            let _held = held.lock().await;
            tokio::task::yield_now().await;
            done()
        });
        tokio::task::yield_now().await;
        // The connection is stuck in a send: it polls nothing. Another one takes the lock all the same.
        let other = tokio::spawn(async move { drop(lock.lock().await) });
        other.await.unwrap();
        assert_eq!(connection.count(), 1);
        connection.next().await;
        assert_eq!(connection.count(), 0);
    }

    #[tokio::test]
    async fn writes_run_to_their_end_and_reads_end_with_their_connection() {
        let ended: [Arc<AtomicBool>; 2] = Default::default();
        let mut connection = InFlightRequests::new();
        let request = |ended: &Arc<AtomicBool>| {
            let ended = Arc::clone(ended);
            async move {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                ended.store(true, Ordering::Relaxed);
                done()
            }
        };
        connection.run(request(&ended[0]));
        connection.run_while_open(request(&ended[1]));
        tokio::task::yield_now().await;
        drop(connection);
        for _ in 0..30 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ended.map(|ended| ended.load(Ordering::Relaxed)), [true, false]);
    }

    #[tokio::test]
    async fn slots_of_reads_are_used_again() {
        let mut connection = InFlightRequests::new();
        for _ in 0..10 {
            connection.run_while_open(async { done() });
            connection.run(async { done() });
            connection.run_while_open(async { done() });
            for _ in 0..3 {
                connection.next().await;
            }
        }
        assert_eq!((connection.count(), connection.bound.len(), connection.free.len()), (0, 2, 2));
        assert!(connection.bound.iter().all(Option::is_none));
    }
}
