//! Tickets for writes in the combiner: a slab of senders, so that whoever writes a batch can complete all of it at once.
//!
//! A batch has writes of all cores. To wake a task of another core costs a system call, so the outcomes of each other core go to its
//! *mailbox*, with one wake-up for all of them, and a task there wakes the callers.
//!
//! A caller waits until its deadline at most. One task ends all waits whose time is up: a timer for each write would cost more than the rest
//! of its ticket, and nearly none ever ends that way.

use henge_base::Mono;
use henge_model::SharedMutation;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// The shortest time between two searches for waits whose time is up, which may end as much late.
const OVERDUE_CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// Senders by ticket.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slab: Mutex<Slab<T>>,
    /// Notified when a wait is due before the next search.
    earlier_due: Notify,
}

#[derive(Debug)]
struct Slab<T> {
    entries: Vec<Option<Entry<T>>>,
    free: Vec<u32>,
    /// By core.
    mailboxes: Vec<Arc<Mailbox<T>>>,
    /// The time of the next search for waits whose time is up; `None` while none is needed. No wait is due more than
    /// [`OVERDUE_CHECK_INTERVAL`] before it.
    search_at: Option<Mono>,
}

#[derive(Debug)]
struct Entry<T> {
    /// `None` once the caller's time was up.
    sender: Option<oneshot::Sender<T>>,
    deadline: Option<Mono>,
    /// The core whose task waits.
    core: usize,
    /// The mutation, if it is owed to this node should it fail.
    owed: Option<SharedMutation>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        let slab = Slab { entries: Vec::new(), free: Vec::new(), mailboxes: Vec::new(), search_at: None };
        Slots { slab: Mutex::new(slab), earlier_due: Notify::new() }
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

    /// A ticket of a core, and what it will complete. `owed` comes back with the outcome, also if the caller's deadline is over by then.
    pub(crate) fn open(
        &self,
        core: usize,
        owed: Option<SharedMutation>,
        deadline: Option<Mono>,
    ) -> (u64, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let entry = Some(Entry { sender: Some(sender), deadline, core, owed });
        let mut slab = self.slab.lock();
        let due = deadline.filter(|due| slab.search_at.is_none_or(|at| *due < at));
        if due.is_some() {
            slab.search_at = due;
        }
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
        drop(slab);
        if due.is_some() {
            self.earlier_due.notify_one();
        }
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
            let Some(Entry { sender, core: caller, owed, .. }) = entry.take() else { continue };
            slab.free.push(ticket as u32);
            if let Some(owed) = owed {
                settle(&outcome, owed);
            }
            let Some(sender) = sender else { continue };
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

    /// The time of the next search for waits whose time is up.
    pub(crate) fn search_at(&self) -> Option<Mono> {
        self.slab.lock().search_at
    }

    /// Waits until a search is due before [`Slots::search_at`]. For one task only.
    pub(crate) async fn earlier_due(&self) {
        self.earlier_due.notified().await;
    }
}

impl<T: Copy> Slots<T> {
    /// Ends the waits whose time is up with an outcome. Their tickets stay with whoever completes them.
    pub(crate) fn end_overdue(&self, now: Mono, outcome: T) {
        let mut slab = self.slab.lock();
        let mut next: Option<Mono> = None;
        for entry in slab.entries.iter_mut().flatten() {
            match entry.deadline.filter(|_| entry.sender.is_some()) {
                Some(deadline) if deadline <= now => {
                    let _ = entry.sender.take().map(|sender| sender.send(outcome));
                }
                Some(deadline) => next = Some(next.map_or(deadline, |next| next.min(deadline))),
                None => {}
            }
        }
        slab.search_at = next.map(|next| next.max(now + OVERDUE_CHECK_INTERVAL));
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
        let ((first, mut own), (second, mut other)) = (slots.open(here, None, None), slots.open(there, None, None));
        slots.complete(here, [(first, 1), (second, 2), (second, 3), (99, 4)].into_iter(), |_, _| ());
        assert_eq!(own.try_recv(), Ok(1), "on the core that wrote it");
        assert!(other.try_recv().is_err(), "not from here");
        assert!(mailbox.deliver().now_or_never().is_none(), "it goes on for ever");
        assert_eq!(other.try_recv(), Ok(2));
        // Tickets are given again.
        assert!([first, second].contains(&slots.open(there, None, None).0));
    }

    #[test]
    fn a_caller_waits_until_its_deadline_and_its_ticket_is_completed_later() {
        const MS: u64 = 1_000;
        let slots = Slots::default();
        let (core, _) = slots.add_core();
        let open = |due: Option<u64>| slots.open(core, None, due.map(|due| Mono(due * MS)));
        let [(_, mut endless), (late, mut first), (_, mut second)] = [None, Some(50), Some(20)].map(open);
        let next = || slots.search_at().map(|at| at.0 / MS);
        assert_eq!(next(), Some(20), "the earliest");
        slots.end_overdue(Mono(20 * MS), 0);
        assert_eq!((second.try_recv(), next()), (Ok(0), Some(50)));
        assert!(first.try_recv().is_err());
        slots.end_overdue(Mono(45 * MS), 0);
        assert_eq!(next(), Some(55), "no two searches at once");
        slots.end_overdue(Mono(55 * MS), 0);
        assert_eq!((first.try_recv(), next()), (Ok(0), None));
        slots.complete(core, [(late, 7)].into_iter(), |_, _| ());
        assert_eq!(slots.open(core, None, None).0, late, "it is given again once it was completed");
        assert!(endless.try_recv().is_err());
    }
}
