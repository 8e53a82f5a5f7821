//! Limits on the requests per second of this node, by role and by keyspace. A request beyond a limit is answered Overloaded, so that one
//! application leaves room for the others.

use henge_base::Mono;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// The time whose requests may come at once: drivers send in bursts.
const BURST_NS: u64 = 100_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A rate, as virtual scheduling counts it (GCRA, ITU-T I.371): each request takes its part of a second, and what was taken may lie a
/// burst ahead of the present.
#[derive(Debug)]
struct Rate {
    per_second: u64,
    /// The time up to which the parts are taken, in nanoseconds of [`Mono`].
    taken: AtomicU64,
}

impl Rate {
    fn new(per_second: u32) -> Rate {
        Rate { per_second: u64::from(per_second.max(1)), taken: AtomicU64::new(0) }
    }

    /// Takes the part of a request; false if there is none left.
    fn take(&self, now: Mono) -> bool {
        let (now, part) = (now.0.saturating_mul(1_000), SECOND_NS / self.per_second);
        let limit = now.saturating_add(BURST_NS + part);
        let next = |taken: u64| Some(taken.max(now) + part).filter(|next| *next <= limit);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

/// A request beyond a rate. It was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RateExceeded {
    #[error("role {name} is held to {per_second} requests a second of this node; the request was not begun")]
    Role { name: String, per_second: u64 },
    #[error("keyspace {name} is held to {per_second} requests a second of this node; the request was not begun")]
    Keyspace { name: String, per_second: u64 },
}

/// The rates that the settings name, of all cores.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    roles: BTreeMap<String, Rate>,
    keyspaces: BTreeMap<String, Rate>,
}

impl Rates {
    /// The rates of roles and keyspaces, in requests a second.
    pub(crate) fn new(roles: &BTreeMap<String, u32>, keyspaces: &BTreeMap<String, u32>) -> Rates {
        let rates =
            |named: &BTreeMap<String, u32>| named.iter().map(|(n, rate)| (n.clone(), Rate::new(*rate))).collect();
        Rates { roles: rates(roles), keyspaces: rates(keyspaces) }
    }

    /// True if no rate is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.keyspaces.is_empty()
    }

    /// Takes the parts of a request, if there are any left.
    pub(crate) fn take<'a>(
        &self,
        role: Option<&str>,
        keyspaces: impl Iterator<Item = &'a str>,
        now: Mono,
    ) -> Result<(), RateExceeded> {
        if let Some((role, rate)) = role.and_then(|role| self.roles.get_key_value(role))
            && !rate.take(now)
        {
            return Err(RateExceeded::Role { name: role.clone(), per_second: rate.per_second });
        }
        // The statements of a batch count as one request of each keyspace.
        for keyspace in keyspaces.collect::<BTreeSet<&str>>() {
            if let Some(rate) = self.keyspaces.get(keyspace)
                && !rate.take(now)
            {
                return Err(RateExceeded::Keyspace { name: keyspace.to_owned(), per_second: rate.per_second });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;

    fn rates_of(rates: &[(&str, u32)]) -> BTreeMap<String, u32> {
        rates.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect()
    }

    /// Requests at even distances over ten seconds; how many of them are taken.
    fn taken_of(rate: u32, offered: u64) -> u64 {
        let rate = Rate::new(rate);
        (0..10 * offered).filter(|number| rate.take(Mono(SECOND_US + number * SECOND_US / offered))).count() as u64
    }

    #[test]
    fn as_many_requests_are_taken_as_the_rate_says() {
        for rate in [1, 7, 100, 5_000] {
            assert_eq!(taken_of(rate, u64::from(rate)), 10 * u64::from(rate));
            let (taken, expected) = (taken_of(rate, 9 * u64::from(rate)), 10 * u64::from(rate));
            let burst = u64::from(rate / 10) + 1;
            assert!((expected..=expected + burst).contains(&taken), "{taken} of {expected} at {rate}");
        }
    }

    #[test]
    fn a_burst_is_taken_and_the_next_one_in_its_time() {
        let rate = Rate::new(1_000);
        let burst = |at: u64| (0..500).filter(|_| rate.take(Mono(at))).count();
        assert_eq!([burst(SECOND_US), burst(SECOND_US + 50_000), burst(3 * SECOND_US)], [101, 50, 101]);
    }

    #[test]
    fn roles_and_keyspaces_are_held_apart() {
        let rates = Rates::new(&rates_of(&[("app", 1)]), &rates_of(&[("ks", 2)]));
        let now = Mono(SECOND_US);
        let ask = |role: Option<&str>, keyspaces: &[&str]| rates.take(role, keyspaces.iter().copied(), now);
        assert_eq!(ask(Some("app"), &["other"]), Ok(()));
        let refused = ask(Some("app"), &["other"]).unwrap_err().to_string();
        assert!(refused.starts_with("role app is held to 1 requests a second"), "{refused}");
        assert_eq!(ask(Some("root"), &["other"]), Ok(()));
        // Three statements of a batch count as one.
        assert_eq!(ask(None, &["ks", "ks", "ks"]), Ok(()));
        let refused = ask(None, &["ks"]).unwrap_err().to_string();
        assert!(refused.starts_with("keyspace ks is held to 2 requests"), "{refused}");
    }
}
