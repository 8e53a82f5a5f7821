//! Tickets for writes in the combiner: a slab of senders, so that whoever writes a batch can complete all of it at once.

use henge_model::SharedMutation;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Senders by ticket.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slab: Mutex<Slab<T>>,
}

#[derive(Debug)]
struct Slab<T> {
    entries: Vec<Option<Entry<T>>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Entry<T> {
    sender: oneshot::Sender<T>,
    /// The mutation, if it is owed to this node should it fail.
    owed: Option<SharedMutation>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { slab: Mutex::new(Slab { entries: Vec::new(), free: Vec::new() }) }
    }
}

impl<T> Slots<T> {
    /// A ticket and what it will complete. `owed` comes back with the outcome.
    pub(crate) fn open(&self, owed: Option<SharedMutation>) -> (u64, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let entry = Some(Entry { sender, owed });
        let mut slab = self.slab.lock();
        let ticket = match slab.free.pop() {
            Some(free) => {
                slab.entries[free as usize] = entry;
                free
            }
            None => {
                slab.entries.push(entry);
                slab.entries.len() as u32 - 1
            }
        };
        (u64::from(ticket), receiver)
    }

    /// Completes tickets, with one lock for all of them. A receiver that is gone is nobody's loss. `settle` gets what was owed.
    pub(crate) fn complete(&self, done: impl Iterator<Item = (u64, T)>, settle: impl Fn(&T, SharedMutation)) {
        let mut slab = self.slab.lock();
        for (ticket, outcome) in done {
            let Some(entry) = slab.entries.get_mut(ticket as usize) else { continue };
            if let Some(Entry { sender, owed }) = entry.take() {
                slab.free.push(ticket as u32);
                if let Some(owed) = owed {
                    settle(&outcome, owed);
                }
                let _ = sender.send(outcome);
            }
        }
    }
}
