//! Members that seem up, for requests to ask without a lock. Gossip and its detector decide; this is their answer.

use crate::ground::world::Class;
use arc_swap::ArcSwap;
use henge_base::{HostId, Mono};
use henge_gossip::{Link, LinkReport, Silence};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// All classes of links, with gossip's name for each.
const CLASSES: [(Class, Link); 3] =
    [(Class::Control, Link::Control), (Class::Request, Link::Requests), (Class::Bulk, Link::Bulk)];

/// The steps in which answers are recorded, in microseconds.
const ANSWER_STEP_US: u64 = 1_000;

/// The requests to a member by one class of links. Times are microseconds of [`Mono`], 0 for none.
#[derive(Debug, Default)]
struct LinkEvidence {
    /// The last time at which one was answered, to within [`ANSWER_STEP_US`].
    answered: AtomicU64,
    /// The requests that ended without an answer since: when the first was sent, when one ended first, when the last was
    /// sent, when the last ended.
    silence: [AtomicU64; 4],
}

impl LinkEvidence {
    /// The report of what was recorded, which begins anew; `None` if that is nothing.
    fn take(&self) -> Option<LinkReport> {
        let take = |time: &AtomicU64| Some(Mono(time.swap(0, Ordering::Relaxed))).filter(|time| time.0 > 0);
        let answered = take(&self.answered);
        let [first_sent, first_ended, last_sent, last_ended] = self.silence.each_ref().map(take);
        let silence = || {
            let (first_sent, first_ended) = (first_sent?, first_ended?);
            Some(Silence { first_sent, first_ended, last_sent: last_sent?, last_ended: last_ended? })
        };
        let silence = silence();
        (answered.is_some() || silence.is_some()).then_some(LinkReport { answered, silence })
    }

    /// Records an answer. Most change nothing: all cores wait for each other where they write, and answers come by the thousand.
    fn record_answer(&self, now: Mono) {
        if self.answered.load(Ordering::Relaxed) + ANSWER_STEP_US <= now.0 {
            self.answered.fetch_max(now.0, Ordering::Relaxed);
        }
        for time in &self.silence {
            if time.load(Ordering::Relaxed) != 0 {
                time.store(0, Ordering::Relaxed);
            }
        }
    }

    fn add_silence(&self, sent: Mono, ended: Mono) {
        let [first_sent, first_ended, last_sent, last_ended] = &self.silence;
        for (first, time) in [(first_sent, sent), (first_ended, ended)] {
            let earlier = |known: u64| Some(if known == 0 { time.0 } else { known.min(time.0) });
            // The closure always gives a value.
            let _ = first.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
        }
        last_sent.fetch_max(sent.0, Ordering::Relaxed);
        last_ended.fetch_max(ended.0, Ordering::Relaxed);
    }
}

/// The members that seem up. Peers are down until they are heard of.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    up: ArcSwap<BTreeSet<HostId>>,
    /// Since when members that were up once are down.
    down_since: Mutex<BTreeMap<HostId, Mono>>,
    /// The requests to each member since gossip looked last, by class of link.
    evidence: ArcSwap<BTreeMap<HostId, [LinkEvidence; CLASSES.len()]>>,
    came_up: Notify,
}

impl Liveness {
    /// True if `host` seems up.
    pub(crate) fn is_up(&self, host: HostId) -> bool {
        self.up.load().contains(&host)
    }

    /// The time since a member went down; since this node's start if it was never up.
    pub(crate) fn down_for(&self, host: HostId, now: Mono) -> Duration {
        if self.is_up(host) {
            return Duration::ZERO;
        }
        now.since(self.down_since.lock().get(&host).copied().unwrap_or_default())
    }

    /// True if a member was up at any time since this node's start.
    pub(crate) fn was_up(&self, host: HostId) -> bool {
        self.is_up(host) || self.down_since.lock().contains_key(&host)
    }

    /// All members that seem up.
    pub(crate) fn up(&self) -> Arc<BTreeSet<HostId>> {
        self.up.load_full()
    }

    /// Records that a request to `host` was answered: direct evidence for gossip, which looks once a second.
    pub(crate) fn record_answer(&self, host: HostId, class: Class, now: Mono) {
        if let Some(link) = self.evidence.load().get(&host).map(|links| &links[class as usize]) {
            link.record_answer(now);
        }
    }

    /// Records that a request to `host`, sent at `sent`, ended without an answer. It says nothing if another request was
    /// answered in that time.
    pub(crate) fn record_silence(&self, host: HostId, class: Class, sent: Mono, now: Mono) {
        let evidence = self.evidence.load();
        let Some(link) = evidence.get(&host).map(|links| &links[class as usize]) else { return };
        if link.answered.load(Ordering::Relaxed) + ANSWER_STEP_US < sent.0 {
            link.add_silence(sent, now);
        }
    }

    /// The requests to members since this was asked for last.
    pub(crate) fn take_reports(&self) -> Vec<(HostId, Link, LinkReport)> {
        let evidence = self.evidence.load();
        let reports = evidence.iter().flat_map(|(host, links)| {
            let of_links = CLASSES.iter().zip(links);
            of_links.filter_map(|((_, link), evidence)| Some((*host, *link, evidence.take()?)))
        });
        reports.collect()
    }

    /// The class of a link that gossip names.
    pub(crate) fn class_of(link: Link) -> Class {
        CLASSES[link as usize].0
    }

    /// Sets the members whose requests are recorded.
    pub(crate) fn watch(&self, members: impl Iterator<Item = HostId>) {
        self.evidence.store(Arc::new(members.map(|member| (member, Default::default())).collect()));
    }

    /// Marks hosts as up or down, and gives those of them that were not so before. Only gossip calls this, so a load and a store suffice.
    pub(crate) fn set(&self, verdicts: Vec<(HostId, bool)>, now: Mono) -> Vec<(HostId, bool)> {
        let mut next = BTreeSet::clone(&self.up.load());
        let is_news = |(host, up): &(HostId, bool)| if *up { next.insert(*host) } else { next.remove(host) };
        let news: Vec<(HostId, bool)> = verdicts.into_iter().filter(is_news).collect();
        if news.is_empty() {
            return news;
        }
        self.up.store(Arc::new(next));
        let mut down_since = self.down_since.lock();
        for (host, up) in &news {
            if *up {
                down_since.remove(host);
                self.came_up.notify_one();
            } else {
                down_since.insert(*host, now);
            }
        }
        news
    }

    /// Waits until a member comes up that was down. For one task only.
    pub(crate) async fn member_came_up(&self) {
        self.came_up.notified().await;
    }
}
