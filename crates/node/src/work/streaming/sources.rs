//! The replicas that a range is fetched from: enough of those that hold it to meet every quorum that has written.

use crate::peers::messages::stream::StreamPart;
use henge_base::{HostId, Mono};
use henge_coordinator::Datacenter;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A source that failed is asked again after so long, if there are others.
const FAILURE_PAUSE: Duration = Duration::from_secs(10);
/// A displaced replica that is up and fails for so long is given up as a source, and others are asked. Until then it is waited for: it may
/// be the only one with a write that was acknowledged at ONE.
const DISPLACED_FAILING_MAX: Duration = Duration::from_secs(60);
/// One that has been down for so long, to this node, is given up. No quorum needs it, and hints bring what it alone is known to have; the
/// time is that of a restart, and of a new process that has not met it yet.
const DISPLACED_DOWN_MAX: Duration = Duration::from_secs(5);

/// Sources that failed, since when and when last.
#[derive(Debug, Default)]
pub(super) struct FailedSources(BTreeMap<HostId, (Mono, Mono)>);

impl FailedSources {
    /// Notes a failure.
    pub(super) fn add(&mut self, host: HostId, now: Mono) {
        self.0.entry(host).or_insert((now, now)).1 = now;
    }

    /// Notes that it sent something.
    pub(super) fn remove(&mut self, host: HostId) {
        self.0.remove(&host);
    }

    /// True if it failed lately.
    pub(super) fn contains(&self, host: HostId, now: Mono) -> bool {
        self.0.get(&host).is_some_and(|(_, last)| now.since(*last) < FAILURE_PAUSE)
    }

    /// True if it has failed, or been down, for so long that others are asked in its place.
    pub(super) fn is_given_up(&self, host: HostId, down_for: Duration, now: Mono) -> bool {
        let has_failed = self.0.get(&host).is_some_and(|(first, _)| now.since(*first) >= DISPLACED_FAILING_MAX);
        has_failed || down_for >= DISPLACED_DOWN_MAX
    }
}

/// The replicas that hold a range before a plan, as sources for one that gains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RangeSources {
    /// Those that may be asked: in the new replica's datacentre first.
    hosts: Vec<(HostId, bool)>,
    /// The replica whose place is taken: the range has the same copies afterwards as before if it is the source.
    displaced: Option<HostId>,
    /// Sources of rows that meet every quorum, of all replicas and of those in the own datacentre.
    rows: (usize, usize),
    /// The same of states of acceptors.
    acceptors: (usize, usize),
}

/// The next source of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextSource {
    /// Enough have sent all of it.
    Enough,
    /// This one.
    Ask(HostId),
    /// So many more are needed, and none is up.
    TooFew(usize),
}

impl RangeSources {
    /// The sources of a range for `gainer`, from its readers now and later.
    pub(super) fn new(
        readers: &[HostId],
        later: &[HostId],
        gainer: HostId,
        lost: Option<HostId>,
        datacenter: impl Fn(HostId) -> Option<Datacenter>,
    ) -> RangeSources {
        // One that holds the range itself needs one source less.
        let own = usize::from(readers.contains(&gainer));
        let is_near = |host: HostId| datacenter(host) == datacenter(gainer);
        let mut hosts: Vec<(HostId, bool)> = readers.iter().map(|host| (*host, is_near(*host))).collect();
        hosts.sort_by_key(|(_, is_near)| !is_near);
        let near = hosts.iter().filter(|(_, is_near)| *is_near).count();
        // All but a majority, and one, meets every majority that wrote or decided.
        let needed_of = |n: usize| (n - n / 2).saturating_sub(own);
        let needed = (needed_of(readers.len()), needed_of(near));
        hosts.retain(|(host, _)| Some(*host) != lost && *host != gainer);
        let displaced = match own {
            0 => displaced_replica(readers, later, gainer, &datacenter),
            _ => readers.iter().copied().find(|host| !later.contains(host)),
        };
        let displaced = displaced.filter(|host| Some(*host) != lost);
        RangeSources { displaced, rows: needed, acceptors: needed, hosts }.within_reach()
    }

    /// Replicas that are down for good have no rows: what they alone held is lost, and an operator has said that this is known.
    fn within_reach(mut self) -> RangeSources {
        let (all, near) = (self.hosts.len(), self.hosts.iter().filter(|(_, is_near)| *is_near).count());
        for needed in [&mut self.rows, &mut self.acceptors] {
            *needed = (needed.0.min(all), needed.1.min(near));
        }
        self
    }

    /// All that may be asked.
    pub(super) fn candidates(&self) -> impl Iterator<Item = HostId> {
        self.hosts.iter().map(|(host, _)| *host)
    }

    /// The sources that send all rows of the range if those that are up stay so, and the others are given up.
    pub(crate) fn expected_hosts(&self, is_up: impl Fn(HostId) -> bool) -> Vec<HostId> {
        let mut expected = Vec::new();
        while let NextSource::Ask(host) = self.next(StreamPart::Rows, &expected, None, &is_up, |host| !is_up(host)) {
            expected.push(host);
        }
        expected
    }

    /// The source to ask next for a part, when `done` have sent all of it. One that is up and did not fail lately is ready; the displaced
    /// replica is waited for until it is given up.
    pub(super) fn next(
        &self,
        part: StreamPart,
        done: &[HostId],
        started: Option<HostId>,
        is_ready: impl Fn(HostId) -> bool,
        is_given_up: impl Fn(HostId) -> bool,
    ) -> NextSource {
        if part == StreamPart::Rows
            && let Some(displaced) = self.displaced
        {
            if done.contains(&displaced) {
                return NextSource::Enough;
            }
            if !is_given_up(displaced) {
                return NextSource::Ask(displaced);
            }
        }
        let (all, near) = match part {
            StreamPart::Rows => self.rows,
            StreamPart::Acceptors => self.acceptors,
        };
        let sent = |is_counted: &dyn Fn(bool) -> bool| {
            self.hosts.iter().filter(|(host, is_near)| is_counted(*is_near) && done.contains(host)).count()
        };
        let (all, near) = (all.saturating_sub(sent(&|_| true)), near.saturating_sub(sent(&|is_near| is_near)));
        if all == 0 && near == 0 {
            return NextSource::Enough;
        }
        // Near ones count for both; others only while enough of them are left to ask for.
        let is_useful = |is_near: bool| is_near || all > near;
        let asked = self.hosts.iter().filter(|(host, is_near)| is_useful(*is_near) && !done.contains(host));
        let mut ready = asked.map(|(host, _)| *host).filter(|host| is_ready(*host));
        let going_on = started.filter(|host| self.candidates().any(|known| known == *host) && !done.contains(host));
        match going_on.filter(|host| is_ready(*host)).or_else(|| ready.next()) {
            Some(host) => NextSource::Ask(host),
            None => NextSource::TooFew(all.max(near)),
        }
    }
}

/// The replica whose place a new one takes: those that lose a range and those that gain it are paired within their datacentres, in order.
fn displaced_replica(
    readers: &[HostId],
    later: &[HostId],
    gainer: HostId,
    datacenter: &impl Fn(HostId) -> Option<Datacenter>,
) -> Option<HostId> {
    let gained = later.iter().filter(|host| !readers.contains(host));
    let mut left: Vec<HostId> = readers.iter().copied().filter(|host| !later.contains(host)).collect();
    let mut taken = BTreeSet::new();
    for host in gained {
        let near = left.iter().position(|lost| datacenter(*lost) == datacenter(*host));
        let pair = near.or(if left.is_empty() { None } else { Some(0) }).map(|at| left.remove(at));
        if *host == gainer {
            return pair;
        }
        taken.extend(pair);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;

    fn hosts(count: usize) -> Vec<HostId> {
        let mut random = Random::new(1);
        (0..count).map(|_| HostId::random(&mut random)).collect()
    }

    fn sources(readers: &[HostId], later: &[HostId], gainer: HostId) -> RangeSources {
        RangeSources::new(readers, later, gainer, None, |_| Some(Datacenter(0)))
    }

    #[test]
    fn rows_come_from_the_displaced_replica_or_from_enough_others() {
        let hosts = hosts(4);
        let (old, new) = (&hosts[..3], [hosts[1], hosts[3], hosts[2]]);
        let sources = sources(old, &new, hosts[3]);
        let next = |done: &[HostId], down: &[HostId]| {
            let is_down = |host| down.contains(&host);
            sources.next(StreamPart::Rows, done, None, |host| !is_down(host), is_down)
        };
        assert_eq!(next(&[], &[]), NextSource::Ask(hosts[0]));
        assert_eq!(next(&[hosts[0]], &[]), NextSource::Enough);
        let down = [hosts[0]];
        assert_eq!(next(&[], &down), NextSource::Ask(hosts[1]));
        assert_eq!(next(&[hosts[1]], &down), NextSource::Ask(hosts[2]));
        assert_eq!(next(&[hosts[1], hosts[2]], &down), NextSource::Enough);
        assert_eq!(next(&[hosts[1]], &[hosts[0], hosts[2]]), NextSource::TooFew(1));
    }

    #[test]
    fn states_of_acceptors_come_from_one_of_every_majority_whoever_is_displaced() {
        for (count, needed) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
            let hosts = hosts(count + 1);
            let later = hosts[1..].to_vec();
            let sources = sources(&hosts[..count], &later, hosts[count]);
            let mut done = Vec::new();
            while let NextSource::Ask(host) = sources.next(StreamPart::Acceptors, &done, None, |_| true, |_| false) {
                done.push(host);
            }
            assert_eq!(done.len(), needed, "{count}");
        }
    }

    #[test]
    fn sources_of_rows_meet_every_quorum() {
        for count in 1..8 {
            let hosts = hosts(count + 1);
            let sources = sources(&hosts[..count], &hosts[1..], hosts[count]);
            let mut done = Vec::new();
            // The displaced one is down.
            let is_ready = |host| host != hosts[0];
            while let NextSource::Ask(host) =
                sources.next(StreamPart::Rows, &done, None, is_ready, |host| !is_ready(host))
            {
                done.push(host);
            }
            let quorum = count / 2 + 1;
            let meets = done.len() + quorum > count;
            assert_eq!(meets, count > 1 && done.len() == count - count / 2, "{count}");
        }
    }

    #[test]
    fn a_datacentre_has_sources_for_its_own_quorums() {
        let hosts = hosts(7);
        let far = |host: HostId| Some(Datacenter(u16::from(hosts[3..6].contains(&host))));
        let later = [hosts[6], hosts[1], hosts[2], hosts[3], hosts[4], hosts[5]];
        let sources = RangeSources::new(&hosts[..6], &later, hosts[6], None, far);
        assert_eq!(sources.displaced, Some(hosts[0]));
        let collect = |part, down: &[HostId]| {
            let mut done = Vec::new();
            let is_down = |host| down.contains(&host);
            while let NextSource::Ask(host) = sources.next(part, &done, None, |host| !is_down(host), is_down) {
                done.push(host);
            }
            done
        };
        assert_eq!(collect(StreamPart::Rows, &[hosts[0]]), [hosts[1], hosts[2], hosts[3]]);
        assert_eq!(collect(StreamPart::Acceptors, &[]), [hosts[0], hosts[1], hosts[2]]);
        assert_eq!(
            collect(StreamPart::Rows, &hosts[..2]),
            [hosts[2], hosts[3], hosts[4]][..2],
            "one more of the own is needed"
        );
    }

    #[test]
    fn a_replica_that_stays_asks_the_one_that_goes() {
        let hosts = hosts(3);
        let sources = sources(&hosts, &hosts[1..], hosts[1]);
        let next = |part, done: &[HostId], down: &[HostId]| {
            let is_down = |host| down.contains(&host);
            sources.next(part, done, None, |host| !is_down(host), is_down)
        };
        assert_eq!(next(StreamPart::Rows, &[], &[]), NextSource::Ask(hosts[0]));
        assert_eq!(next(StreamPart::Rows, &hosts[..1], &[]), NextSource::Enough);
        // It is gone: the third replica, and what is here, meet every quorum.
        assert_eq!(next(StreamPart::Rows, &[], &hosts[..1]), NextSource::Ask(hosts[2]));
        assert_eq!(next(StreamPart::Rows, &hosts[2..], &hosts[..1]), NextSource::Enough);
        assert_eq!(next(StreamPart::Acceptors, &[], &hosts[..1]), NextSource::Ask(hosts[2]));
        assert_eq!(next(StreamPart::Acceptors, &hosts[2..], &[]), NextSource::Enough);
    }

    #[test]
    fn one_that_has_begun_goes_on() {
        let hosts = hosts(4);
        let sources = sources(&hosts[..3], &[hosts[1], hosts[2], hosts[3]], hosts[3]);
        let next = |is_up: bool| {
            sources.next(StreamPart::Acceptors, &[], Some(hosts[2]), |host| is_up || host != hosts[2], |_| false)
        };
        assert_eq!((next(true), next(false)), (NextSource::Ask(hosts[2]), NextSource::Ask(hosts[0])));
    }

    #[test]
    fn what_a_lost_replica_alone_held_is_not_waited_for() {
        let hosts = hosts(3);
        let of = |readers: &[HostId]| {
            RangeSources::new(readers, &[hosts[1], hosts[2]], hosts[2], Some(hosts[0]), |_| Some(Datacenter(0)))
        };
        let first = |sources: &RangeSources| sources.next(StreamPart::Rows, &[], None, |_| true, |_| false);
        assert_eq!(first(&of(&hosts[..1])), NextSource::Enough);
        assert_eq!(first(&of(&hosts[..2])), NextSource::Ask(hosts[1]));
    }
}
