//! Tickets for writes in the combiner: a slab of senders, so that whoever writes a batch can complete all of it at once.

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Senders by ticket.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slab: Mutex<Slab<T>>,
}

#[derive(Debug)]
struct Slab<T> {
    entries: Vec<Option<oneshot::Sender<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { slab: Mutex::new(Slab { entries: Vec::new(), free: Vec::new() }) }
    }
}

impl<T> Slots<T> {
    /// A ticket and what it will complete.
    pub(crate) fn open(&self) -> (u64, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let mut slab = self.slab.lock();
        let ticket = match slab.free.pop() {
            Some(free) => {
                slab.entries[free as usize] = Some(sender);
                free
            }
            None => {
                slab.entries.push(Some(sender));
                slab.entries.len() as u32 - 1
            }
        };
        (u64::from(ticket), receiver)
    }

    /// Completes tickets, with one lock for all of them. A receiver that is gone is nobody's loss.
    pub(crate) fn complete(&self, done: impl Iterator<Item = (u64, T)>) {
        let mut slab = self.slab.lock();
        for (ticket, outcome) in done {
            let Some(entry) = slab.entries.get_mut(ticket as usize) else { continue };
            if let Some(sender) = entry.take() {
                slab.free.push(ticket as u32);
                let _ = sender.send(outcome);
            }
        }
    }
}
