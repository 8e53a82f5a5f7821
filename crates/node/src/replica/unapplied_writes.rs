//! Writes of this node's coordinators that its own copy did not take: they are owed to it as they would be to a peer.

use henge_coordinator::{Refusal, ReplicaError};
use henge_model::SharedMutation;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Bytes of mutations that wait here: 64 MiB. They go on to the queue of hints within a quarter of a second.
const BYTES_MAX: usize = 64 << 20;

/// Mutations that the own copy lacks.
#[derive(Debug, Default)]
pub(super) struct UnappliedWrites {
    waiting: Mutex<Waiting>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    mutations: Vec<SharedMutation>,
    bytes: usize,
}

impl UnappliedWrites {
    /// Keeps a mutation that ended in an error, if it is of use later; false if there is no room for it.
    pub(super) fn add(&self, mutation: SharedMutation, error: ReplicaError) -> bool {
        if matches!(error, ReplicaError::Refused(Refusal::UnknownTable | Refusal::Corrupt)) {
            return true;
        }
        let mut waiting = self.waiting.lock();
        let bytes = mutation.mutation().encoded_len();
        if waiting.bytes + bytes > BYTES_MAX {
            return false;
        }
        waiting.bytes += bytes;
        waiting.mutations.push(mutation);
        drop(waiting);
        self.added.notify_one();
        true
    }

    /// Takes all that wait.
    pub(super) fn take(&self) -> Vec<SharedMutation> {
        std::mem::take(&mut *self.waiting.lock()).mutations
    }

    /// Waits until one is added. For one task only.
    pub(super) async fn wait_for_one(&self) {
        self.added.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Bytes;
    use henge_model::{Mutation, WriteId};

    fn mutation(bytes: usize) -> SharedMutation {
        Mutation::single(WriteId::of_repair(0), Bytes::from_static(b"k"), vec![0; bytes].into()).into()
    }

    #[test]
    fn what_the_own_copy_refused_waits_within_a_bound() {
        let (unapplied, full) = (UnappliedWrites::default(), ReplicaError::Refused(Refusal::Full));
        assert!(unapplied.add(mutation(BYTES_MAX / 2), full));
        assert!(!unapplied.add(mutation(BYTES_MAX / 2), ReplicaError::Unknown));
        assert!(unapplied.add(mutation(1), ReplicaError::Refused(Refusal::UnknownTable)), "its table is gone");
        assert_eq!(unapplied.take().len(), 1);
        assert!(unapplied.add(mutation(BYTES_MAX / 2), ReplicaError::Refused(Refusal::Stalled)));
    }
}
