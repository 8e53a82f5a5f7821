//! Progress of streaming to this node, for whoever asks.

use crate::peers::messages::stream::StreamProgressReply;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The progress of the plan under way.
#[derive(Debug, Default)]
pub(crate) struct StreamStatus {
    state: Mutex<State>,
    /// The index of the log's entry that brought the ranges for which late writes are held back, or of a later one; 0 for none.
    held: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    plan: u64,
    ranges: u64,
    complete: u64,
    bytes: u64,
    is_done: bool,
}

impl StreamStatus {
    /// Begins to count ranges of tables of a plan. Bytes go on if the plan is the same.
    pub(crate) fn begin(&self, plan: u64, (ranges, complete): (usize, usize)) {
        let mut state = self.state.lock();
        let bytes = if state.plan == plan { state.bytes } else { 0 };
        *state = State { plan, ranges: ranges as u64, complete: complete as u64, bytes, is_done: false };
    }

    /// Late writes are held back for ranges that an entry brings, or for none any more.
    pub(crate) fn set_held(&self, index: Option<u64>) {
        self.held.store(index.unwrap_or(0), Ordering::SeqCst);
    }

    /// True if late writes are held back for ranges that this entry or one before it brought.
    pub(crate) fn holds_for(&self, index: u64) -> bool {
        (1..=index).contains(&self.held.load(Ordering::SeqCst))
    }

    /// Counts bytes that were applied.
    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.state.lock().bytes += bytes;
    }

    /// Counts a range of a table that is complete.
    pub(crate) fn end_range(&self) {
        self.state.lock().complete += 1;
    }

    /// Everything of a plan has come, and is on disk.
    pub(crate) fn set_done(&self, plan: u64) {
        let mut state = self.state.lock();
        if state.plan != plan {
            *state = State { plan, ..State::default() };
        }
        state.is_done = true;
    }

    /// True if everything of a plan has come.
    pub(crate) fn is_done(&self, plan: u64) -> bool {
        let state = self.state.lock();
        state.plan == plan && state.is_done
    }

    /// The progress of a plan; nothing of another one.
    pub(crate) fn progress(&self, plan: u64) -> StreamProgressReply {
        let state = self.state.lock();
        if state.plan != plan {
            return StreamProgressReply::default();
        }
        let estimate = (state.bytes * state.ranges).checked_div(state.complete).unwrap_or(state.bytes);
        StreamProgressReply {
            ranges_left: if state.is_done { 0 } else { state.ranges.saturating_sub(state.complete) },
            bytes_done: state.bytes,
            bytes_total_estimate: if state.is_done { state.bytes } else { estimate.max(state.bytes) },
            is_done: state.is_done,
        }
    }
}
