use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The longest time of a round, far more than any takes, even on a busy machine.
const ROUND_MAX: Duration = Duration::from_secs(60);

/// A watch that aborts the program if one round takes longer than [`ROUND_MAX`]: a test that hangs could not print its
/// seed.
pub(crate) struct Watch {
    seed: Arc<AtomicU64>,
}

impl Watch {
    pub(crate) fn start() -> Watch {
        let seed = Arc::new(AtomicU64::new(0));
        let watched = Arc::downgrade(&seed);
        // The thread ends once the seed has no owner any more.
        std::thread::spawn(move || {
            let mut last = None;
            loop {
                std::thread::sleep(ROUND_MAX);
                let Some(now) = watched.upgrade().map(|seed| seed.load(Ordering::Relaxed)) else { return };
                if last == Some(now) {
                    eprintln!("seed {now} takes longer than {ROUND_MAX:?}");
                    std::process::abort();
                }
                last = Some(now);
            }
        });
        Watch { seed }
    }

    pub(crate) fn round(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
    }
}
