//! The system's wall clock, which tests may set wrong for one process.

use henge_node::Micros;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// With this variable set, for tests alone, the clock is ahead by what the file [`OFFSET_FILE`] says, while there is one.
const TEST_VARIABLE: &str = "HENGE_TEST_CLOCKS";
/// The file in the data directory that holds the milliseconds.
const OFFSET_FILE: &str = "test_clock_offset_ms";

/// The wall clock.
#[derive(Debug)]
pub(crate) struct SystemClock {
    offset_file: Option<PathBuf>,
}

impl SystemClock {
    /// The clock of a process with this data directory.
    pub(crate) fn new(directory: &Path) -> SystemClock {
        let is_test = std::env::var_os(TEST_VARIABLE).is_some();
        SystemClock { offset_file: is_test.then(|| directory.join(OFFSET_FILE)) }
    }

    /// Microseconds since the epoch.
    pub(crate) fn wall_us(&self) -> Micros {
        let wall_us = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as Micros);
        wall_us.saturating_add(self.offset_us())
    }

    fn offset_us(&self) -> i64 {
        let text = self.offset_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        text.and_then(|text| text.trim().parse::<i64>().ok()).map_or(0, |millis| millis.saturating_mul(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_sets_the_clock_wrong() {
        let file = std::env::temp_dir().join(format!("{OFFSET_FILE}-{}", std::process::id()));
        std::fs::write(&file, "3600000\n").unwrap();
        let right = SystemClock { offset_file: None };
        let wrong = SystemClock { offset_file: Some(file.clone()) };
        assert!(wrong.wall_us() - right.wall_us() > 3_599_000_000);
        std::fs::remove_file(file).unwrap();
        assert!(wrong.wall_us() - right.wall_us() < 1_000_000_000);
    }
}
