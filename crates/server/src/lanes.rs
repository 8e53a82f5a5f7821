//! Threads for work that may touch the disk, so that no core ever waits for one.
//!
//! The queues have no bound of their own; their sources have: one turn of the combiner for each core, the requests in flight of client
//! connections, a few background tasks.

use henge_node::{Lane, PoolFacts};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Lanes with their names and numbers of threads: one writer, because there is one log.
const LANES: [(Lane, &str, usize); 6] = [
    (Lane::Read, "disk-read", 4),
    (Lane::Write, "disk-write", 1),
    (Lane::Background, "disk-back", 2),
    (Lane::Metadata, "disk-meta", 1),
    (Lane::Lease, "clock-lease", 1),
    (Lane::Password, "passwords", 1),
];

/// The threads.
pub(crate) struct Lanes {
    senders: [Sender<Job>; LANES.len()],
    loads: [Arc<Load>; LANES.len()],
}

/// The numbers of a lane's jobs: waiting, active and completed.
#[derive(Default)]
struct Load {
    waiting: AtomicU64,
    active: AtomicU64,
    completed: AtomicU64,
}

impl Load {
    /// Counts a job as active until the guard is dropped, also if the job panics.
    fn begin(&self) -> ActiveJob<'_> {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.active.fetch_add(1, Ordering::Relaxed);
        ActiveJob(self)
    }
}

struct ActiveJob<'l>(&'l Load);

impl Drop for ActiveJob<'_> {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
        self.0.completed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Lanes {
    /// Starts the threads.
    pub(crate) fn start() -> io::Result<Lanes> {
        let loads: [Arc<Load>; LANES.len()] = std::array::from_fn(|_| Arc::default());
        let lane = |at: usize| -> io::Result<Sender<Job>> {
            let (_, name, threads) = LANES[at];
            let (sender, receiver) = channel::<Job>();
            let receiver = Arc::new(Mutex::new(receiver));
            for _ in 0..threads {
                let (receiver, load) = (Arc::clone(&receiver), Arc::clone(&loads[at]));
                thread::Builder::new().name(name.to_owned()).spawn(move || work(&receiver, &load))?;
            }
            Ok(sender)
        };
        Ok(Lanes { senders: [lane(0)?, lane(1)?, lane(2)?, lane(3)?, lane(4)?, lane(5)?], loads })
    }

    /// Queues a job.
    pub(crate) fn run(&self, lane: Lane, job: Job) {
        let at = LANES.iter().position(|(l, ..)| *l == lane).unwrap_or(0);
        self.loads[at].waiting.fetch_add(1, Ordering::Relaxed);
        // A lane's threads end only with the process.
        let _ = self.senders[at].send(job);
    }

    /// The threads of each lane and what they do.
    pub(crate) fn pools(&self) -> Vec<PoolFacts> {
        let pool = |((_, name, threads), load): (&(Lane, &str, usize), &Arc<Load>)| PoolFacts {
            name: (*name).to_owned(),
            active: load.active.load(Ordering::Relaxed),
            limit: Some(*threads as u64),
            completed: load.completed.load(Ordering::Relaxed),
            pending: Some(load.waiting.load(Ordering::Relaxed)),
        };
        LANES.iter().zip(&self.loads).map(pool).collect()
    }
}

fn work(receiver: &Mutex<Receiver<Job>>, load: &Load) {
    loop {
        let job = match receiver.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        match job {
            Ok(job) => {
                let _active = load.begin();
                job();
            }
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn pool(lanes: &Lanes, name: &str) -> PoolFacts {
        lanes.pools().into_iter().find(|pool| pool.name == name).unwrap()
    }

    fn wait(condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < end, "still not so");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn the_lease_and_the_metadata_wait_for_no_other_job() {
        let lanes = Lanes::start().unwrap();
        let (go, gone) = channel::<()>();
        let gone = Arc::new(Mutex::new(gone));
        for _ in 0..2 * LANES.iter().map(|(_, _, threads)| threads).sum::<usize>() {
            let gone = Arc::clone(&gone);
            let job = move || {
                let _ = gone.lock().unwrap().recv();
            };
            lanes.run(Lane::Background, Box::new(job));
        }
        lanes.run(Lane::Lease, Box::new(|| {}));
        lanes.run(Lane::Metadata, Box::new(|| {}));
        wait(|| pool(&lanes, "clock-lease").completed == 1 && pool(&lanes, "disk-meta").completed == 1);
        drop(go);
    }

    #[test]
    fn jobs_wait_are_at_work_and_done() {
        let lanes = Lanes::start().unwrap();
        let (go, gone) = channel::<()>();
        lanes.run(
            Lane::Write,
            Box::new(move || {
                let _ = gone.recv();
            }),
        );
        lanes.run(Lane::Write, Box::new(|| {}));
        wait(|| pool(&lanes, "disk-write").active == 1);
        let busy = pool(&lanes, "disk-write");
        assert_eq!((busy.limit, busy.completed, busy.pending), (Some(1), 0, Some(1)));
        drop(go);
        wait(|| pool(&lanes, "disk-write").completed == 2);
        let idle = pool(&lanes, "disk-write");
        assert_eq!((idle.active, idle.pending), (0, Some(0)));
        assert_eq!(pool(&lanes, "disk-read").completed, 0);
    }
}
