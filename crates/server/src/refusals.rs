//! Failed logins and refused connections in the log: the first of a client and role at once, those that follow as a number.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// The time from a line to the next one of the same client and role, which tells the number of repeats.
const REPEATS_INTERVAL: Duration = Duration::from_secs(10);
/// Clients and roles that are told apart; beyond it one count is kept for all others.
const ASKERS_MAX: usize = 100;
/// The most characters of a role's name, and of a reason.
const NAME_CHARS_MAX: usize = 100;
const REASON_CHARS_MAX: usize = 250;

static REPEATS: Mutex<Repeats> = Mutex::new(Repeats { counts: BTreeMap::new() });

/// The thing that is refused, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Refusal {
    event: Event,
    /// `None` for all that are not told apart.
    client: Option<IpAddr>,
    role: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Login,
    Connection,
}

/// Repeats since the last line, of those that had one within the interval.
struct Repeats {
    counts: BTreeMap<Refusal, u64>,
}

impl Repeats {
    /// Counts a refusal. The first of its kind is given back, to be written.
    fn count(&mut self, refused: Refusal) -> Option<Refusal> {
        let is_known = self.counts.contains_key(&refused) || self.counts.len() < ASKERS_MAX;
        let refused = if is_known { refused } else { Refusal { client: None, role: None, ..refused } };
        match self.counts.get_mut(&refused) {
            Some(repeats) => {
                *repeats += 1;
                None
            }
            None => {
                self.counts.insert(refused.clone(), 0);
                Some(refused)
            }
        }
    }

    /// The repeats since the last line. `None`: there were none, and the next one is a first one again.
    fn take(&mut self, refused: &Refusal) -> Option<u64> {
        let repeats = self.counts.get_mut(refused).map_or(0, std::mem::take);
        if repeats == 0 {
            self.counts.remove(refused);
        }
        (repeats > 0).then_some(repeats)
    }
}

/// Logs a login that failed.
pub(crate) fn log_failed_login(role: &str, client: IpAddr, reason: &str) {
    log(Refusal { event: Event::Login, client: Some(client), role: Some(shorten(role, NAME_CHARS_MAX)) }, reason);
}

/// Logs a connection of a client that was refused.
pub(crate) fn log_refused_connection(client: IpAddr, reason: &str) {
    log(Refusal { event: Event::Connection, client: Some(client), role: None }, reason);
}

fn log(refused: Refusal, reason: &str) {
    let Some(refused) = REPEATS.lock().count(refused) else { return };
    write(&refused, Some(&shorten(reason, REASON_CHARS_MAX)), None);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(REPEATS_INTERVAL).await;
            let Some(repeats) = REPEATS.lock().take(&refused) else { return };
            write(&refused, None, Some(repeats));
        }
    });
}

/// Writes a line. Names and reasons are quoted, with control characters escaped: they come from the client.
fn write(refused: &Refusal, reason: Option<&str>, repeats: Option<u64>) {
    let Refusal { event, client, role } = refused;
    let (client, role) = (client.map_or_else(|| "others".to_owned(), |client| client.to_string()), role.as_deref());
    match event {
        Event::Login => tracing::warn!(role, client, reason, repeats, "a login failed"),
        Event::Connection => tracing::warn!(client, reason, repeats, "a connection was refused"),
    }
}

fn shorten(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(last: u8, role: &str) -> Refusal {
        Refusal { event: Event::Login, client: Some([192, 0, 2, last].into()), role: Some(role.to_owned()) }
    }

    #[test]
    fn the_first_is_written_and_repeats_are_counted() {
        let mut repeats = Repeats { counts: BTreeMap::new() };
        assert_eq!(repeats.count(login(1, "ann")), Some(login(1, "ann")));
        assert!((0..5).all(|_| repeats.count(login(1, "ann")).is_none()));
        assert!(repeats.count(login(2, "ann")).is_some(), "of another client");
        assert!(repeats.count(login(1, "bob")).is_some(), "of another role");
        assert_eq!(repeats.take(&login(1, "ann")), Some(5));
        assert_eq!(repeats.take(&login(1, "ann")), None);
        assert!(repeats.count(login(1, "ann")).is_some(), "after a while without any");
    }

    #[test]
    fn guesses_of_many_names_do_not_fill_the_log() {
        let mut repeats = Repeats { counts: BTreeMap::new() };
        let lines = (0..10_000).filter_map(|number| repeats.count(login(1, &number.to_string())));
        assert_eq!(lines.count(), ASKERS_MAX + 1);
        let others = Refusal { event: Event::Login, client: None, role: None };
        assert_eq!(repeats.take(&others), Some(10_000 - ASKERS_MAX as u64 - 1));
    }
}
