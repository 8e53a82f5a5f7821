//! Notes on a traced request.

use henge_base::{HostId, Micros, Mono};
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
    events: Mutex<Vec<TraceEvent>>,
}

/// Something that was done for a traced request.
#[derive(Clone, Debug)]
pub(crate) struct TraceEvent {
    /// Microseconds from the beginning of the request to this note.
    pub(crate) at: u64,
    /// The replica that did it, with the microseconds that it says to have taken; `None`: the coordinator.
    pub(crate) replica: Option<(HostId, u64)>,
    pub(crate) activity: String,
}

impl Trace {
    /// A trace that begins now.
    pub(crate) fn new(session: [u8; 16], client: Option<IpAddr>, began: Mono, began_us: Micros) -> Trace {
        Trace { session, client, began, began_us, events: Mutex::default() }
    }

    /// Notes that something happened now.
    pub(crate) fn note(&self, now: Mono, activity: String) {
        self.add(now, None, activity);
    }

    /// Notes that a replica answered now, and how many microseconds it took.
    pub(crate) fn note_service(&self, now: Mono, replica: HostId, us: u64, activity: String) {
        self.add(now, Some((replica, us)), activity);
    }

    fn add(&self, now: Mono, replica: Option<(HostId, u64)>, activity: String) {
        let mut events = self.events.lock();
        if events.len() < EVENTS_MAX {
            events.push(TraceEvent { at: now.0.saturating_sub(self.began.0), replica, activity });
        }
    }

    /// Takes what was noted.
    pub(crate) fn take_events(&self) -> Vec<TraceEvent> {
        std::mem::take(&mut *self.events.lock())
    }
}
