//! One target's hints, from the oldest to the newest.

use super::delivery::Delivery;
use super::destination::{self, Destination};
use super::window::Window;
use crate::ground::world::{Class, Lane, World};
use crate::peers::messages::data::Write;
use futures_util::FutureExt;
use henge_base::{HostId, Random};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::{Mutation, StorageId};
use henge_storage::{Hint, HintId, Store};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A target may take so long over one hint.
const HINT_TIMEOUT: Duration = Duration::from_secs(5);
/// A delivery begins within this time, by chance, so that nodes do not begin together.
const JITTER: Duration = Duration::from_secs(1);
/// Hints of a window that are sent at once, so few that requests of clients wait behind no more than these.
const AT_ONCE: usize = 32;
/// A hint counts for so many bytes at least: however short it is, it is a request.
const BYTES_MIN: usize = 1 << 10;

/// A delivery to one target, the only one at a time.
pub(super) struct TargetDelivery<W: World> {
    delivery: Arc<Delivery<W>>,
    target: HostId,
    /// Tables that the target does not know yet: their hints stay for another time.
    unknown_tables: BTreeSet<StorageId>,
}

impl<W: World> Drop for TargetDelivery<W> {
    fn drop(&mut self) {
        self.delivery.under_way.lock().remove(&self.target);
    }
}

/// The outcome of a hint that was sent.
enum Outcome {
    /// The replica has it.
    Delivered,
    /// Its table is gone.
    Gone,
    /// It will never be taken: deletions of its time have been purged.
    Fenced,
    /// The replica has not heard of its table yet.
    Behind(Option<StorageId>),
    /// The range has moved, and this node has not heard of it yet.
    NotMine,
    /// The replica refuses this one.
    Refused,
    /// The replica takes nothing now, or does not answer.
    NotNow,
}

/// The outcome of a window of hints.
#[derive(Default)]
struct Settlement {
    gone: Vec<HintId>,
    /// Hints in place of some of these, for the replicas that have their ranges now.
    moved: Vec<Hint>,
    takes_no_more: bool,
}

impl<W: World> TargetDelivery<W> {
    /// Begins a delivery, if none is under way and there can be one.
    pub(super) fn begin(delivery: &Arc<Delivery<W>>, target: HostId) -> Option<Self> {
        let begins = delivery.is_ready(target) && delivery.under_way.lock().insert(target);
        let delivery = Arc::clone(delivery);
        begins.then(|| TargetDelivery { delivery, target, unknown_tables: BTreeSet::new() })
    }

    /// Goes once through all hints. One that is not taken stays, and keeps none from its turn; a target that does not answer, or takes
    /// nothing for now, is left alone until the next time.
    pub(super) async fn run(mut self) {
        let mut random = Random::new(self.delivery.context.world.random("hints"));
        if self.target != self.delivery.context.host() {
            let jitter = Duration::from_micros(random.below(JITTER.as_micros() as u64));
            self.delivery.context.pause(jitter).await;
        }
        let (mut after, mut window) = (None, Window::first(self.delivery.context.options.limits.hints));
        while self.delivery.is_ready(self.target) {
            let (target, behind): (HostId, Option<HintId>) = (self.target, after.take());
            let read = move |store: &Store| store.hints_of(target, behind.as_ref(), window.hints());
            let hints = match self.delivery.replica.on_disk(Lane::Background, read).await {
                Ok(hints) => hints,
                Err(error) => {
                    tracing::error!(%error, peer = %target, "hints cannot be read");
                    return;
                }
            };
            let Some((last, _)) = hints.last() else { return };
            after = Some(last.clone());
            let count = hints.len();
            let settled = self.deliver_window(hints).await;
            window = if settled.gone.len() == count { window.grow() } else { window.shrink() };
            let takes_no_more = settled.takes_no_more;
            if !self.settle(settled).await || takes_no_more {
                return;
            }
        }
    }

    /// Sends a window of hints, a few at once and no faster than the rate, as long as the target takes them.
    async fn deliver_window(&mut self, hints: Vec<(HintId, Hint)>) -> Settlement {
        let (mut left, mut settled) = (hints.into_iter(), Settlement::default());
        while !settled.takes_no_more && self.delivery.is_ready(self.target) {
            let some: Vec<(HintId, Hint)> = left.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            self.delivery.wait_for_rate(some.iter().map(|(_, hint)| hint.mutation.len().max(BYTES_MIN)).sum()).await;
            self.deliver(some, &mut settled).await;
        }
        settled
    }

    /// Sends hints, all at once.
    async fn deliver(&mut self, hints: Vec<(HintId, Hint)>, settled: &mut Settlement) {
        let view = self.delivery.cluster.current_view();
        let mut calls = Vec::with_capacity(hints.len());
        for (id, hint) in hints {
            let Ok(mutation) = Mutation::decode(hint.mutation.clone()) else {
                self.handle_damaged(id, &hint, settled);
                continue;
            };
            match Destination::of(&view, self.target, &mutation) {
                Destination::Target => {
                    let table = destination::table(&mutation);
                    if table.is_some_and(|table| self.unknown_tables.contains(&table)) {
                        continue;
                    }
                    let sent = self.send(&hint, table);
                    let pending = match self.delivery.context.options.faults.forget_moved {
                        true => Vec::new(),
                        false => destination::pending(&view, self.target, &mutation),
                    };
                    calls.push(async move { (id, hint, pending, sent.await) });
                }
                Destination::Moved(replicas) => self.replan(id, &hint, replicas, settled),
                Destination::Nowhere => {
                    self.delivery.context.metrics.hints_dropped.inc();
                    settled.gone.push(id);
                }
            }
        }
        for (id, hint, pending, outcome) in futures_util::future::join_all(calls).await {
            match outcome {
                // It stays until those that may have copied the range before are owed it too.
                Outcome::Delivered if !pending.iter().all(|host| self.delivery.queue.takes(*host)) => continue,
                Outcome::Delivered => settled.moved.extend(pending.into_iter().map(|to| Hint { to, ..hint.clone() })),
                _ => {}
            }
            self.note(outcome, id, &hint, settled);
        }
    }

    /// Owes a hint to the replicas that have its range now, if there is room for all of them; else it stays.
    fn replan(&self, id: HintId, hint: &Hint, replicas: Vec<HostId>, settled: &mut Settlement) {
        if self.delivery.context.options.faults.forget_moved {
            settled.gone.push(id);
        } else if replicas.iter().all(|host| self.delivery.queue.takes(*host)) {
            self.delivery.context.metrics.hints_replanned.inc();
            settled.moved.extend(replicas.into_iter().map(|to| Hint { to, ..hint.clone() }));
            settled.gone.push(id);
        }
    }

    fn note(&mut self, outcome: Outcome, id: HintId, hint: &Hint, settled: &mut Settlement) {
        let metrics = &self.delivery.context.metrics;
        match outcome {
            Outcome::Delivered => {
                metrics.hints_delivered.inc();
                metrics.hint_bytes_delivered.inc_by(hint.mutation.len() as u64);
                settled.gone.push(id);
            }
            Outcome::Gone => {
                metrics.hints_dropped.inc();
                settled.gone.push(id);
            }
            Outcome::Fenced => {
                self.delivery.queue.count_drop(hint.to, &hint.mutation);
                settled.gone.push(id);
            }
            Outcome::Behind(_) if self.delivery.context.options.faults.drop_behind => settled.gone.push(id),
            Outcome::Behind(table) => self.unknown_tables.extend(table),
            Outcome::NotMine => {}
            Outcome::Refused if self.delivery.is_old(hint) => {
                self.delivery.queue.count_drop(hint.to, &hint.mutation);
                settled.gone.push(id);
            }
            Outcome::Refused => {}
            Outcome::NotNow => settled.takes_no_more = true,
        }
    }

    /// Logs and counts a damaged hint once. It is kept for those who look into it until it is older than `max_hint_window`.
    fn handle_damaged(&self, id: HintId, hint: &Hint, settled: &mut Settlement) {
        if self.delivery.damaged.lock().is_new(&id) {
            tracing::error!(peer = %hint.to, bytes = hint.mutation.len(), "a hint is damaged and cannot be delivered");
            self.delivery.context.metrics.hints_damaged.inc();
        }
        if self.delivery.is_old(hint) {
            settled.gone.push(id);
        }
    }

    /// Deletes what is settled; false if the disk does not.
    async fn settle(&self, settled: Settlement) -> bool {
        let Settlement { gone, moved, .. } = settled;
        let change = move |store: &Store| match moved.is_empty() {
            true => store.delete_hints(&gone),
            false => store.replace_hints(&gone, moved),
        };
        self.delivery.replica.on_disk(Lane::Background, change).await.is_ok()
    }

    fn send(&self, hint: &Hint, table: Option<StorageId>) -> impl Future<Output = Outcome> + Send + use<W> {
        let deadline = self.delivery.context.deadline_after(HINT_TIMEOUT);
        let call = if self.target == self.delivery.context.host() {
            self.delivery.replica.apply_encoded(hint.mutation.clone()).left_future()
        } else {
            self.delivery
                .peers
                .call_by(Class::Bulk, self.target, deadline, &Write(hint.mutation.clone()))
                .right_future()
        };
        async move {
            match call.await {
                Ok(()) => Outcome::Delivered,
                // A peer that does not know our epoch says that it is behind. So the table is dropped.
                Err(ReplicaError::Refused(Refusal::UnknownTable)) => Outcome::Gone,
                Err(ReplicaError::Refused(Refusal::Fenced)) => Outcome::Fenced,
                Err(ReplicaError::Refused(Refusal::Behind)) => Outcome::Behind(table),
                Err(ReplicaError::Refused(Refusal::StaleEpoch)) => Outcome::NotMine,
                Err(ReplicaError::Refused(
                    Refusal::Overloaded | Refusal::Stalled | Refusal::Full | Refusal::Unconfirmed | Refusal::Superseded,
                )) => Outcome::NotNow,
                Err(ReplicaError::Refused(_)) => Outcome::Refused,
                Err(ReplicaError::NotSent | ReplicaError::Unknown) => Outcome::NotNow,
            }
        }
    }
}
