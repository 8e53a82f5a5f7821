//! Writes that travel once to another datacentre, and are forwarded there.

use super::*;
use std::collections::BTreeMap;

/// Machines of each datacentre, all with a copy.
const EACH: usize = 3;
/// Microseconds of a message between datacentres; messages within one take a millisecond.
const FAR_US: u64 = 40_000;
/// The longest time of a write while one machine of the other datacentre is dead or silent: what forwarders are waited for, and two round
/// trips.
const LATENCY_MAX: u64 = 500_000;
const LEVELS: [Consistency; 5] =
    [Consistency::One, Consistency::LocalQuorum, Consistency::Quorum, Consistency::EachQuorum, Consistency::All];

impl Run {
    fn two_datacenters(faults: Faults) -> Run {
        let mut random = Random::new(9);
        let clockwork = Clockwork::new(random.fork("clockwork"));
        let of = |number| Options { datacenter: format!("dc{}", number / EACH + 1), ..options(number, faults) };
        let mut run = Run::of(clockwork, Shape::plain(2 * EACH, StormKind::Crashes), &mut random, of);
        assert!(run.form());
        run.cluster.has_slow_jobs.store(false, Ordering::Relaxed);
        run.execute(&[
            "CREATE KEYSPACE far WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 3}"
                .to_owned(),
            "CREATE TABLE far.t (k int PRIMARY KEY, v int)".to_owned(),
        ]);
        run.set_links(&[]);
        run.pass(5 * SECOND);
        run
    }

    /// Links with the delays of two datacentres, but for some that carry nothing.
    fn set_links(&self, cut: &[(usize, usize)]) {
        let all = 0..2 * EACH;
        let delay = |a: usize, b: usize| if a / EACH == b / EACH { 1_000 } else { FAR_US };
        let delays = all.clone().flat_map(|a| all.clone().map(move |b| ((a, b), (delay(a, b), delay(a, b)))));
        let (link_delays, cut): (BTreeMap<_, _>, BTreeSet<_>) = (delays.collect(), cut.iter().copied().collect());
        *self.cluster.network.lock() = NetworkState { link_delays, cut, ..NetworkState::healthy() };
    }

    /// The number of rows that a statement gives through a machine, and the microseconds that it took.
    fn ask_through(&mut self, machine: usize, text: String, level: Consistency) -> (Result<usize, String>, u64) {
        let (slot, began) = (Slot::default(), self.now());
        let (done, cluster) = (slot.clone(), Arc::clone(&self.cluster));
        let life = self.cluster.machines[machine].life().unwrap();
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let outcome = statement(&life, &text, &[], level, None).await;
            let outcome = outcome.map(|rows| rows.rows.len()).map_err(|error| error.to_string());
            done.fill((outcome, cluster.clockwork.now()));
        });
        let (outcome, ended) = self.await_slot(&slot).unwrap();
        (outcome, ended - began)
    }

    /// The error of a write of a key through the first machine, and the microseconds that it took.
    fn write_far(&mut self, key: usize, level: Consistency) -> (Option<String>, u64) {
        let text = format!("INSERT INTO far.t (k, v) VALUES ({key}, {key})");
        let (outcome, took) = self.ask_through(0, text, level);
        (outcome.err(), took)
    }

    /// The machines whose own copy has a key.
    fn holders(&mut self, key: usize) -> Vec<usize> {
        let text = format!("SELECT v FROM far.t WHERE k = {key}");
        let has_it = |machine: &usize| self.ask_through(*machine, text.clone(), Consistency::LocalOne).0 == Ok(1);
        (0..2 * EACH).filter(has_it).collect()
    }

    /// The mutations that travelled from the first datacentre to the second.
    fn crossings(&self) -> u64 {
        let watch = self.cluster.watch.lock();
        let is_crossing = |(from, to): &(usize, usize)| *from < EACH && *to >= EACH;
        watch.mutations.iter().filter(|(link, _)| is_crossing(link)).map(|(_, count)| count).sum()
    }
}

#[test]
fn a_write_travels_once_to_another_datacentre_at_every_level() {
    let mut run = Run::two_datacenters(Faults::default());
    for (key, level) in LEVELS.into_iter().enumerate() {
        let before = run.crossings();
        let (error, took) = run.write_far(key, level);
        assert_eq!(error, None, "{level}");
        let needs_far = !matches!(level, Consistency::One | Consistency::LocalQuorum);
        assert_eq!(took >= 2 * FAR_US, needs_far, "{level}: {took}");
        run.pass(SECOND);
        assert_eq!(run.crossings() - before, 1, "{level}");
        assert_eq!(run.holders(key), [0, 1, 2, 3, 4, 5], "{level}");
    }
    assert!(!run.broken());
    run.cluster.clear();
}

/// The state of the fourth machine, which is in the other datacentre and may be the forwarder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lot {
    Killed,
    Stopped,
    /// It takes writes and cannot forward them.
    Lonely,
}

/// A forwarder that dies costs a moment: the others are sent the write directly, and whoever misses it is owed a hint.
#[test]
fn a_forwarder_that_dies_or_is_silent_holds_up_no_write() {
    for lot in [Lot::Killed, Lot::Stopped, Lot::Lonely] {
        let mut run = Run::two_datacenters(Faults::default());
        let fourth = EACH;
        match lot {
            Lot::Killed => crash(&run.cluster, fourth),
            Lot::Stopped => run.cluster.clockwork.pause(fourth),
            Lot::Lonely => run.set_links(&[(fourth, 4), (fourth, 5), (4, fourth), (5, fourth)]),
        }
        for key in 0..24 {
            let (error, took) = run.write_far(key, [Consistency::Quorum, Consistency::EachQuorum][key % 2]);
            assert!(error.is_none() && took <= LATENCY_MAX, "{lot:?}, {key}: {took} us, {error:?}");
        }
        run.set_links(&[]);
        match lot {
            Lot::Killed => crate::power::revive(&run.cluster, fourth),
            Lot::Stopped => run.cluster.clockwork.resume(fourth),
            Lot::Lonely => {}
        }
        run.pass(60 * SECOND);
        for key in 0..24 {
            assert_eq!(run.holders(key), [0, 1, 2, 3, 4, 5], "{lot:?}, {key}: by hints alone");
        }
        assert!(!run.broken());
        run.cluster.clear();
    }
}

/// Each replica acknowledges for itself: while the machines of the other datacentre cannot reach each other, and the first can reach only
/// one of them, no quorum is there.
#[test]
fn a_forwarder_acknowledges_for_itself_only() {
    for trust_forwarders in [false, true] {
        let mut run = Run::two_datacenters(Faults { trust_forwarders, ..Faults::default() });
        let mut links: Vec<(usize, usize)> = vec![(3, 4), (3, 5), (4, 3), (4, 5), (5, 3), (5, 4)];
        links.extend([(0, 4), (0, 5), (4, 0), (5, 0)]);
        run.set_links(&links);
        let mut lies = 0;
        for key in 0..8 {
            let (error, _) = run.write_far(key, Consistency::EachQuorum);
            let far = run.holders(key).into_iter().filter(|machine| *machine >= EACH).count();
            lies += usize::from(error.is_none() && far < 2);
        }
        assert_eq!(lies > 0, trust_forwarders, "{lies}");
        run.set_links(&[]);
        run.cluster.clear();
    }
}
