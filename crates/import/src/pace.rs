//! Rows per second, on all connections together.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// A pace that is kept by whoever asks.
pub(crate) struct Pace {
    rows_per_second: u32,
    /// The time at which what was let through until now is paid for.
    free: Mutex<Instant>,
}

impl Pace {
    /// So many rows in a second; 0 for as many as there are.
    pub(crate) fn new(rows_per_second: u32) -> Pace {
        Pace { rows_per_second, free: Mutex::new(Instant::now()) }
    }

    /// Waits until rows may be copied.
    pub(crate) fn wait(&self, rows: usize) {
        std::thread::sleep(self.delay(rows, Instant::now()));
    }

    /// The wait of rows that come now.
    fn delay(&self, rows: usize, now: Instant) -> Duration {
        if self.rows_per_second == 0 {
            return Duration::ZERO;
        }
        let mut free = self.free.lock();
        let begin = (*free).max(now);
        *free = begin + Duration::from_secs_f64(rows as f64 / f64::from(self.rows_per_second));
        begin.duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wait_for_those_before_them() {
        let (pace, now) = (Pace::new(1_000), Instant::now());
        let late = now + Duration::from_secs(10);
        let [first, second, third] = [(500, now), (500, now), (1, late)].map(|(rows, at)| pace.delay(rows, at));
        assert!(first < Duration::from_millis(1) && third == Duration::ZERO);
        assert!((Duration::from_millis(490)..Duration::from_millis(510)).contains(&second), "{second:?}");
        assert_eq!(Pace::new(0).delay(1_000_000, now), Duration::ZERO);
    }
}
