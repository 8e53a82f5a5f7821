//! The answers of each peer to this node's requests: how fast they come, and whether they come at all.

use crate::ground::per_thread::PerThread;
use crate::peers::latency::Latencies;
use henge_base::{HostId, Mono};
use henge_coordinator::{Standing, Work};
use henge_model::Percentile;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A peer is silent if it has answered nothing for this many times as long as nearly all its answers take.
const SILENT_FACTOR: u32 = 2;
/// The shortest silence: any process may be held up for less.
const SILENCE_MIN: Duration = Duration::from_millis(8);
/// The silence of a peer of which too little is known.
const UNMEASURED_SILENCE: Duration = Duration::from_millis(50);
/// The requests under way that make a peer look twice as slow as it is.
const IN_FLIGHT_WEIGHT: u32 = 256;
/// The shortest time between two probes of a peer.
const PROBE_INTERVAL_MIN: Duration = Duration::from_millis(50);
/// The time between two probes, as a multiple of what the peer takes for one: they are 5% of its time at most.
const PROBE_INTERVAL_FACTOR: u32 = 20;

/// The answers of one peer to one core.
#[derive(Debug, Default)]
pub(crate) struct AnswerTimes {
    /// By kind of requests, from the first request of a kind on: in a large cluster a node asks few of the others for rows.
    works: [OnceLock<Box<WorkTimes>>; Work::COUNT],
    /// The time of the last answer.
    answered: AtomicU64,
    /// True while a probe is under way.
    is_probed: AtomicBool,
    probe_due: AtomicU64,
}

/// The answers to one kind of requests. Times are microseconds of [`Mono`], 0 for none.
#[derive(Debug, Default)]
struct WorkTimes {
    latencies: Latencies,
    in_flight: AtomicU32,
    /// The time since which requests are under way, or ended without an answer, and none was answered.
    waiting_since: AtomicU64,
}

impl AnswerTimes {
    /// The times of a kind of requests; `None` before the first.
    fn of(&self, work: Work) -> Option<&WorkTimes> {
        self.works[work as usize].get().map(|times| &**times)
    }

    fn mean(&self, work: Work) -> Duration {
        self.of(work).map_or(Duration::ZERO, |times| times.latencies.mean())
    }

    fn begin(&self, work: Work, now: Mono) {
        let times = self.works[work as usize].get_or_init(Box::default);
        times.in_flight.fetch_add(1, Ordering::Relaxed);
        if times.waiting_since.load(Ordering::Relaxed) == 0 {
            times.waiting_since.store(now.0, Ordering::Relaxed);
        }
    }

    fn end(&self, work: Work, sent: Mono, answered: Option<Mono>) {
        let Some(times) = self.of(work) else { return };
        let left = times.in_flight.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        let Some(now) = answered else { return };
        self.answered.store(now.0, Ordering::Relaxed);
        times.waiting_since.store(if left > 0 { now.0 } else { 0 }, Ordering::Relaxed);
        times.latencies.add(now.since(sent), now);
    }

    /// Ends a request that nobody waits for any more: it takes as long as it has taken, at least.
    fn give_up(&self, work: Work, sent: Mono, now: Mono) {
        self.end(work, sent, None);
        let taken = now.since(sent);
        if let Some(times) = self.of(work)
            && taken > times.latencies.mean()
        {
            times.latencies.add(taken, now);
        }
    }

    fn standing(&self, work: Work, now: Mono) -> Standing {
        let in_flight = self.of(work).map_or(0, |times| times.in_flight.load(Ordering::Relaxed));
        let mean = self.mean(work);
        let expected = mean + mean * in_flight.min(16 * IN_FLIGHT_WEIGHT) / IN_FLIGHT_WEIGHT;
        let is_silent = self.works.iter().filter_map(OnceLock::get).any(|times| self.is_silent(times, now));
        Standing { expected, is_silent }
    }

    /// True if nothing is answered for longer than it takes. An answer of any kind tells that the peer lives.
    fn is_silent(&self, times: &WorkTimes, now: Mono) -> bool {
        let since = times.waiting_since.load(Ordering::Relaxed);
        if since == 0 {
            return false;
        }
        let silence = now.since(Mono(since.max(self.answered.load(Ordering::Relaxed))));
        silence > SILENCE_MIN && {
            let usual = times.latencies.answer_time(Percentile::P99);
            silence > usual.map_or(UNMEASURED_SILENCE, |usual| (usual * SILENT_FACTOR).max(SILENCE_MIN))
        }
    }

    fn begin_probe(&self, work: Work, now: Mono) -> bool {
        if now.0 < self.probe_due.load(Ordering::Relaxed) || self.is_probed.swap(true, Ordering::Relaxed) {
            return false;
        }
        let pause = self.mean(work) * PROBE_INTERVAL_FACTOR;
        self.probe_due.store((now + pause.max(PROBE_INTERVAL_MIN)).0, Ordering::Relaxed);
        true
    }
}

/// The answers of the peers that were asked. Each core measures by itself: it has links of its own, and what all cores counted together
/// they would wait for.
#[derive(Debug, Default)]
pub(crate) struct PeerAnswerTimes {
    cores: PerThread<Mutex<BTreeMap<HostId, Arc<AnswerTimes>>>>,
}

impl PeerAnswerTimes {
    /// Forgets all but these members.
    pub(crate) fn watch(&self, members: impl Iterator<Item = HostId>) {
        let members: BTreeSet<HostId> = members.collect();
        self.cores.used().for_each(|peers| peers.lock().retain(|host, _| members.contains(host)));
    }

    /// Counts a request as under way.
    pub(crate) fn begin(&self, to: HostId, work: Work, now: Mono) -> TimedRequest {
        let times = Arc::clone(self.cores.own().lock().entry(to).or_default());
        times.begin(work, now);
        TimedRequest { times, work, sent: now }
    }

    /// The latest experience with a peer.
    pub(crate) fn standing(&self, host: HostId, work: Work, now: Mono) -> Standing {
        let peers = self.cores.own().lock();
        peers.get(&host).map_or_else(Standing::default, |times| times.standing(work, now))
    }

    /// The time in which a peer answers a share of its requests.
    pub(crate) fn answer_time(&self, host: HostId, work: Work, share: Percentile) -> Option<Duration> {
        self.cores.own().lock().get(&host)?.of(work)?.latencies.answer_time(share)
    }

    /// Begins a probe, if the peer has none under way and was not probed lately.
    pub(crate) fn begin_probe(&self, host: HostId, work: Work, now: Mono) -> Option<Probe> {
        let times = Arc::clone(self.cores.own().lock().entry(host).or_default());
        times.begin_probe(work, now).then_some(Probe { times })
    }
}

/// A request under way to a peer.
#[derive(Debug)]
pub(crate) struct TimedRequest {
    times: Arc<AnswerTimes>,
    work: Work,
    sent: Mono,
}

impl TimedRequest {
    /// Ends with an answer.
    pub(crate) fn end(self, now: Mono) {
        self.times.end(self.work, self.sent, Some(now));
    }

    /// Ends without an answer: its time is over, or another replica was faster.
    pub(crate) fn give_up(self, now: Mono) {
        self.times.give_up(self.work, self.sent, now);
    }

    /// Ends without having been sent.
    pub(crate) fn cancel(self) {
        self.times.end(self.work, self.sent, None);
    }
}

/// A probe under way, over when this is dropped.
#[derive(Debug)]
pub(crate) struct Probe {
    times: Arc<AnswerTimes>,
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.times.is_probed.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn peer() -> HostId {
        HostId(uuid::Uuid::from_u128(1))
    }

    fn times() -> PeerAnswerTimes {
        PeerAnswerTimes::default()
    }

    /// Requests one after another, each answered after so many milliseconds; the time after the last.
    fn answer(times: &PeerAnswerTimes, work: Work, millis: u64, requests: u64) -> u64 {
        let end = |number: u64| number * millis * MS + 1;
        for number in 1..=requests {
            times.begin(peer(), work, Mono(end(number - 1))).end(Mono(end(number)));
        }
        end(requests)
    }

    fn is_silent(times: &PeerAnswerTimes, now: u64) -> bool {
        times.standing(peer(), Work::Point, Mono(now)).is_silent
    }

    #[test]
    fn a_peer_is_silent_once_a_request_takes_twice_as_long_as_nearly_all() {
        let times = times();
        let now = answer(&times, Work::Point, 10, 100);
        assert!(!is_silent(&times, now + 9_000 * MS), "nothing is asked of it");
        let request = times.begin(peer(), Work::Point, Mono(now));
        assert!(!is_silent(&times, now + 19 * MS));
        assert!(is_silent(&times, now + 26 * MS));
        request.end(Mono(now + 30 * MS));
        assert!(!is_silent(&times, now + 90 * MS));
    }

    #[test]
    fn a_peer_stays_silent_until_it_answers() {
        let times = times();
        let now = answer(&times, Work::Point, 1, 100);
        times.begin(peer(), Work::Point, Mono(now)).cancel();
        times.begin(peer(), Work::Point, Mono(now)).give_up(Mono(now + 5 * MS));
        assert!(!is_silent(&times, now + 7 * MS));
        assert!(is_silent(&times, now + 9 * MS));
        assert!(is_silent(&times, now + 9_000 * MS));
        let probe = times.begin(peer(), Work::Point, Mono(now + 9_000 * MS));
        probe.end(Mono(now + 9_001 * MS));
        assert!(!is_silent(&times, now + 20_000 * MS));
    }

    #[test]
    fn an_answer_of_any_kind_tells_that_a_peer_lives() {
        let times = times();
        let now = answer(&times, Work::Point, 1, 100);
        let _scan = times.begin(peer(), Work::Range, Mono(now));
        assert!(is_silent(&times, now + 51 * MS));
        times.begin(peer(), Work::Write, Mono(now + 51 * MS)).end(Mono(now + 52 * MS));
        assert!(!is_silent(&times, now + 53 * MS));
    }

    #[test]
    fn a_peer_with_much_under_way_is_expected_to_take_longer() {
        let times = times();
        let now = answer(&times, Work::Point, 10, 100);
        let expected = || times.standing(peer(), Work::Point, Mono(now)).expected.as_millis();
        assert_eq!(expected(), 10);
        let _under_way: Vec<_> = (0..256).map(|_| times.begin(peer(), Work::Point, Mono(now))).collect();
        assert_eq!(expected(), 20);
    }

    #[test]
    fn a_peer_is_probed_now_and_then_and_once_at_a_time() {
        let times = times();
        let begin = |now: u64| times.begin_probe(peer(), Work::Point, Mono(now));
        let probe = begin(1).unwrap();
        assert!(begin(60 * MS).is_none(), "one is under way");
        drop(probe);
        drop(begin(60 * MS).unwrap());
        assert!(begin(100 * MS).is_none());
        // Of a slow one they come as much more seldom.
        let now = answer(&times, Work::Point, 100, 100);
        drop(begin(now).unwrap());
        assert!(begin(now + 1_900 * MS).is_none());
        assert!(begin(now + 2_000 * MS).is_some());
    }

    #[test]
    fn members_keep_their_times_and_those_of_others_are_forgotten() {
        let times = times();
        answer(&times, Work::Point, 10, 100);
        times.watch([peer(), HostId(uuid::Uuid::from_u128(2))].into_iter());
        assert_eq!(times.standing(peer(), Work::Point, Mono(0)).expected.as_millis(), 10);
        times.watch(std::iter::empty());
        assert_eq!(times.standing(peer(), Work::Point, Mono(0)), Standing::default());
    }

    #[test]
    fn each_core_has_an_experience_of_its_own() {
        let times = times();
        let now = answer(&times, Work::Point, 10, 100);
        let request = times.begin(peer(), Work::Point, Mono(now));
        std::thread::scope(|scope| {
            let of_another = scope.spawn(|| times.standing(peer(), Work::Point, Mono(now + 90 * MS))).join();
            assert_eq!(of_another.unwrap(), Standing::default());
            // A request counts where it began, wherever it ends.
            scope.spawn(|| request.end(Mono(now + 100 * MS)));
        });
        assert!(!is_silent(&times, now + 900 * MS));
    }
}
