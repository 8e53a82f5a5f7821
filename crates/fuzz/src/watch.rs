use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Far more than any round takes, also on a machine that has much else to do.
const ROUND_MAX: Duration = Duration::from_secs(60);

/// Ends the program when one round goes on for ever: a test that hangs would not say at which seed.
pub(crate) struct Watch {
    seed: Arc<AtomicU64>,
}

impl Watch {
    pub(crate) fn start() -> Watch {
        let seed = Arc::new(AtomicU64::new(0));
        let watched = Arc::downgrade(&seed);
        // It ends by itself once nobody has the seed any more.
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
