//! The calls on a link that wait for replies, by correlation: the number by which a reply names its request.

use crate::call::{CallError, Outcome};
use crate::limits::{OVERDUE_CHECK_INTERVAL, PENDING_CALLS_MAX};
use parking_lot::Mutex;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

/// Calls in numbered slots. A correlation is a slot's number and its generation, so that a late reply cannot complete a later call in
/// the same slot.
#[derive(Debug, Default)]
pub(crate) struct PendingCalls {
    slab: Mutex<Slab>,
    /// Notified when a call is due before the sweeper would wake.
    wake_sweeper: Notify,
}

#[derive(Debug, Default)]
struct Slab {
    slots: Vec<Slot>,
    free: Vec<u32>,
    count: usize,
    /// The time at which the sweeper wakes; `None` while no call waits. No call is due more than [`OVERDUE_CHECK_INTERVAL`] before it. An
    /// answered call leaves it as it is: to wake for nothing now and then is cheaper than a timer for each call.
    sweep_at: Option<Instant>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    call: Option<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    sender: oneshot::Sender<Outcome>,
    began: Instant,
    deadline: Instant,
}

impl PendingCalls {
    /// Adds a call; returns its correlation and the receiver of its outcome. `None` if there are [`PENDING_CALLS_MAX`] calls already.
    pub(crate) fn open(&self, deadline: Instant) -> Option<(u64, oneshot::Receiver<Outcome>)> {
        let (sender, receiver) = oneshot::channel();
        let mut slab = self.slab.lock();
        if slab.count >= PENDING_CALLS_MAX {
            return None;
        }
        let number = slab.free.pop().unwrap_or_else(|| {
            slab.slots.push(Slot::default());
            slab.slots.len() as u32 - 1
        });
        slab.count += 1;
        let is_earlier = slab.sweep_at.is_none_or(|at| deadline < at);
        if is_earlier {
            slab.sweep_at = Some(deadline);
        }
        let slot = &mut slab.slots[number as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.call = Some(Waiter { sender, began: Instant::now(), deadline });
        let correlation = (u64::from(slot.generation) << 32) | u64::from(number);
        drop(slab);
        if is_earlier {
            self.wake_sweeper.notify_one();
        }
        Some((correlation, receiver))
    }

    /// Completes a call and returns the time that it took; `None` if the call has ended already.
    pub(crate) fn complete(&self, correlation: u64, outcome: Outcome) -> Option<Duration> {
        let mut slab = self.slab.lock();
        let number = correlation as u32;
        let generation = (correlation >> 32) as u32;
        let call = slab.slots.get_mut(number as usize).filter(|slot| slot.generation == generation)?.call.take()?;
        slab.free.push(number);
        slab.count -= 1;
        drop(slab);
        // The caller may have dropped the call.
        let _ = call.sender.send(outcome);
        Some(call.began.elapsed())
    }

    /// Ends all calls. Their outcome is unknown.
    pub(crate) fn end_all(&self) {
        self.end_where(|_| true);
    }

    fn end_where(&self, is_due: impl Fn(&Waiter) -> bool) {
        let mut ended = Vec::new();
        let mut slab = self.slab.lock();
        let Slab { slots, free, count, .. } = &mut *slab;
        for (number, slot) in slots.iter_mut().enumerate() {
            let due = slot.call.as_ref().is_some_and(&is_due);
            if due && let Some(waiter) = slot.call.take() {
                free.push(number as u32);
                *count -= 1;
                ended.push(waiter.sender);
            }
        }
        drop(slab);
        ended.into_iter().for_each(|sender| drop(sender.send(Err(CallError::Unknown))));
    }

    /// The number of calls in progress.
    pub(crate) fn count(&self) -> usize {
        self.slab.lock().count
    }

    /// Ends calls at their deadlines, at most [`OVERDUE_CHECK_INTERVAL`] late; never returns.
    pub(crate) async fn sweep(&self) {
        loop {
            let sweep_at = self.slab.lock().sweep_at;
            match sweep_at {
                None => self.wake_sweeper.notified().await,
                Some(at) if at <= Instant::now() => self.end_overdue(Instant::now()),
                Some(at) => drop(timeout_at(at, self.wake_sweeper.notified()).await),
            }
        }
    }

    fn end_overdue(&self, now: Instant) {
        self.end_where(|waiter| waiter.deadline <= now);
        let mut slab = self.slab.lock();
        let next = slab.slots.iter().filter_map(|slot| slot.call.as_ref()).map(|waiter| waiter.deadline).min();
        slab.sweep_at = next.map(|deadline| deadline.max(now + OVERDUE_CHECK_INTERVAL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Bytes;
    use std::sync::Arc;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn calls_end_at_their_deadlines_whatever_their_order() {
        let (pending, now) = (PendingCalls::default(), Instant::now());
        let mut calls = [5_000, 2_000, 2_005, 7_000].map(|after| pending.open(now + after * MS).unwrap());
        let (answered, _) = calls[3];
        assert!(pending.complete(answered, Ok(Bytes::new())).is_some());
        let mut ended_at = |after| {
            pending.end_overdue(now + after * MS);
            let ended = calls.iter_mut().map(|(_, call)| matches!(call.try_recv(), Ok(Err(CallError::Unknown))));
            (ended.collect::<Vec<_>>(), pending.slab.lock().sweep_at.map(|at| (at - now).as_millis()))
        };
        assert_eq!(ended_at(1_999), (vec![false, false, false, false], Some(2_009)), "no two searches within 10 ms");
        assert_eq!(ended_at(2_009), (vec![false, true, true, false], Some(5_000)));
        assert_eq!(ended_at(5_000), (vec![true, false, false, false], None), "none is left to wake for");
        assert_eq!(pending.count(), 0);
    }

    #[tokio::test]
    async fn calls_without_an_answer_end_again_and_again() {
        let pending = Arc::new(PendingCalls::default());
        let sweeper = Arc::clone(&pending);
        tokio::spawn(async move { sweeper.sweep().await });
        for _ in 0..3 {
            let (_, long) = pending.open(Instant::now() + 50 * MS).unwrap();
            let (_, short) = pending.open(Instant::now() + MS).unwrap();
            assert_eq!(short.await, Ok(Err(CallError::Unknown)));
            assert_eq!(long.await, Ok(Err(CallError::Unknown)));
        }
    }
}
