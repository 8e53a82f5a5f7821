//! A rate for reading: a backup leaves the disk and the network to clients.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A reader sleeps for so long at a time, so that it notices an abort.
const SLEEP_MAX: Duration = Duration::from_millis(200);

/// Bytes in a second, over all readers that share it; and the request to stop.
#[derive(Debug, Default)]
pub struct Throttle {
    /// 0 for no limit.
    bytes_per_second: u64,
    /// The moment from which on more may be read.
    next: Mutex<Option<Instant>>,
    is_aborted: AtomicBool,
}

impl Throttle {
    /// A rate; 0 for none.
    pub fn new(bytes_per_second: u64) -> Throttle {
        Throttle { bytes_per_second, ..Throttle::default() }
    }

    /// Has all reading end soon, with an error.
    pub fn abort(&self) {
        self.is_aborted.store(true, Ordering::Relaxed);
    }

    /// True once it was aborted.
    pub fn is_aborted(&self) -> bool {
        self.is_aborted.load(Ordering::Relaxed)
    }

    /// Accounts for bytes, and waits until they may have been read.
    fn take(&self, bytes: usize) {
        if self.bytes_per_second == 0 {
            return;
        }
        let time = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let now = Instant::now();
        let until = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let begin = next.map_or(now, |next| next.max(now));
            *next.insert(begin + time)
        };
        while let Some(left) = until.checked_duration_since(Instant::now())
            && !self.is_aborted()
        {
            sleep(left.min(SLEEP_MAX));
        }
    }

    /// A reader that is held to the rate.
    pub(crate) fn reader<R: Read>(&self, inner: R) -> ThrottledReader<'_, R> {
        ThrottledReader { inner, throttle: self }
    }
}

/// A reader that is held to a rate.
pub(crate) struct ThrottledReader<'a, R> {
    inner: R,
    throttle: &'a Throttle,
}

impl<R: Read> Read for ThrottledReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.throttle.is_aborted() {
            return Err(io::Error::other("it was aborted"));
        }
        let read = self.inner.read(buffer)?;
        self.throttle.take(read);
        Ok(read)
    }
}
