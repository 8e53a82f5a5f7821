//! The deadlines of a connection: a login, a frame that was begun, answers that the client takes, and the end of the server.
//!
//! A transfer has no deadline for the whole, which would depend on its size, but a pace: so many bytes within so long a time.

use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// The longest time in which a client sends [`PACE_BYTES`] of a frame that it began, or takes as many of its answers; or all, if there
/// is less.
const PACE_TIMEOUT: Duration = Duration::from_secs(30);
/// The bytes that have to move within [`PACE_TIMEOUT`]: 34 KiB a second.
const PACE_BYTES: usize = 1 << 20;

/// A transfer that must not stand still.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When it counts as stalled; `None` while there is nothing to move.
    until: Option<Instant>,
    /// Bytes moved since that was set.
    moved: usize,
}

impl Pace {
    /// Watches the transfer from now on, or no longer.
    pub(super) fn watch(&mut self, is_waiting: bool) {
        match (is_waiting, self.until) {
            (true, None) => *self = Pace { until: Some(Instant::now() + PACE_TIMEOUT), moved: 0 },
            (false, Some(_)) => *self = Pace::default(),
            _ => {}
        }
    }

    /// Counts bytes that moved.
    pub(super) fn count(&mut self, bytes: usize) {
        self.moved += bytes;
        if self.moved >= PACE_BYTES && self.until.is_some() {
            *self = Pace { until: Some(Instant::now() + PACE_TIMEOUT), moved: 0 };
        }
    }
}

/// The deadlines; the connection ends when one is over.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// A frame that was begun.
    pub(super) input: Pace,
    /// Answers that wait to be sent.
    pub(super) output: Pace,
    /// The end of the login.
    pub(super) login: Option<Instant>,
    /// The end of answers under way, once the server shuts down.
    pub(super) drain: Option<Instant>,
    /// The next look at the farewell, which ends nothing by itself.
    pub(super) look: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Deadlines {
    /// Waits until one is over, or the next look is due; for ever if there is none. Returns true if one is over.
    pub(super) async fn wait(&mut self) -> bool {
        let deadline = [self.input.until, self.output.until, self.login, self.drain].into_iter().flatten().min();
        let Some(next) = deadline.into_iter().chain(self.look).min() else { return std::future::pending().await };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next.into())));
        if alarm.deadline() != next.into() {
            alarm.as_mut().reset(next.into());
        }
        alarm.await;
        deadline == Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_that_moves_enough_gets_more_time() {
        let mut pace = Pace::default();
        pace.count(PACE_BYTES);
        assert_eq!(pace.until, None, "nothing waits");
        pace.watch(true);
        let first = pace.until.unwrap();
        pace.count(PACE_BYTES - 1);
        pace.watch(true);
        assert_eq!(pace.until, Some(first), "a trickle does not put it off");
        pace.count(1);
        assert!(pace.until.unwrap() > first);
        pace.watch(false);
        assert_eq!(pace.until, None);
    }
}
