//! Batches whose parts are written or owed, until their keepers are told to forget them.

use henge_base::Mono;
use henge_coordinator::LoggedBatch;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::Notify;

/// Maximum number of batches that wait. The keepers of more write theirs once again, which changes nothing.
const WAITING_MAX: usize = 100_000;
/// The time within which a write whose deadline has come has ended, and its hint is queued.
const SLACK: Duration = Duration::from_millis(250);

/// The batches of this node's coordinators that met their level, in the order of their deadlines.
///
/// A batch met its level while some replicas had not answered. By its deadline each of them has, or is owed a hint; only then may the
/// batch be forgotten.
#[derive(Default)]
pub(crate) struct SettledBatches {
    waiting: Mutex<VecDeque<(Mono, LoggedBatch)>>,
    added: Notify,
}

impl SettledBatches {
    /// Adds a batch whose writes end at `deadline`.
    pub(super) fn push(&self, batch: LoggedBatch, deadline: Mono) {
        let mut waiting = self.waiting.lock();
        if waiting.len() < WAITING_MAX {
            waiting.push_back((deadline + SLACK, batch));
            drop(waiting);
            self.added.notify_one();
        }
    }

    /// Takes the batches whose writes have all ended, at most `max`.
    pub(crate) fn take_due(&self, now: Mono, max: usize) -> Vec<LoggedBatch> {
        let mut waiting = self.waiting.lock();
        let due = waiting.iter().take(max).take_while(|(due, _)| *due <= now).count();
        waiting.drain(..due).map(|(_, batch)| batch).collect()
    }

    /// True if no batch waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.lock().is_empty()
    }

    /// Waits until a batch is added. For one task only.
    pub(crate) async fn batch_added(&self) {
        self.added.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_taken_once_their_time_is_up() {
        let batches = SettledBatches::default();
        let batch = |number| LoggedBatch { created: 1, number, hosts: Vec::new() };
        let numbers = |now, max| -> Vec<u128> {
            batches.take_due(Mono(now), max).into_iter().map(|batch| batch.number).collect()
        };
        for number in 0..4 {
            batches.push(batch(number), Mono(1_000_000 * number as u64));
        }
        assert_eq!(numbers(249_999, 9), []);
        assert_eq!(numbers(2_250_000, 2), [0, 1]);
        assert_eq!(numbers(2_250_000, 9), [2]);
        assert!(!batches.is_empty());
        assert_eq!(numbers(9_000_000, 9), [3]);
        assert!(batches.is_empty());
    }
}
