//! Tickets for writes in the combiner: a slab of senders, so that whoever writes a batch can complete all of it at once.
//!
//! A batch has writes of all cores. To wake a task of another core costs a system call, so the outcomes of each other core go to its
//! *mailbox*, with one wake-up for all of them, and a task there wakes the callers.

use henge_model::SharedMutation;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::{Notify, oneshot};

/// Senders by ticket.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slab: Mutex<Slab<T>>,
}

#[derive(Debug)]
struct Slab<T> {
    entries: Vec<Option<Entry<T>>>,
    free: Vec<u32>,
    /// By core.
    mailboxes: Vec<Arc<Mailbox<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    sender: oneshot::Sender<T>,
    /// The core whose task waits.
    core: usize,
    /// The mutation, if it is owed to this node should it fail.
    owed: Option<SharedMutation>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { slab: Mutex::new(Slab { entries: Vec::new(), free: Vec::new(), mailboxes: Vec::new() }) }
    }
}

impl<T> Slots<T> {
    /// Adds a core. Returns its number here and its mailbox, which a task of that core has to empty.
    pub(crate) fn add_core(&self) -> (usize, Arc<Mailbox<T>>) {
        let mailbox = Arc::new(Mailbox::default());
        let mut slab = self.slab.lock();
        slab.mailboxes.push(Arc::clone(&mailbox));
        (slab.mailboxes.len() - 1, mailbox)
    }

    /// A ticket of a core, and what it will complete. `owed` comes back with the outcome.
    pub(crate) fn open(&self, core: usize, owed: Option<SharedMutation>) -> (u64, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let entry = Some(Entry { sender, core, owed });
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

    /// Completes tickets on `core`, with one lock for all of them. A receiver that is gone is nobody's loss. `settle` gets what was owed.
    pub(crate) fn complete(
        &self,
        core: usize,
        done: impl Iterator<Item = (u64, T)>,
        settle: impl Fn(&T, SharedMutation),
    ) {
        let mut slab = self.slab.lock();
        let mut elsewhere: Vec<Vec<Completion<T>>> = Vec::new();
        for (ticket, outcome) in done {
            let Some(entry) = slab.entries.get_mut(ticket as usize) else { continue };
            let Some(Entry { sender, core: caller, owed }) = entry.take() else { continue };
            slab.free.push(ticket as u32);
            if let Some(owed) = owed {
                settle(&outcome, owed);
            }
            if caller == core {
                drop(sender.send(outcome));
                continue;
            }
            if elsewhere.len() <= caller {
                elsewhere.resize_with(caller + 1, Vec::new);
            }
            elsewhere[caller].push((sender, outcome));
        }
        for (completions, mailbox) in elsewhere.into_iter().zip(&slab.mailboxes) {
            mailbox.add(completions);
        }
    }
}

/// A caller and the outcome that it waits for.
type Completion<T> = (oneshot::Sender<T>, T);

/// Outcomes of one core's writes that another core wrote. As many as the core has writes in the combiner.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    completions: Mutex<Vec<Completion<T>>>,
    added: Notify,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Mailbox { completions: Mutex::default(), added: Notify::new() }
    }
}

impl<T> Mailbox<T> {
    fn add(&self, completions: Vec<Completion<T>>) {
        if completions.is_empty() {
            return;
        }
        let mut waiting = self.completions.lock();
        match waiting.is_empty() {
            true => *waiting = completions,
            false => waiting.extend(completions),
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// Wakes the callers of this core, each time that outcomes were added. For one task only.
    pub(crate) async fn deliver(&self) {
        loop {
            self.added.notified().await;
            let completions = std::mem::take(&mut *self.completions.lock());
            for (sender, outcome) in completions {
                drop(sender.send(outcome));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_caller_on_another_core_is_woken_by_the_task_of_its_core() {
        let slots = Slots::default();
        let ((here, _), (there, mailbox)) = (slots.add_core(), slots.add_core());
        let ((first, mut own), (second, mut other)) = (slots.open(here, None), slots.open(there, None));
        slots.complete(here, [(first, 1), (second, 2), (second, 3), (99, 4)].into_iter(), |_, _| ());
        assert_eq!(own.try_recv(), Ok(1), "on the core that wrote it");
        assert!(other.try_recv().is_err(), "not from here");
        assert!(mailbox.deliver().now_or_never().is_none(), "it goes on for ever");
        assert_eq!(other.try_recv(), Ok(2));
        // Tickets are given again.
        assert!([first, second].contains(&slots.open(there, None).0));
    }
}
