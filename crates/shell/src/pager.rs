//! The question for the next page.

use crate::interrupt;
use crate::stream::READ_POLL_INTERVAL;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{BufRead, IsTerminal, Stdin, Write};

/// Returns true if the user presses Enter for the next page; any other line and Ctrl-C return false.
pub(crate) fn ask_for_more(results: &mut dyn Write) -> anyhow::Result<bool> {
    write!(results, "\n---MORE---")?;
    results.flush()?;
    let stdin = std::io::stdin();
    // What a pipe has sent may have been read before.
    while stdin.is_terminal() && !is_readable(&stdin)? {
        if interrupt::take_interrupt() {
            writeln!(results)?;
            return Ok(false);
        }
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line.trim().is_empty())
}

/// True if input is available within `READ_POLL_INTERVAL`.
fn is_readable(stdin: &Stdin) -> anyhow::Result<bool> {
    let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(READ_POLL_INTERVAL.subsec_nanos()) };
    match poll(&mut [PollFd::new(stdin, PollFlags::IN)], Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
