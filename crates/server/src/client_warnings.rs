//! Warnings to clients in the log, a few lines a second at most, and the warning about prepared statements without a keyspace.

use parking_lot::Mutex;
use std::sync::LazyLock;
use std::time::Instant;

/// Lines a second.
const LINES_PER_SECOND_MAX: u32 = 10;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
static RATE: Mutex<Rate> = Mutex::new(Rate { second: 0, lines: 0, left_out: 0 });

/// Lines that were written within this second, and lines left out since the last one that was written.
struct Rate {
    second: u64,
    lines: u32,
    left_out: u64,
}

impl Rate {
    /// Counts a line. If it may be written, returns the number of lines left out before it.
    fn take(&mut self, second: u64) -> Option<u64> {
        if self.second != second {
            (self.second, self.lines) = (second, 0);
        }
        if self.lines == LINES_PER_SECOND_MAX {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// Writes a request's warnings.
pub(crate) fn log(warnings: &[String], user: Option<&str>) {
    for text in warnings {
        let Some(left_out) = RATE.lock().take(BEGAN.elapsed().as_secs()) else { continue };
        // Names in the text come from the client: without control characters they cannot begin a line of the log.
        let text = text.replace(char::is_control, " ");
        tracing::warn!(user, left_out, "a client was warned: {text}");
    }
}

/// The warning about a statement whose tables depend on the keyspace in effect.
pub(crate) fn keyspace_warning(keyspace: &str, id: &[u8]) -> String {
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "`USE <keyspace>` with prepared statements is considered to be an anti-pattern due to ambiguity in non-qualified \
         table names. Please consider removing instances of `Session#setKeyspace(<keyspace>)`, \
         `Session#execute(\"USE <keyspace>\")` and `cluster.newSession(<keyspace>)` from your code, and always use fully \
         qualified table names (e.g. <keyspace>.<table>). Keyspace used: {keyspace}, statement keyspace: {keyspace}, \
         statement id: {id}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_few_and_tell_of_those_left_out() {
        let mut rate = Rate { second: 0, lines: 0, left_out: 0 };
        let written = (0..25).filter_map(|_| rate.take(7)).count();
        assert_eq!((written, rate.take(8), rate.take(8)), (10, Some(15), Some(0)));
    }
}
