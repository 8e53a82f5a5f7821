//! Progress of streaming to this node, for whoever asks.

use crate::peers::messages::stream::{SourceProgress, StreamProgressReply};
use henge_base::HostId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
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
    /// The sources that hold ranges of this node's, with the bytes that each sends.
    sources: BTreeMap<HostId, SourceProgress>,
}

impl StreamStatus {
    /// Begins to count ranges of tables of a plan. Bytes go on if the plan is the same.
    pub(crate) fn begin(&self, plan: u64, (ranges, complete): (usize, usize)) {
        let mut state = self.state.lock();
        let (bytes, sources) = match state.plan == plan {
            true => (state.bytes, std::mem::take(&mut state.sources)),
            false => Default::default(),
        };
        *state = State { plan, ranges: ranges as u64, complete: complete as u64, bytes, is_done: false, sources };
    }

    /// Late writes are held back for ranges that an entry brings, or for none any more.
    pub(crate) fn set_held(&self, index: Option<u64>) {
        self.held.store(index.unwrap_or(0), Ordering::SeqCst);
    }

    /// True if late writes are held back for ranges that this entry or one before it brought.
    pub(crate) fn holds_for(&self, index: u64) -> bool {
        (1..=index).contains(&self.held.load(Ordering::SeqCst))
    }

    /// Notes what a source is expected to send for a plan.
    pub(crate) fn set_expected(&self, plan: u64, host: HostId, (bytes_total, bytes_per_second): (u64, u64)) {
        let mut state = self.state.lock();
        if state.plan == plan {
            let source = source_of(&mut state.sources, host);
            (source.bytes_total, source.bytes_per_second) = (bytes_total, bytes_per_second);
        }
    }

    /// Counts bytes of a source that were applied.
    pub(crate) fn add_bytes(&self, source: HostId, bytes: u64) {
        let mut state = self.state.lock();
        state.bytes += bytes;
        source_of(&mut state.sources, source).bytes_done += bytes;
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
        let expected: u64 = state.sources.values().map(|source| source.bytes_total).sum();
        let by_ranges = state.bytes.saturating_mul(state.ranges).checked_div(state.complete);
        let estimate = if expected > 0 { expected } else { by_ranges.unwrap_or(state.bytes) };
        StreamProgressReply {
            ranges_left: if state.is_done { 0 } else { state.ranges.saturating_sub(state.complete) },
            bytes_done: state.bytes,
            bytes_total_estimate: if state.is_done { state.bytes } else { estimate.max(state.bytes) },
            is_done: state.is_done,
            sources: state.sources.values().copied().collect(),
        }
    }
}

fn source_of(sources: &mut BTreeMap<HostId, SourceProgress>, host: HostId) -> &mut SourceProgress {
    sources.entry(host).or_insert(SourceProgress { host, bytes_done: 0, bytes_total: 0, bytes_per_second: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const PLAN: u64 = 9;

    #[test]
    fn bytes_are_estimated_by_what_sources_hold_or_else_by_ranges() {
        let [one, other] = [1, 2].map(|number| HostId(Uuid::from_u128(number)));
        let status = StreamStatus::default();
        status.begin(PLAN, (4, 0));
        status.add_bytes(one, 100);
        status.end_range();
        assert_eq!(status.progress(PLAN).bytes_total_estimate, 400);
        status.set_expected(PLAN, one, (900, 7));
        status.set_expected(PLAN, other, (100, 0));
        status.set_expected(PLAN + 1, other, (5, 0));
        let progress = status.progress(PLAN);
        assert_eq!((progress.bytes_done, progress.bytes_total_estimate, progress.ranges_left), (100, 1_000, 3));
        let sources: Vec<_> = progress.sources.iter().map(|of| (of.host, of.bytes_done, of.bytes_total)).collect();
        assert_eq!(sources, [(one, 100, 900), (other, 0, 100)]);
        // A step that is tried again goes on; another plan begins anew.
        status.begin(PLAN, (4, 1));
        assert_eq!(status.progress(PLAN).sources.len(), 2);
        status.set_done(PLAN);
        assert_eq!(status.progress(PLAN).bytes_total_estimate, 100);
        status.begin(PLAN + 1, (1, 0));
        assert!(status.progress(PLAN + 1).sources.is_empty());
    }
}
