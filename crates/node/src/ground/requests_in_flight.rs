//! Requests under way on each core, counted by the epoch that the node had come to when they began. A barrier waits for those of older epochs.

use henge_metadata::Epoch;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Notify;

/// The requests of all cores.
#[derive(Debug, Default)]
pub(crate) struct RequestsInFlight {
    /// One for each core: cores are never given back.
    cores: Mutex<Vec<Arc<CoreRequests>>>,
}

impl RequestsInFlight {
    /// The counter of a core that starts.
    pub(crate) fn add_core(&self) -> Arc<CoreRequests> {
        let core = Arc::new(CoreRequests::default());
        self.cores.lock().push(Arc::clone(&core));
        core
    }

    /// The number of requests that began before an epoch.
    pub(crate) fn older_than(&self, epoch: Epoch) -> u32 {
        self.cores.lock().iter().map(|core| core.older_than(epoch)).sum()
    }

    /// Cancels those that began before an epoch and can be.
    pub(crate) fn cancel_older_than(&self, epoch: Epoch) {
        self.cores.lock().iter().for_each(|core| core.cancel_older_than(epoch));
    }
}

/// The requests of one core.
#[derive(Debug, Default)]
pub(crate) struct CoreRequests {
    /// The requests of each epoch that has some. Few: requests end within seconds.
    counts: Mutex<Vec<(Epoch, u32)>>,
    /// Requests that began before it are cancelled.
    cancelled: Mutex<Epoch>,
    cancel: Notify,
}

impl CoreRequests {
    /// Counts a request of an epoch until the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>, epoch: Epoch) -> RequestOfEpoch {
        let mut counts = self.counts.lock();
        match counts.iter_mut().find(|(of, _)| *of == epoch) {
            Some((_, count)) => *count += 1,
            None => counts.push((epoch, 1)),
        }
        RequestOfEpoch { core: Arc::clone(self), epoch }
    }

    fn end(&self, epoch: Epoch) {
        let mut counts = self.counts.lock();
        if let Some(at) = counts.iter().position(|(of, _)| *of == epoch) {
            counts[at].1 -= 1;
            if counts[at].1 == 0 {
                counts.swap_remove(at);
            }
        }
    }

    fn older_than(&self, epoch: Epoch) -> u32 {
        self.counts.lock().iter().filter(|(of, _)| *of < epoch).map(|(_, count)| count).sum()
    }

    fn cancel_older_than(&self, epoch: Epoch) {
        let mut cancelled = self.cancelled.lock();
        *cancelled = epoch.max(*cancelled);
        drop(cancelled);
        self.cancel.notify_waiters();
    }
}

/// A request that is counted.
#[derive(Debug)]
pub(crate) struct RequestOfEpoch {
    core: Arc<CoreRequests>,
    epoch: Epoch,
}

impl RequestOfEpoch {
    /// Ends when the request is cancelled.
    pub(crate) async fn wait_for_cancel(&self) {
        loop {
            let notified = self.core.cancel.notified();
            if self.epoch < *self.core.cancelled.lock() {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for RequestOfEpoch {
    fn drop(&mut self) {
        self.core.end(self.epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn epoch(index: u64) -> Epoch {
        Epoch { lineage: 0, index }
    }

    #[test]
    fn requests_of_all_cores_are_counted_by_epoch_and_cancelled() {
        let requests = RequestsInFlight::default();
        let (one, other) = (requests.add_core(), requests.add_core());
        let (first, second, third) = (one.begin(epoch(3)), one.begin(epoch(3)), other.begin(epoch(4)));
        let older = |index| requests.older_than(epoch(index));
        assert_eq!((older(3), older(4), older(5)), (0, 2, 3));
        drop(first);
        assert_eq!((older(4), older(5)), (1, 2));
        assert!(second.wait_for_cancel().now_or_never().is_none());
        requests.cancel_older_than(epoch(4));
        assert!(second.wait_for_cancel().now_or_never().is_some());
        assert!(third.wait_for_cancel().now_or_never().is_none());
        drop((second, third));
        assert_eq!(older(9), 0);
    }
}
