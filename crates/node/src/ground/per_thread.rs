//! A figure in parts, so that threads which count at the same time do not wait for each other's caches.

use std::array;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Parts of a figure. Where there are more threads, some share one.
pub(crate) const PARTS: usize = 16;

static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static PART: usize = NEXT_THREAD.fetch_add(1, Ordering::Relaxed) % PARTS;
}

/// The parts of a figure, each of which takes memory from its first use on.
#[derive(Debug)]
pub(crate) struct PerThread<T> {
    parts: [OnceLock<Box<Part<T>>>; PARTS],
}

/// A part that shares no cache line with another.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Part<T>(T);

impl<T> Default for PerThread<T> {
    fn default() -> Self {
        PerThread { parts: array::from_fn(|_| OnceLock::new()) }
    }
}

impl<T: Default> PerThread<T> {
    /// The part of the thread that asks.
    pub(crate) fn own(&self) -> &T {
        &self.parts[PART.with(|part| *part)].get_or_init(Box::default).0
    }

    /// All parts that were used.
    pub(crate) fn used(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().filter_map(|part| Some(&part.get()?.0))
    }
}
