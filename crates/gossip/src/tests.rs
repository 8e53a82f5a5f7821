//! Complete exchanges: schedules with lost, late and repeated messages; peers that stop, return and restart.

mod claims;
mod cluster;

use crate::{Delta, Digest, Event, Fact, Link, LinkReport, Message, PARTNERS_MAX, Silence};
use cluster::{Cluster, epoch, host, members, node_of};
use henge_base::Mono;
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn everybody_comes_up_and_hears_every_fact() {
    let mut cluster = Cluster::new(5, 1);
    (0..5).for_each(|at| cluster.node(at).set(epoch(at as u64)));
    cluster.rounds(20);
    assert!((0..5).all(|at| cluster.sees_who_runs(at)));
    for at in 0..5 {
        assert_eq!(cluster.known_of(at), vec![vec![epoch(at as u64)]; 4]);
    }
    assert_eq!(cluster.node(0).newest_epoch(), Some((host(4), 0, 4)));
    assert_eq!(cluster.node(4).newest_epoch(), Some((host(3), 0, 3)));
}

#[test]
fn what_is_told_of_all_hosts_is_known_with_its_versions() {
    let mut cluster = Cluster::new(3, 1);
    cluster.node(0).set(epoch(7));
    cluster.rounds(20);
    let told = cluster.node(1).host_facts();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0].host, host(1));
    let first = told.iter().find(|told| told.host == host(0)).unwrap();
    assert_eq!((first.generation, &first.facts[..]), (1, &[(epoch(7), 1)][..]));
    assert!(told.iter().all(|told| told.version >= 15));
    // A host that others only name is not known.
    assert_eq!(node_of(5, 1, 6).host_facts().len(), 1);
}

#[test]
fn a_peer_that_says_that_it_shuts_down_is_down_until_its_next_life() {
    let mut cluster = Cluster::new(3, 1);
    cluster.rounds(20);
    let now = cluster.now;
    cluster.node(0).shut_down(host(2), 1, now);
    assert_eq!(cluster.node(0).poll(now), [Event::Down(host(2))]);
    // It still answers, and others still hear of it.
    cluster.rounds(20);
    assert!(!cluster.node(0).is_up(host(2)) && cluster.node(1).is_up(host(2)));
    cluster.restart(2, 2);
    cluster.rounds(5);
    assert!(cluster.node(0).is_up(host(2)));
    // Nobody says so of a generation that cannot be.
    let now = cluster.now;
    cluster.node(0).shut_down(host(2), u64::MAX, now);
    assert!(cluster.node(0).poll(now).is_empty());
}

/// In a large cluster the first news of a peer may come late, and the next as late again.
#[test]
fn a_peer_that_answered_is_not_suspected_before_its_second_news_can_come() {
    let mut node = node_of(0, 1, PARTNERS_MAX + 10);
    let at = |second: u64| Mono(second * 1_000_000);
    let answered = LinkReport { answered: Some(at(2)), silence: None };
    node.report(host(1), Link::Control, answered, at(2));
    let mut ups = Vec::new();
    for second in 2..30 {
        if second == 12 {
            let upto = Digest { host: host(1), generation: 1, version: 5 };
            let news = Message::Close { deltas: vec![Delta { upto, since: 0, facts: Vec::new() }] };
            node.on_message(host(2), news, at(second));
        }
        node.poll(at(second));
        ups.push(node.is_up(host(1)));
    }
    // Two seconds are taken for the interval of news before any was measured: eight times as much is a silence.
    assert_eq!(ups.iter().position(|up| !up), Some(28 - 2), "{ups:?}");
}

#[test]
fn a_stopped_peer_goes_down_in_ten_seconds_and_returns_with_its_heartbeats() {
    for seed in 0..20 {
        let mut cluster = Cluster::new(3, seed);
        cluster.rounds(60);
        cluster.events.clear();
        let stopped = cluster.nodes[2].take();
        let stopped_at = cluster.now;
        cluster.rounds(15);
        for at in 0..2 {
            let down = cluster.events.iter().find(|(_, who, event)| *who == at && *event == Event::Down(host(2)));
            let after = down.unwrap().0.since(stopped_at);
            assert!(
                after >= Duration::from_secs(6) && after <= Duration::from_millis(10_500),
                "seed {seed}: {after:?}"
            );
        }
        assert_eq!(cluster.events.len(), 2);
        cluster.events.clear();
        cluster.nodes[2] = stopped;
        cluster.rounds(3);
        assert!((0..3).all(|at| cluster.sees_who_runs(at)), "seed {seed}");
        assert_eq!(cluster.events.iter().filter(|(_, who, _)| *who < 2).count(), 2);
    }
}

#[test]
fn one_that_stood_still_gives_nobody_up_for_it() {
    let mut cluster = Cluster::new(3, 1);
    cluster.rounds(30);
    cluster.events.clear();
    cluster.letters.clear();
    cluster.now = cluster.now + Duration::from_secs(60);
    cluster.rounds(5);
    assert_eq!(cluster.events, []);
}

#[test]
fn a_restart_is_seen_as_down_and_up_even_when_it_is_quick() {
    let mut cluster = Cluster::new(3, 1);
    cluster.node(2).set(epoch(7));
    cluster.rounds(30);
    cluster.events.clear();
    cluster.restart(2, 2);
    cluster.node(2).set(epoch(3));
    cluster.rounds(4);
    assert_eq!(cluster.known_of(2), vec![vec![epoch(3)]; 2], "what the earlier run told is gone");
    for at in 0..2 {
        let seen: Vec<_> = cluster.events.iter().filter(|(_, who, _)| *who == at).map(|(_, _, event)| *event).collect();
        assert_eq!(seen, [Event::Down(host(2)), Event::Up(host(2))]);
    }
    assert!(cluster.sees_who_runs(2));
}

#[test]
fn an_earlier_generation_is_not_listened_to_and_learns_of_it() {
    let mut cluster = Cluster::new(3, 1);
    cluster.restart(2, 5);
    cluster.node(2).set(epoch(7));
    cluster.rounds(10);
    cluster.restart(2, 4);
    cluster.node(2).set(epoch(9));
    cluster.rounds(10);
    assert_eq!(cluster.known_of(2), vec![vec![epoch(7)]; 2]);
    assert_eq!(cluster.node(2).newer_generation(), Some(5));
    assert_eq!(cluster.node(0).newer_generation(), None);
}

#[test]
fn a_peer_that_only_others_reach_is_down_until_it_answers() {
    let mut cluster = Cluster::new(3, 1);
    cluster.cut.extend([(0, 2), (2, 0)]);
    cluster.rounds(20);
    assert!(!cluster.node(0).is_up(host(2)) && cluster.node(0).is_up(host(1)));
    cluster.cut.clear();
    cluster.rounds(3);
    assert!(cluster.sees_who_runs(0));
    // The same when it was up before, though its heartbeats come by way of the third.
    for cut in [vec![(0, 2), (2, 0)], vec![(0, 2)]] {
        cluster.events.clear();
        cluster.cut.extend(cut.clone());
        cluster.rounds(15);
        assert!(!cluster.node(0).is_up(host(2)), "{cut:?}");
        assert!(cluster.node(1).is_up(host(0)) && cluster.node(1).is_up(host(2)));
        let now = cluster.now;
        assert!(cluster.node(0).suspected_links(now).any(|of| of == (host(2), Link::Control)));
        cluster.cut.clear();
        cluster.rounds(6);
        assert!(cluster.sees_who_runs(0), "{cut:?}");
    }
}

#[test]
fn requests_without_answers_lower_a_peer_that_gossips() {
    let mut cluster = Cluster::new(3, 1);
    cluster.rounds(10);
    let (sent, ended) = (cluster.now, cluster.now + Duration::from_secs(2));
    cluster.rounds(2);
    let silence = Silence { last_sent: ended, ..Silence::of_one(sent, ended) };
    let unanswered = LinkReport { answered: None, silence: Some(silence) };
    cluster.node(0).report(host(2), Link::Requests, unanswered, ended);
    cluster.rounds(5);
    assert!(!cluster.node(0).is_up(host(2)) && cluster.node(1).is_up(host(2)));
    let now = cluster.now;
    assert_eq!(cluster.node(0).suspected_links(now).collect::<Vec<_>>(), [(host(2), Link::Requests)]);
    let answered = LinkReport { answered: Some(now), silence: None };
    cluster.node(0).report(host(2), Link::Requests, answered, now);
    cluster.rounds(1);
    assert!(cluster.node(0).is_up(host(2)));
}

#[test]
fn what_gets_through_one_way_only_is_no_answer() {
    let mut cluster = Cluster::new(2, 1);
    cluster.cut.insert((0, 1));
    cluster.rounds(20);
    assert!(!cluster.node(0).is_up(host(1)) && !cluster.node(1).is_up(host(0)));
}

#[test]
fn answers_to_requests_hold_a_silent_peer_up() {
    let mut cluster = Cluster::new(2, 1);
    cluster.rounds(20);
    cluster.cut.extend([(0, 1), (1, 0)]);
    for _ in 0..30 {
        let now = cluster.now;
        cluster.node(0).record_answer(host(1), now);
        cluster.round();
    }
    assert!(cluster.node(0).is_up(host(1)) && !cluster.node(1).is_up(host(0)));
    cluster.rounds(12);
    assert!(!cluster.node(0).is_up(host(1)));
    let now = cluster.now;
    cluster.node(0).record_answer(host(1), now);
    assert_eq!(cluster.node(0).poll(now), [Event::Up(host(1))]);
}

#[test]
fn old_evidence_brings_nobody_up() {
    let mut gossip = node_of(0, 1, 2);
    gossip.record_answer(host(1), Mono(1_000_000));
    assert_eq!(gossip.poll(Mono(60_000_000)), []);
    assert_eq!(gossip.poll(Mono(61_000_000)), []);
}

#[test]
fn an_answer_of_the_run_before_does_not_bring_up_the_next() {
    let mut cluster = Cluster::new(3, 1);
    cluster.rounds(10);
    let answered = cluster.now;
    let next = Digest { host: host(2), generation: 2, version: 1 };
    let news = Message::Close { deltas: vec![Delta { upto: next, since: 0, facts: vec![] }] };
    let later = answered + Duration::from_millis(500);
    cluster.node(0).on_message(host(1), news, later);
    cluster.node(0).record_answer(host(2), answered);
    assert_eq!(cluster.node(0).poll(later), [Event::Down(host(2))]);
    cluster.node(0).record_answer(host(2), later);
    assert_eq!(cluster.node(0).poll(later), [Event::Up(host(2))]);
}

#[test]
fn the_epoch_of_a_peer_that_is_down_is_not_followed() {
    let mut cluster = Cluster::new(3, 1);
    cluster.node(2).set(epoch(9));
    cluster.node(1).set(epoch(2));
    cluster.rounds(10);
    assert_eq!(cluster.node(0).newest_epoch(), Some((host(2), 0, 9)));
    cluster.nodes[2] = None;
    cluster.rounds(15);
    assert_eq!(cluster.node(0).newest_epoch(), Some((host(1), 0, 2)));
}

#[test]
fn a_host_that_is_no_member_is_not_taken_up() {
    let mut cluster = Cluster::new(3, 1);
    cluster.rounds(10);
    cluster.node(0).set_members(members(2));
    cluster.events.clear();
    cluster.rounds(10);
    assert!(!cluster.node(0).is_up(host(2)));
    assert_eq!(cluster.node(0).facts(host(2)).count(), 0);
    assert!(cluster.events.iter().all(|(_, at, _)| *at != 0));
    assert_eq!(cluster.node(0).on_message(host(2), Message::Open { digests: vec![], whole: true }, Mono(0)), None);
}

/// In a cluster that is much larger than a view everybody hears of everybody, though hardly any two ever meet.
#[test]
fn a_cluster_larger_than_a_view_knows_itself() {
    let size = PARTNERS_MAX + 20;
    let mut cluster = Cluster::new(size, 1);
    cluster.rounds(25);
    assert!((0..size).all(|at| cluster.sees_who_runs(at)));
    cluster.events.clear();
    cluster.rounds(60);
    assert_eq!(cluster.events, [], "nobody is suspected");
    cluster.nodes[7] = None;
    cluster.rounds(25);
    assert!((0..size).filter(|at| *at != 7).all(|at| cluster.sees_who_runs(at)));
    cluster.restart(7, 2);
    cluster.rounds(15);
    assert!((0..size).all(|at| cluster.sees_who_runs(at)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Facts change, messages get lost, late, reordered and repeated, nodes restart; once it is quiet, all nodes know
    /// the same.
    #[test]
    fn random_schedules_converge(size in 2..8usize, seed: u64, loss in 0..60u64, repeats in 0..50u64) {
        let mut cluster = Cluster::new(size, seed);
        (cluster.loss, cluster.repeats) = (loss, repeats);
        let mut last = vec![(1, None); size];
        for step in 0..40u64 {
            let at = cluster.random.below(size as u64) as usize;
            if cluster.random.chance(1, 10) {
                last[at] = (last[at].0 + 1, None);
                cluster.restart(at, last[at].0);
            } else {
                last[at].1 = Some(epoch(step));
                cluster.node(at).set(epoch(step));
            }
            cluster.round();
        }
        (cluster.loss, cluster.repeats) = (0, 0);
        cluster.rounds(6 * size);
        for (at, (_, fact)) in last.iter().enumerate() {
            let expected: Vec<Fact> = fact.iter().copied().collect();
            prop_assert!(cluster.known_of(at).iter().all(|known| *known == expected), "{} {:?}", at, expected);
            prop_assert!(cluster.sees_who_runs(at));
        }
    }

    /// With some messages lost, no running node is judged down.
    #[test]
    fn a_lossy_network_alone_gives_nobody_up(seed: u64) {
        let mut cluster = Cluster::new(4, seed);
        cluster.rounds(20);
        cluster.events.clear();
        cluster.loss = 20;
        cluster.rounds(300);
        prop_assert_eq!(&cluster.events, &[]);
    }
}
