//! The order in which replicas are read: near ones first, and among those the ones that answer before those that are late.

use crate::Standing;
use crate::candidate::Candidates;
use henge_base::HostId;
use smallvec::SmallVec;
use std::time::Duration;

/// A replica is slow if it is expected to take more than this many times as long as the fastest of its distance.
const SLOW_FACTOR: u32 = 2;
/// The time that a replica may take longer than that: differences below it are noise, and a stable order keeps caches warm.
const SLOW_MARGIN: Duration = Duration::from_millis(1);

/// A place in the order of reads; less is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    is_silent: bool,
    distance: u32,
    is_slow: bool,
}

/// Orders candidates; equal ones stay as they are. Returns the first that was placed behind others because it is late: a probe finds
/// out if it still is.
pub(crate) fn sort(candidates: &mut Candidates, look: impl Fn(HostId) -> (u32, Standing)) -> Option<HostId> {
    let looks: SmallVec<[(u32, Standing); 3]> = candidates.iter().map(|candidate| look(candidate.host)).collect();
    let fastest = |distance: u32| {
        let known = looks.iter().filter(|(other, standing)| *other == distance && !standing.is_silent);
        known.map(|(_, standing)| standing.expected).filter(|expected| !expected.is_zero()).min()
    };
    let place = |(distance, standing): &(u32, Standing)| {
        let limit = fastest(*distance).map_or(Duration::MAX, |fastest| fastest * SLOW_FACTOR + SLOW_MARGIN);
        Place { is_silent: standing.is_silent, distance: *distance, is_slow: standing.expected > limit }
    };
    let mut placed: SmallVec<[_; 3]> = looks.iter().map(place).zip(candidates.iter().copied()).collect();
    if !placed.is_sorted_by_key(|(place, _)| *place) {
        placed.sort_by_key(|(place, _)| *place);
        candidates.iter_mut().zip(&placed).for_each(|(candidate, (_, sorted))| *candidate = *sorted);
    }
    let late = placed.iter().find(|(place, _)| place.is_silent || place.is_slow);
    late.map(|(_, candidate)| candidate.host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::Candidate;
    use crate::fake::host;

    /// Replicas `1`, `2`, ... by their distance, the milliseconds that they are expected to take, and `s` for a silent one: the order
    /// in which they are read, and the one to probe.
    fn order(replicas: &str) -> String {
        let words: Vec<&str> = replicas.split_whitespace().collect();
        let mut candidates: Candidates = (1..=words.len()).map(|n| Candidate { host: host(n), group: 0 }).collect();
        let number = |id: HostId| (1..=words.len()).find(|number| host(*number) == id).unwrap();
        let probe = sort(&mut candidates, |id| {
            let (distance, time) = words[number(id) - 1].split_once(':').unwrap();
            let expected = time.trim_end_matches('s').parse().map_or(Duration::ZERO, Duration::from_millis);
            (distance.parse().unwrap(), Standing { expected, is_silent: time.ends_with('s') })
        });
        let mut order: String = candidates.iter().map(|candidate| number(candidate.host).to_string()).collect();
        probe.into_iter().for_each(|probe| order += &format!(" probe {}", number(probe)));
        order
    }

    #[test]
    fn near_replicas_come_first_and_late_ones_last() {
        for (replicas, expected) in [
            ("1: 0: 1:", "213"),
            ("0: 1:5 1:5", "123"),
            // Little differences are none.
            ("0: 1:9 1:5", "123"),
            ("0: 1:11 1:5", "123"),
            ("0: 1:12 1:5", "132 probe 2"),
            ("0: 1:1 1:90", "123 probe 3"),
            // Nothing is known of the second.
            ("0: 1: 1:5", "123"),
            ("0: 1:900 1:", "123"),
            // A slow one is nearer than one elsewhere, a silent one is not.
            ("1:900 1:1 2:60", "213 probe 1"),
            ("1:1s 1:1 2:60", "231 probe 1"),
            ("1:s 1:s 1:s", "123 probe 1"),
            ("1:1s 1:50", "21 probe 1"),
        ] {
            assert_eq!(order(replicas), expected, "{replicas}");
        }
    }
}
