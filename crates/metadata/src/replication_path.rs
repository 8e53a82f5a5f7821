//! The way from one replication setting to another: settings of which each has one copy more or less than the one before, or as many by
//! another strategy. Quorums of neighbours meet; those of settings further apart may not.

use henge_model::{Replication, ReplicationFactor};
use std::collections::BTreeMap;

/// The setting after `from` on the way to `goal`. More copies come before fewer, so that no range has fewer than it must.
pub(crate) fn next_setting(from: &Replication, goal: &Replication) -> Replication {
    let (copies, wanted) = (total(from), total(goal));
    match (from, goal) {
        (Replication::Simple { factor }, Replication::Simple { factor: wanted }) => {
            Replication::Simple { factor: towards(*factor, *wanted) }
        }
        (Replication::NetworkTopology { factors }, Replication::NetworkTopology { factors: wanted }) => {
            next_factors(factors, wanted)
        }
        (Replication::Simple { factor }, Replication::NetworkTopology { .. }) if copies > wanted => {
            Replication::Simple { factor: factor - 1 }
        }
        (Replication::Simple { .. }, Replication::NetworkTopology { factors }) => {
            Replication::NetworkTopology { factors: first_copies(factors, copies) }
        }
        (Replication::NetworkTopology { factors }, Replication::Simple { .. }) if copies > wanted => {
            let last = factors.keys().next_back().cloned();
            Replication::NetworkTopology { factors: last.map_or(BTreeMap::new(), |last| fewer(factors, &last)) }
        }
        (Replication::NetworkTopology { .. }, Replication::Simple { .. }) => Replication::Simple { factor: copies },
        (Replication::Local, _) | (_, Replication::Local) => goal.clone(),
    }
}

/// Copies in all datacentres.
pub(crate) fn total(setting: &Replication) -> ReplicationFactor {
    match setting {
        Replication::Local => 1,
        Replication::Simple { factor } => *factor,
        Replication::NetworkTopology { factors } => factors.values().fold(0, |sum, factor| sum.saturating_add(*factor)),
    }
}

fn towards(from: ReplicationFactor, goal: ReplicationFactor) -> ReplicationFactor {
    if from < goal { from + 1 } else { from.saturating_sub(1).max(goal) }
}

/// One copy more in the first datacentre that lacks some, or one fewer in the first that has too many.
fn next_factors(
    factors: &BTreeMap<String, ReplicationFactor>,
    wanted: &BTreeMap<String, ReplicationFactor>,
) -> Replication {
    let of = |factors: &BTreeMap<String, ReplicationFactor>, name: &str| factors.get(name).copied().unwrap_or(0);
    let grown = wanted.keys().find(|name| of(factors, name) < of(wanted, name));
    let shrunk = factors.keys().find(|name| of(factors, name) > of(wanted, name));
    let factors = match (grown, shrunk) {
        (Some(name), _) => {
            let mut factors = factors.clone();
            *factors.entry(name.clone()).or_insert(0) += 1;
            factors
        }
        (None, Some(name)) => fewer(factors, name),
        (None, None) => wanted.clone(),
    };
    Replication::NetworkTopology { factors }
}

fn fewer(factors: &BTreeMap<String, ReplicationFactor>, name: &str) -> BTreeMap<String, ReplicationFactor> {
    let mut factors = factors.clone();
    if let Some(factor) = factors.get_mut(name) {
        *factor = factor.saturating_sub(1);
    }
    factors.retain(|_, factor| *factor > 0);
    factors
}

/// So many copies of those wanted, of the first datacentres.
fn first_copies(
    wanted: &BTreeMap<String, ReplicationFactor>,
    mut copies: ReplicationFactor,
) -> BTreeMap<String, ReplicationFactor> {
    let mut factors = BTreeMap::new();
    for (name, factor) in wanted {
        let taken = copies.min(*factor);
        copies -= taken;
        if taken > 0 {
            factors.insert(name.clone(), taken);
        }
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"3"` is SimpleStrategy, `"a3 b2"` a number for each datacentre.
    fn setting(text: &str) -> Replication {
        match text.parse() {
            Ok(factor) => Replication::Simple { factor },
            Err(_) => {
                let of = |part: &str| (part[..1].to_owned(), part[1..].parse().unwrap());
                Replication::NetworkTopology { factors: text.split(' ').map(of).collect() }
            }
        }
    }

    #[test]
    fn ways_lead_by_one_copy_at_a_time() {
        for (way, count) in [
            (&["1", "2", "3"][..], 2),
            (&["3", "2", "1"], 2),
            (&["a3", "a3 b1", "a3 b2", "a3 b3"], 3),
            (&["a3 b2", "a3 b1", "a3"], 2),
            (&["a2", "a2 b1", "a2 b2", "a1 b2", "b2"], 4),
            (&["3", "a3"], 1),
            (&["3", "a2 b1", "a2 b2"], 2),
            (&["3", "2", "a2"], 2),
            (&["a3", "3"], 1),
            (&["a2 b2", "a2 b1", "3"], 2),
            (&["a1", "1", "2"], 2),
        ] {
            let goal = setting(way[way.len() - 1]);
            let steps: Vec<Replication> = way.iter().map(|text| setting(text)).collect();
            for pair in steps.windows(2) {
                assert_eq!(next_setting(&pair[0], &goal), pair[1], "{way:?}");
                assert!(total(&pair[0]).abs_diff(total(&pair[1])) <= 1, "{way:?}");
            }
            assert_eq!((steps.len() - 1, next_setting(&goal, &goal)), (count, goal.clone()));
        }
    }
}
