//! The calls in progress on a link, by correlation.

use crate::handler::CallError;
use crate::limits::PENDING_CALLS_MAX;
use henge_base::Bytes;
use parking_lot::Mutex;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

pub(crate) type Outcome = Result<Bytes, CallError>;

/// A slab of calls. A correlation combines a slot with the number of its uses, so that a late reply cannot complete a
/// later call.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    slab: Mutex<Slab>,
    /// Notified when a first call is added, since the sweeper sleeps while there are none.
    pub(crate) added: Notify,
}

#[derive(Debug, Default)]
struct Slab {
    places: Vec<Place>,
    free: Vec<u32>,
    count: usize,
}

#[derive(Debug, Default)]
struct Place {
    used: u32,
    call: Option<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    sender: oneshot::Sender<Outcome>,
    began: Instant,
    deadline: Instant,
}

impl Pending {
    /// Adds a call; returns its correlation and the receiver of its outcome. `None` if there are `PENDING_CALLS_MAX` calls
    /// already.
    pub(crate) fn open(&self, deadline: Instant) -> Option<(u64, oneshot::Receiver<Outcome>)> {
        let (sender, receiver) = oneshot::channel();
        let mut slab = self.slab.lock();
        if slab.count >= PENDING_CALLS_MAX {
            return None;
        }
        let place = slab.free.pop().unwrap_or_else(|| {
            slab.places.push(Place::default());
            slab.places.len() as u32 - 1
        });
        slab.count += 1;
        let first = slab.count == 1;
        let entry = &mut slab.places[place as usize];
        entry.used = entry.used.wrapping_add(1);
        entry.call = Some(Waiter { sender, began: Instant::now(), deadline });
        let correlation = (u64::from(entry.used) << 32) | u64::from(place);
        drop(slab);
        if first {
            self.added.notify_one();
        }
        Some((correlation, receiver))
    }

    /// Completes a call and returns the time that it took; `None` if the call has ended already.
    pub(crate) fn complete(&self, correlation: u64, outcome: Outcome) -> Option<Duration> {
        let mut slab = self.slab.lock();
        let place = correlation as u32;
        let used = (correlation >> 32) as u32;
        let call = slab.places.get_mut(place as usize).filter(|p| p.used == used)?.call.take()?;
        slab.free.push(place);
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
        let Slab { places, free, count } = &mut *slab;
        for (number, place) in places.iter_mut().enumerate() {
            let due = place.call.as_ref().is_some_and(&is_due);
            if due && let Some(waiter) = place.call.take() {
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

    /// Ends overdue calls periodically; never returns.
    pub(crate) async fn sweep(&self, every: Duration) {
        loop {
            let added = self.added.notified();
            if self.count() == 0 {
                added.await;
            }
            tokio::time::sleep(every).await;
            let now = Instant::now();
            self.end_where(|waiter| waiter.deadline <= now);
        }
    }
}
