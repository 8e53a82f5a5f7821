//! File descriptors of this process. Connections of clients may take most of them; some are left for peers, files and operators.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::time::{Duration, Instant};

/// Descriptors that clients' connections leave free: for files of the engine, links between nodes, the HTTP ports and the admin socket.
const RESERVED_DESCRIPTORS: u64 = 512;
/// The least time between two lines of the log about connections that could not be accepted.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Raises the limit of open files as far as the system allows. Returns the maximum number of client connections: `wanted`, or fewer if
/// descriptors do not suffice, but never less than half of the descriptors.
pub(crate) fn connections_max(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // If the system refuses, the limit stays as it is.
    let _ = setrlimit(Resource::Nofile, raised);
    let all = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = share_of_clients(all);
    if (wanted as u64) <= most {
        return wanted;
    }
    tracing::warn!(
        descriptors = all,
        connections = most,
        "native_transport_max_concurrent_connections is higher than the limit of open files allows: raise that limit (LimitNOFILE)"
    );
    usize::try_from(most).unwrap_or(wanted)
}

fn share_of_clients(all: u64) -> u64 {
    all.saturating_sub(RESERVED_DESCRIPTORS).max(all / 2)
}

/// Logs connections that could not be accepted, at most once a second: most often descriptors have run out, which lasts.
#[derive(Debug)]
pub(crate) struct AcceptErrors {
    port: &'static str,
    last: Option<Instant>,
    left_out: u64,
}

impl AcceptErrors {
    pub(crate) fn of(port: &'static str) -> AcceptErrors {
        AcceptErrors { port, last: None, left_out: 0 }
    }

    pub(crate) fn log(&mut self, error: &io::Error) {
        if self.is_due(Instant::now()) {
            let (port, more) = (self.port, std::mem::take(&mut self.left_out));
            tracing::warn!(%error, port, more, "a connection could not be accepted");
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.last.is_none_or(|last| now.duration_since(last) >= LOG_INTERVAL);
        if is_due {
            self.last = Some(now)
        } else {
            self.left_out += 1
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_leave_descriptors_to_others() {
        let all = [64, 1_024, 65_536];
        assert_eq!(all.map(share_of_clients), [32, 512, 65_024]);
    }

    #[test]
    fn errors_are_logged_once_a_second() {
        let (mut errors, began) = (AcceptErrors::of("clients"), Instant::now());
        assert!(errors.is_due(began));
        assert!((1..100).all(|ms| !errors.is_due(began + Duration::from_millis(ms))));
        assert_eq!(errors.left_out, 99);
        assert!(errors.is_due(began + LOG_INTERVAL));
    }
}
