//! The executor: one thread, a heap of events in microseconds, and a random choice among the tasks that are ready.

use crate::recent::Recent;
use crate::trace::Trace;
use henge_base::Random;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// The owner of a task: a life of a machine, from its start to its crash. When a life ends, its tasks are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    /// The number of the machine.
    pub(crate) machine: usize,
    /// The number of the life, from 1.
    pub(crate) life: u32,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
type Action = Box<dyn FnOnce() + Send>;

/// Simulated time, tasks and events.
pub(crate) struct Clockwork {
    inner: Mutex<Inner>,
    ready: Arc<Mutex<Vec<u64>>>,
}

struct Inner {
    now: u64,
    next: u64,
    events: BTreeMap<(u64, u64), Action>,
    tasks: BTreeMap<u64, Task>,
    /// The machines whose tasks do not run.
    paused: BTreeSet<usize>,
    /// Their tasks that are ready.
    parked: Vec<u64>,
    random: Random,
    trace: Trace,
    recent: Recent,
}

struct Task {
    owner: Option<Owner>,
    /// The future; `None` while it is being polled.
    work: Option<Work>,
    waker: Waker,
}

struct TaskWaker {
    task: u64,
    list: Arc<Mutex<Vec<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.list.lock().push(self.task);
    }
}

impl Clockwork {
    /// An executor at time zero with a random stream of its own.
    pub(crate) fn new(random: Random) -> Arc<Clockwork> {
        let (events, tasks, paused, parked) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new(), Vec::new());
        let (trace, recent) = (Trace::default(), Recent::default());
        let inner = Inner { now: 0, next: 0, events, tasks, paused, parked, random, trace, recent };
        Arc::new(Clockwork { inner: Mutex::new(inner), ready: Arc::default() })
    }

    /// Simulated microseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.inner.lock().now
    }

    /// Mixes an occurrence into the trace, by which two runs are compared.
    pub(crate) fn note(&self, what: &'static str, bytes: &[u8]) {
        let mut inner = self.inner.lock();
        let now = inner.now;
        inner.trace.add(now, what, bytes);
        inner.recent.add(now, what, bytes);
    }

    /// The same of a message from one machine to another.
    pub(crate) fn note_message(&self, what: &'static str, link: (usize, usize), message: &[u8]) {
        let mut inner = self.inner.lock();
        let now = inner.now;
        inner.trace.add(now, what, message);
        inner.recent.add_message(now, what, link, message);
    }

    /// Keeps the last occurrences as they are now, for good: a rule was broken.
    pub(crate) fn keep_recent(&self) {
        self.inner.lock().recent.keep();
    }

    /// The last occurrences, those before the first violation if there was one.
    pub(crate) fn recent(&self) -> Vec<String> {
        self.inner.lock().recent.lines()
    }

    /// The hash of all occurrences so far.
    pub(crate) fn trace(&self) -> u64 {
        self.inner.lock().trace.hash()
    }

    /// Starts a task. Without an owner it belongs to the run itself.
    pub(crate) fn spawn(&self, owner: Option<Owner>, work: impl Future<Output = ()> + Send + 'static) {
        let mut inner = self.inner.lock();
        let task = inner.next;
        inner.next += 1;
        let waker = Waker::from(Arc::new(TaskWaker { task, list: Arc::clone(&self.ready) }));
        inner.tasks.insert(task, Task { owner, work: Some(Box::pin(work)), waker });
        self.ready.lock().push(task);
    }

    /// Schedules an action at a time; a time in the past means now.
    pub(crate) fn at(&self, time: u64, action: impl FnOnce() + Send + 'static) {
        let mut inner = self.inner.lock();
        let key = (time.max(inner.now), inner.next);
        inner.next += 1;
        inner.events.insert(key, Box::new(action));
    }

    /// Stops a machine's tasks where they are, as SIGSTOP does a process. What is sent to it waits.
    pub(crate) fn pause(&self, machine: usize) {
        self.inner.lock().paused.insert(machine);
    }

    /// Lets a machine's tasks go on.
    pub(crate) fn resume(&self, machine: usize) {
        let mut inner = self.inner.lock();
        if inner.paused.remove(&machine) {
            let parked = std::mem::take(&mut inner.parked);
            self.ready.lock().extend(parked);
        }
    }

    /// True while a machine's tasks are stopped.
    pub(crate) fn is_paused(&self, machine: usize) -> bool {
        self.inner.lock().paused.contains(&machine)
    }

    /// Drops every task of a life.
    pub(crate) fn kill(&self, owner: Owner) {
        let gone: Vec<Task> = {
            let mut inner = self.inner.lock();
            let ids: Vec<u64> = inner.tasks.iter().filter(|(_, t)| t.owner == Some(owner)).map(|(id, _)| *id).collect();
            ids.iter().filter_map(|id| inner.tasks.remove(id)).collect()
        };
        // Dropped without the lock, for tasks may take it while they are dropped.
        drop(gone);
    }

    /// Runs tasks and events until the time `until`, which is the time afterwards.
    pub(crate) fn run_until(&self, until: u64) {
        loop {
            if self.poll_one() {
                continue;
            }
            let Some(action) = self.next_event(until) else { break };
            action();
        }
        let mut inner = self.inner.lock();
        inner.now = inner.now.max(until);
    }

    fn next_event(&self, until: u64) -> Option<Action> {
        let mut inner = self.inner.lock();
        let (time, number) = *inner.events.keys().next()?;
        if time > until {
            return None;
        }
        inner.now = time;
        inner.events.remove(&(time, number))
    }

    /// Polls a random task of those that are ready; true if there was one.
    fn poll_one(&self) -> bool {
        let Some((task, mut work, waker)) = self.take_ready() else { return false };
        if work.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
            let done = self.inner.lock().tasks.remove(&task);
            drop(done);
            return true;
        }
        let mut inner = self.inner.lock();
        let orphan = match inner.tasks.get_mut(&task) {
            Some(entry) => {
                entry.work = Some(work);
                None
            }
            None => Some(work),
        };
        drop(inner);
        drop(orphan);
        true
    }

    fn take_ready(&self) -> Option<(u64, Work, Waker)> {
        loop {
            let mut inner = self.inner.lock();
            let task = {
                let mut ready = self.ready.lock();
                if ready.is_empty() {
                    return None;
                }
                let at = inner.random.below(ready.len() as u64) as usize;
                ready.swap_remove(at)
            };
            let owner = inner.tasks.get(&task).and_then(|entry| entry.owner);
            if owner.is_some_and(|owner| inner.paused.contains(&owner.machine)) {
                inner.parked.push(task);
                continue;
            }
            // The task may have been woken twice, or have ended.
            if let Some(entry) = inner.tasks.get_mut(&task)
                && let Some(work) = entry.work.take()
            {
                return Some((task, work, entry.waker.clone()));
            }
        }
    }

    /// Drops all tasks and events, which would keep the run in memory.
    pub(crate) fn clear(&self) {
        let (tasks, events) = {
            let mut inner = self.inner.lock();
            (std::mem::take(&mut inner.tasks), std::mem::take(&mut inner.events))
        };
        drop(tasks);
        drop(events);
    }
}
