//! The state of an acceptor between the requests of one round, which come one after another: each finds what the one before has stored.

use henge_base::Bytes;
use henge_paxos::Acceptor;
use std::sync::atomic::{AtomicU64, Ordering};

/// States of more bytes are read from the store each time: all locks together keep about 8 MiB at most.
const STATE_BYTES_MAX: usize = 1_024;

/// The state of the partition that was served last under a lock, as the store has it.
#[derive(Debug, Default)]
pub(super) struct LastAcceptor(Option<LastState>);

#[derive(Debug)]
struct LastState {
    key: Bytes,
    acceptor: Acceptor,
    /// The removals of whole ranges when the request that kept it began.
    removals: u64,
}

impl LastAcceptor {
    /// The state of a partition, if it is that one, and no range was removed since. Nothing is left: a request that is dropped halfway, or
    /// whose outcome is unknown, may have changed what is stored.
    pub(super) fn take(&mut self, key: &Bytes, removals: u64) -> Option<Acceptor> {
        let last = self.0.take()?;
        (last.key == *key && last.removals == removals).then_some(last.acceptor)
    }

    /// Keeps what is stored of a partition; `removals` is their number when the request began.
    pub(super) fn keep(&mut self, key: &Bytes, acceptor: Acceptor, removals: u64) {
        if key.len() + acceptor.value_bytes() <= STATE_BYTES_MAX {
            let (key, acceptor) = (Bytes::copy_from_slice(key), acceptor.copy_values());
            self.0 = Some(LastState { key, acceptor, removals });
        }
    }
}

/// The number of removals that took all there was in some ranges, without a look at the locks of their partitions.
#[derive(Debug, Default)]
pub(super) struct RangeRemovals(AtomicU64);

impl RangeRemovals {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Notes one whose batch is written.
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_paxos::{Ballot, Proposal};

    fn acceptor(value: usize) -> Acceptor {
        let ballot = Ballot { micros: 7, ..Ballot::NONE };
        let (update, before) = (Some(vec![1; value].into()), Default::default());
        let mut acceptor = Acceptor::default();
        acceptor.propose(&Proposal { ballot, original: ballot, update, before }).unwrap();
        acceptor
    }

    #[test]
    fn a_state_is_taken_once_and_only_for_its_partition() {
        let (one, other) = (Bytes::from_static(b"one"), Bytes::from_static(b"other"));
        let mut last = LastAcceptor::default();
        last.keep(&one, acceptor(10), 0);
        assert_eq!(last.take(&one, 0), Some(acceptor(10)));
        assert_eq!(last.take(&one, 0), None, "until the outcome of the request that took it is known");
        last.keep(&one, acceptor(10), 0);
        assert_eq!(last.take(&other, 0), None);
        assert_eq!(last.take(&one, 0), None, "the store may have changed: the other request did not say");
        last.keep(&one, acceptor(STATE_BYTES_MAX), 0);
        assert_eq!(last.take(&one, 0), None, "too large to be kept");
        last.keep(&one, acceptor(10), 0);
        assert_eq!(last.take(&one, 1), None, "it may have been removed with its range");
    }
}
