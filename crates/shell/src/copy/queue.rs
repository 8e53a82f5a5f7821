//! Rows on their way from the input to the workers of COPY FROM.

use super::record::Record;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The time after which a waiting worker looks for the end of the COPY.
const WAIT: Duration = Duration::from_millis(100);

/// Records that follow each other in the input.
pub(crate) struct Chunk {
    /// From 0, without gaps.
    pub(crate) number: u64,
    /// The part of the source that they are from.
    pub(crate) part: usize,
    /// The number of its last row, from the beginning of the input, the first being 1.
    pub(crate) last_row: u64,
    pub(crate) records: Vec<Record>,
}

/// A queue of so many chunks at most.
pub(crate) struct ChunkQueue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
}

struct State {
    chunks: VecDeque<Chunk>,
    is_closed: bool,
}

impl ChunkQueue {
    pub(crate) fn new(capacity: usize) -> ChunkQueue {
        let state = State { chunks: VecDeque::new(), is_closed: false };
        ChunkQueue { state: Mutex::new(state), changed: Condvar::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the queue whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a chunk, once there is room. Returns false if the queue is closed; the chunk is dropped then.
    pub(crate) fn push(&self, chunk: Chunk) -> bool {
        let mut state = self.lock();
        while state.chunks.len() >= self.capacity && !state.is_closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_closed {
            return false;
        }
        state.chunks.push_back(chunk);
        self.changed.notify_all();
        true
    }

    /// No chunk comes any more.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The next chunk, for which it waits a little if it may; and true if no other comes.
    pub(crate) fn pop(&self, may_wait: bool) -> (Option<Chunk>, bool) {
        let mut state = self.lock();
        if state.chunks.is_empty() && !state.is_closed && may_wait {
            state = self.changed.wait_timeout(state, WAIT).unwrap_or_else(PoisonError::into_inner).0;
        }
        let chunk = state.chunks.pop_front();
        self.changed.notify_all();
        let is_last = state.chunks.is_empty() && state.is_closed;
        (chunk, is_last)
    }
}
