//! CPU time and memory of the server processes, from /proc.

use anyhow::Context;
use std::time::Duration;

/// The unit of CPU time in /proc: Linux has 100 ticks per second on all its usual platforms.
const CLOCK_TICK: Duration = Duration::from_millis(10);
const PAGE_BYTES: u64 = 4096;

/// CPU time of processes, user and system together.
pub(crate) fn cpu(pids: &[u32]) -> anyhow::Result<Duration> {
    let mut ticks = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/stat");
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        // The command's name may hold spaces; it ends with the last parenthesis.
        let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        for at in [11, 12] {
            ticks += fields
                .get(at)
                .and_then(|f| f.parse::<u32>().ok())
                .with_context(|| format!("{path} is not understood"))?;
        }
    }
    Ok(CLOCK_TICK * ticks)
}

/// Resident bytes of processes.
pub(crate) fn resident(pids: &[u32]) -> anyhow::Result<u64> {
    let mut pages = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/statm");
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        pages += text.split(' ').nth(1).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(pages * PAGE_BYTES)
}
