//! The number of the core whose thread runs.
//!
//! A link belongs to the core that asks through it, so that a request, its reply and their encryption cost no wake-up of
//! another thread. A caller does not name its core: its thread does.

use std::cell::Cell;

thread_local! {
    static CORE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Makes the calling thread that of a core, by its place among [`crate::Endpoint::bind`]'s cores.
pub fn enter_core(number: usize) {
    CORE.set(Some(number));
}

/// The core whose thread calls; `None` on a thread of no core.
pub fn current_core() -> Option<usize> {
    CORE.get()
}
