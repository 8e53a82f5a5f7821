//! Notes on a traced request.

use henge_base::{Micros, Mono};
use parking_lot::Mutex;
use std::net::IpAddr;

/// Events that one trace notes at most.
const EVENTS_MAX: usize = 1_000;

/// A request that is being traced.
#[derive(Debug)]
pub struct Trace {
    /// Its number, a version 1 UUID.
    pub session: [u8; 16],
    pub(crate) client: Option<IpAddr>,
    pub(crate) began: Mono,
    pub(crate) began_us: Micros,
    events: Mutex<Vec<(u64, String)>>,
}

impl Trace {
    /// A trace that begins now.
    pub(crate) fn new(session: [u8; 16], client: Option<IpAddr>, began: Mono, began_us: Micros) -> Trace {
        Trace { session, client, began, began_us, events: Mutex::default() }
    }

    /// Notes that something happened now.
    pub(crate) fn note(&self, now: Mono, event: String) {
        let mut events = self.events.lock();
        if events.len() < EVENTS_MAX {
            events.push((now.0.saturating_sub(self.began.0), event));
        }
    }

    /// Takes what was noted, with microseconds since the beginning.
    pub(crate) fn take_events(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut *self.events.lock())
    }
}
