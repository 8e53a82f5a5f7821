//! Threads for work that may touch the disk, so that no core ever waits for one.
//!
//! What waits is bounded by who asks: one turn of the combiner per core, the requests under way on client connections, a few background tasks.

use henge_node::Lane;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Lanes with their names and numbers of threads: one writer, because there is one log.
const LANES: [(Lane, &str, usize); 4] = [
    (Lane::Read, "disk-read", 4),
    (Lane::Write, "disk-write", 1),
    (Lane::Background, "disk-back", 2),
    (Lane::Password, "passwords", 1),
];

/// The threads.
pub(crate) struct Lanes {
    senders: [Sender<Job>; LANES.len()],
}

impl Lanes {
    /// Starts the threads.
    pub(crate) fn start() -> io::Result<Lanes> {
        let lane = |(_, name, threads): (Lane, &'static str, usize)| -> io::Result<Sender<Job>> {
            let (sender, receiver) = channel::<Job>();
            let receiver = Arc::new(Mutex::new(receiver));
            for _ in 0..threads {
                let receiver = Arc::clone(&receiver);
                thread::Builder::new().name(name.to_owned()).spawn(move || work(&receiver))?;
            }
            Ok(sender)
        };
        Ok(Lanes { senders: [lane(LANES[0])?, lane(LANES[1])?, lane(LANES[2])?, lane(LANES[3])?] })
    }

    /// Queues a job.
    pub(crate) fn run(&self, lane: Lane, job: Job) {
        let at = LANES.iter().position(|(l, ..)| *l == lane).unwrap_or(0);
        // A lane's threads end only with the process.
        let _ = self.senders[at].send(job);
    }
}

fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        let job = match receiver.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
