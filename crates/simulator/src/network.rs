//! The network between machines. Each message has its own delay, so that messages overtake each other; links fail in
//! one or both directions; some messages are lost.

use henge_base::Random;
use henge_node::Class;
use std::collections::{BTreeMap, BTreeSet};

/// The current behaviour of the network.
#[derive(Clone, Debug)]
pub(crate) struct NetworkState {
    /// The shortest and the longest delay of a message, in microseconds.
    pub(crate) delay: (u64, u64),
    /// Other delays of some links, as (from, to).
    pub(crate) link_delays: BTreeMap<(usize, usize), (u64, u64)>,
    /// The probability that a message is lost, in thousandths.
    pub(crate) loss: u64,
    /// The microseconds after which a request or reply that was lost is sent again, as QUIC does; `None` if it stays lost, as it is when a
    /// connection breaks.
    pub(crate) resend_us: Option<u64>,
    /// The links that carry nothing, as (from, to).
    pub(crate) cut: BTreeSet<(usize, usize)>,
    /// Faults of links, each until a simulated time. Those that have ended are dropped when another one begins.
    pub(crate) faults: Vec<(u64, LinkFault)>,
}

/// The classes of connections by the names that plans give them.
pub(crate) const CLASSES: [(&str, Class); 3] =
    [("control", Class::Control), ("request", Class::Request), ("bulk", Class::Bulk)];

/// A connection between two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) class: Class,
}

/// Links from some machines to others, and with `both` those back too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) from: BTreeSet<usize>,
    pub(crate) to: BTreeSet<usize>,
    pub(crate) both: bool,
    /// The class of those connections; `None` for all of them.
    pub(crate) class: Option<Class>,
}

impl Links {
    fn has(&self, Link { from, to, class }: Link) -> bool {
        let has = |from, to| self.from.contains(&from) && self.to.contains(&to);
        self.class.is_none_or(|only| only == class) && (has(from, to) || (self.both && has(to, from)))
    }
}

/// A fault of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkFault {
    /// They carry nothing.
    Cut(Links),
    /// They lose so many messages of a thousand.
    Lose(Links, u64),
    /// They delay each message by up to so many microseconds, so that messages overtake each other.
    Delay(Links, u64),
}

impl NetworkState {
    /// A good network, with short delays and no losses.
    pub(crate) fn healthy() -> NetworkState {
        NetworkState {
            delay: (500, 2_000),
            link_delays: BTreeMap::new(),
            loss: 0,
            resend_us: None,
            cut: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Begins a fault of links that lasts until a time.
    pub(crate) fn begin(&mut self, now: u64, until: u64, fault: LinkFault) {
        self.faults.retain(|(until, _)| *until > now);
        self.faults.push((until, fault));
    }

    /// The delay in microseconds of a message sent now; `None` if it never arrives.
    pub(crate) fn message_delay(&self, now: u64, link: Link, random: &mut Random) -> Option<u64> {
        let machines = (link.from, link.to);
        let (shortest, mut longest) = self.link_delays.get(&machines).copied().unwrap_or(self.delay);
        let (mut loss, mut is_cut) = (self.loss, self.cut.contains(&machines));
        for (_, fault) in self.faults.iter().filter(|(until, _)| *until > now) {
            match fault {
                LinkFault::Cut(links) => is_cut |= links.has(link),
                LinkFault::Lose(links, permille) if links.has(link) => loss = loss.max(*permille),
                LinkFault::Delay(links, up_to) if links.has(link) => longest = longest.max(*up_to),
                LinkFault::Lose(..) | LinkFault::Delay(..) => {}
            }
        }
        let delay = random.between(shortest, longest);
        let is_lost = random.chance(loss, 1_000);
        (!is_lost && !is_cut).then_some(delay)
    }

    /// The delay in microseconds of a request or a reply.
    pub(crate) fn request_delay(&self, now: u64, link: Link, random: &mut Random) -> Option<u64> {
        let is_cut = self.cut.contains(&(link.from, link.to));
        let Some(resend_us) = self.resend_us.filter(|_| !is_cut && self.faults.is_empty()) else {
            return self.message_delay(now, link, random);
        };
        let mut waited = 0;
        loop {
            match self.message_delay(now, link, random) {
                Some(delay) => return Some(waited + delay),
                None => waited += resend_us,
            }
        }
    }

    /// Cuts the links from a group of machines to all others, and with `both` those to the group too.
    #[cfg(test)]
    pub(crate) fn isolate(&mut self, group: &BTreeSet<usize>, all: usize, both: bool) {
        for inside in group {
            for outside in (0..all).filter(|m| !group.contains(m)) {
                self.cut.insert((*inside, outside));
                if both {
                    self.cut.insert((outside, *inside));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_links_add_up_and_end_by_themselves() {
        let mut network = NetworkState::healthy();
        let links = |from: &[usize], to: &[usize], both| {
            let (from, to) = (from.iter().copied().collect(), to.iter().copied().collect());
            Links { from, to, both, class: None }
        };
        network.begin(0, 100, LinkFault::Cut(links(&[0], &[1], false)));
        network.begin(0, 200, LinkFault::Lose(links(&[0], &[1, 2], true), 1_000));
        network.begin(0, 300, LinkFault::Delay(links(&[1], &[0], false), 900_000));
        let mut random = Random::new(1);
        let only = Links { class: Some(Class::Control), ..links(&[3], &[0], false) };
        network.begin(0, 400, LinkFault::Cut(only));
        let mut carries_class = |now, (from, to), class| {
            (0..20).filter_map(|_| network.message_delay(now, Link { from, to, class }, &mut random)).max()
        };
        assert_eq!(carries_class(50, (3, 0), Class::Control), None);
        assert!(carries_class(50, (3, 0), Class::Bulk).is_some_and(|delay| delay <= 2_000));
        let mut carries = |now, link| carries_class(now, link, Class::Request);
        assert_eq!([(0, 1), (1, 0), (2, 0)].map(|link| carries(50, link)), [None, None, None]);
        assert!(carries(50, (1, 2)).is_some_and(|delay| delay <= 2_000));
        assert!(carries(200, (0, 1)).is_some_and(|delay| delay <= 2_000));
        assert!(carries(200, (1, 0)).is_some_and(|delay| delay > 2_000));
        assert!(carries(300, (1, 0)).is_some_and(|delay| delay <= 2_000));
    }
}
