//! The farewell of a connection once the server shuts down.
//!
//! A driver cannot be told to stop: it learns of the end from the end of its connection, and a request that it sends in that moment fails.
//! So the connection ends while its client has nothing under way:
//!
//! 1. Requests are served for a moment more. A client that pauses meanwhile is done with.
//! 2. Then they are held. A client whose threads all wait for this node sends nothing, and what they wait for is refused, in one go with
//!    the end of the connection, with an error on which drivers turn to another node.

use henge_protocol::{Header, Startup};
use std::time::{Duration, Instant};

/// The time for which requests are served as ever.
const SERVE_TIME: Duration = Duration::from_millis(500);
/// The longest time for which requests are held before they are refused; from then on each is refused at once.
const HOLD_TIME: Duration = Duration::from_millis(500);
/// Requests that are held; beyond it nothing is read.
const HELD_REQUESTS_MAX: usize = 1_024;
/// A client that sent nothing for so long has nothing on the way.
const QUIET_TIME: Duration = Duration::from_millis(100);
/// The longest time for answers under way.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// The name by which the Python driver introduces itself, since it is the Apache project's and before.
const PYTHON_DRIVERS: [&str; 2] = ["Apache Cassandra Python Driver", "DataStax Python Driver"];

/// The farewell of a connection.
#[derive(Debug)]
pub(super) struct Farewell {
    began: Instant,
    /// The client's last request, or the last answer to it.
    active: Instant,
    /// Requests that are held.
    held: Vec<Header>,
    /// Messages that are left to the end of the connection.
    unanswered: usize,
}

impl Farewell {
    pub(super) fn begin(now: Instant) -> Farewell {
        Farewell { began: now, active: now, held: Vec::new(), unanswered: 0 }
    }

    /// Notes a request or an answer.
    pub(super) fn note(&mut self, now: Instant) {
        self.active = now;
    }

    /// True if requests are served no longer.
    pub(super) fn is_refusing(&self, now: Instant) -> bool {
        now >= self.began + SERVE_TIME
    }

    /// True if the client waits for what it sent, or has been waited for long enough.
    fn is_quiet(&self, now: Instant) -> bool {
        now >= self.active + QUIET_TIME || now >= self.began + SERVE_TIME + HOLD_TIME
    }

    /// Takes the requests that are to be refused now.
    pub(super) fn take_refusals(&mut self, now: Instant) -> Vec<Header> {
        if self.is_refusing(now) && self.is_quiet(now) { std::mem::take(&mut self.held) } else { Vec::new() }
    }

    /// True if the connection may end.
    pub(super) fn is_over(&self, now: Instant, in_flight: usize) -> bool {
        in_flight == 0 && self.held.is_empty() && self.is_quiet(now)
    }

    /// Holds a request until it is refused.
    pub(super) fn hold(&mut self, request: Header) {
        self.held.push(request);
    }

    /// Leaves a message to the end of the connection.
    pub(super) fn leave_unanswered(&mut self) {
        self.unanswered += 1;
    }

    /// True if there is room to hold one request more.
    pub(super) fn has_room(&self) -> bool {
        self.held.len() + self.unanswered < HELD_REQUESTS_MAX
    }

    /// The next moment at which something changes though nothing arrives.
    pub(super) fn next_change(&self, now: Instant) -> Option<Instant> {
        let all = [self.active + QUIET_TIME, self.began + SERVE_TIME + HOLD_TIME];
        all.into_iter().filter(|at| *at > now).min()
    }
}

/// True if a client leaves what becomes of a refused request to its user, but asks another node by itself for a statement that it could
/// not prepare because the connection ended.
pub(super) fn goes_on_when_preparing_fails(startup: &Startup<'_>) -> bool {
    let name = startup.options.iter().find(|(key, _)| key.eq_ignore_ascii_case("DRIVER_NAME"));
    name.is_some_and(|(_, name)| PYTHON_DRIVERS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_protocol::{Flags, Opcode, Version};

    fn header(stream: i16) -> Header {
        Header { version: Version::V5, flags: Flags::default(), stream, opcode: Opcode::Query, length: 0 }
    }

    #[test]
    fn a_client_that_pauses_is_done_with_while_it_is_served() {
        let began = Instant::now();
        let mut farewell = Farewell::begin(began);
        assert!(!farewell.is_over(began, 0), "a request may be on its way");
        farewell.note(began + QUIET_TIME / 2);
        assert!(!farewell.is_over(began + QUIET_TIME, 0));
        let quiet = began + QUIET_TIME / 2 + QUIET_TIME;
        assert_eq!(farewell.next_change(began + QUIET_TIME), Some(quiet));
        assert!(!farewell.is_over(quiet, 1), "an answer is under way");
        assert!(farewell.is_over(quiet, 0) && !farewell.is_refusing(quiet));
    }

    #[test]
    fn a_busy_client_is_refused_when_all_of_it_waits() {
        let began = Instant::now();
        let mut farewell = Farewell::begin(began);
        let refusing = began + SERVE_TIME;
        for stream in 0..3 {
            assert!(farewell.take_refusals(refusing).is_empty());
            farewell.note(refusing);
            farewell.hold(header(stream));
        }
        assert!(!farewell.is_over(refusing + QUIET_TIME, 0), "they are not refused yet");
        let refused = farewell.take_refusals(refusing + QUIET_TIME);
        assert_eq!(refused.iter().map(|header| header.stream).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(farewell.is_over(refusing + QUIET_TIME, 0));
    }

    #[test]
    fn a_client_that_never_waits_is_held_for_a_bounded_time() {
        let began = Instant::now();
        let mut farewell = Farewell::begin(began);
        let limit = began + SERVE_TIME + HOLD_TIME;
        farewell.note(limit);
        farewell.hold(header(1));
        assert_eq!(farewell.take_refusals(limit).len(), 1);
        assert!(farewell.is_over(limit, 0) && !farewell.is_over(limit, 1));
        assert_eq!(farewell.next_change(limit), Some(limit + QUIET_TIME));
        assert_eq!(farewell.next_change(limit + QUIET_TIME), None);
    }
}
