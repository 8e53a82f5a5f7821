//! Pages that a node sends to new replicas, at the rate of `stream_throughput_outbound`, and the steps of purges that pages must not meet.
//! `stream_source` waits for the time that is reserved here.

use henge_base::Mono;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The pages that this node sends to new replicas, at the rate that is set, and the purges that are under way.
#[derive(Debug, Default)]
pub(crate) struct StreamOutflow {
    /// When all that was reserved will have been sent at the rate.
    free_at: Mutex<Mono>,
    pages_under_way: AtomicUsize,
    purge_steps: AtomicUsize,
}

impl StreamOutflow {
    /// The time at which so many bytes may be sent, at so many in a second.
    pub(super) fn reserve(&self, bytes: u64, per_second: u64, now: Mono) -> Mono {
        let mut free_at = self.free_at.lock();
        let at = now.max(*free_at);
        *free_at = at + Duration::from_micros(bytes.saturating_mul(1_000_000) / per_second.max(1));
        at
    }

    /// Counts a page as under way until the returned guard is dropped; `None` if there are more than so many.
    pub(super) fn begin_page(&self, pages_max: usize) -> Option<CountGuard<'_>> {
        let page = CountGuard::new(&self.pages_under_way);
        (self.pages_under_way.load(Ordering::SeqCst) <= pages_max).then_some(page)
    }

    /// Begins a step of a purge, which is under way until the returned guard is dropped. Whether a plan is under way is asked after this.
    pub(crate) fn begin_purge_step(&self) -> CountGuard<'_> {
        CountGuard::new(&self.purge_steps)
    }

    /// True while a step of a purge is under way: it may remove a tombstone that a page has yet to show, behind rows that one showed.
    pub(super) fn is_purging(&self) -> bool {
        self.purge_steps.load(Ordering::SeqCst) > 0
    }
}

/// One of those that are counted.
pub(crate) struct CountGuard<'a>(&'a AtomicUsize);

impl<'a> CountGuard<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        CountGuard(count)
    }
}

impl Drop for CountGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
