//! The state of an acceptor between the requests of one round, which come one after another: each finds what the one before has stored.

use henge_base::Bytes;
use henge_paxos::Acceptor;

/// States of more bytes are read from the store each time: all locks together keep about 8 MiB at most.
const STATE_BYTES_MAX: usize = 1_024;

/// The state of the partition that was served last under a lock, as the store has it.
#[derive(Debug, Default)]
pub(super) struct LastAcceptor(Option<(Bytes, Acceptor)>);

impl LastAcceptor {
    /// The state of a partition, if it is that one. Nothing is left: a request that is dropped halfway, or whose outcome is unknown, may
    /// have changed what is stored.
    pub(super) fn take(&mut self, key: &Bytes) -> Option<Acceptor> {
        self.0.take().filter(|(last, _)| last == key).map(|(_, acceptor)| acceptor)
    }

    /// Keeps what is stored of a partition.
    pub(super) fn keep(&mut self, key: &Bytes, acceptor: Acceptor) {
        if key.len() + acceptor.value_bytes() <= STATE_BYTES_MAX {
            self.0 = Some((Bytes::copy_from_slice(key), acceptor.copy_values()));
        }
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
        last.keep(&one, acceptor(10));
        assert_eq!(last.take(&one), Some(acceptor(10)));
        assert_eq!(last.take(&one), None, "until the outcome of the request that took it is known");
        last.keep(&one, acceptor(10));
        assert_eq!(last.take(&other), None);
        assert_eq!(last.take(&one), None, "the store may have changed: the other request did not say");
        last.keep(&one, acceptor(STATE_BYTES_MAX));
        assert_eq!(last.take(&one), None, "too large to be kept");
    }
}
