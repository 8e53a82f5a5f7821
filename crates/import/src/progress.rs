//! The lines that are told while an import goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two looks whether the end has come.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Rows and ranges of this run.
pub(crate) struct Progress {
    began: Instant,
    rows: AtomicU64,
    /// Ranges of all runs.
    ranges: AtomicU64,
    /// Those that earlier runs had done.
    before: u64,
    total: u64,
    has_ended: AtomicBool,
}

impl Progress {
    /// Of so many ranges some are done.
    pub(crate) fn new(before: u64, total: u64) -> Progress {
        let (rows, ranges, has_ended) = (AtomicU64::new(0), AtomicU64::new(before), AtomicBool::new(false));
        Progress { began: Instant::now(), rows, ranges, before, total, has_ended }
    }

    pub(crate) fn add_rows(&self, rows: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_range(&self) {
        self.ranges.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing more is told.
    pub(crate) fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Prints a line in each interval until the end.
    pub(crate) fn tell(&self, interval: Duration) {
        let (mut next, mut rows) = (self.began + interval, 0);
        while !self.has_ended.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_INTERVAL);
            if Instant::now() >= next {
                let now = self.rows.load(Ordering::Relaxed);
                let rate = (now - rows) as f64 / interval.as_secs_f64();
                eprintln!("{}", self.line(self.began.elapsed(), now, rate));
                (next, rows) = (next + interval, now);
            }
        }
    }

    fn line(&self, elapsed: Duration, rows: u64, rate: f64) -> String {
        let done = self.ranges.load(Ordering::Relaxed);
        let percent = 100.0 * done as f64 / self.total.max(1) as f64;
        let own = done - self.before;
        let left = self.total.saturating_sub(done);
        let remaining = match own {
            0 => "not known yet".to_owned(),
            own => describe(elapsed.mul_f64(left as f64 / own as f64)),
        };
        format!(
            "{done} of {} ranges ({percent:.1} %), {rows} rows, {rate:.0} rows/s, time left {remaining}",
            self.total
        )
    }
}

fn describe(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_ranges_of_this_run() {
        let progress = Progress::new(50, 100);
        let first = progress.line(Duration::from_secs(3), 70, 7.0);
        assert_eq!(first, "50 of 100 ranges (50.0 %), 70 rows, 7 rows/s, time left not known yet");
        (0..10).for_each(|_| progress.add_range());
        let line = progress.line(Duration::from_secs(30), 1_000, 33.4);
        assert_eq!(line, "60 of 100 ranges (60.0 %), 1000 rows, 33 rows/s, time left 2 min 0 s");
        assert_eq!(describe(Duration::from_secs(7_300)), "2 h 1 min");
    }
}
