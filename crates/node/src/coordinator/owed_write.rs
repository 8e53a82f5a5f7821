//! A write under way, which ends in a hint unless its replica confirms it.

use crate::coordinator::hint_queue::HintQueue;
use crate::ground::world::World;
use henge_base::{Bytes, HostId};
use henge_coordinator::ReplicaError;
use std::sync::Arc;

/// A write that is owed to a replica until it is confirmed. Dropped without that, it becomes a hint, in whatever way its request ended:
/// at a shutdown too, which writes hints to disk when the cores have ended.
pub(super) struct OwedWrite<W: World> {
    hints: Arc<HintQueue<W>>,
    to: HostId,
    mutation: Option<Bytes>,
}

impl<W: World> OwedWrite<W> {
    /// A write of `mutation` to a replica.
    pub(super) fn new(hints: &Arc<HintQueue<W>>, to: HostId, mutation: Bytes) -> Self {
        OwedWrite { hints: Arc::clone(hints), to, mutation: Some(mutation) }
    }

    /// The outcome of the write, which is owed no more if that is success. A hint is queued before this returns.
    pub(super) fn settle(owed: Option<Self>, outcome: Result<(), ReplicaError>) -> Result<(), ReplicaError> {
        if let Some(mut owed) = owed.filter(|_| outcome.is_ok()) {
            owed.mutation = None;
        }
        outcome
    }
}

impl<W: World> Drop for OwedWrite<W> {
    fn drop(&mut self) {
        if let Some(mutation) = self.mutation.take() {
            self.hints.push(self.to, mutation);
        }
    }
}
