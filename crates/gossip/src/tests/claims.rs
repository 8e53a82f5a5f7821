//! Forged claims, and more hosts than a message or a table holds.

use super::cluster::{Cluster, epoch, host, members, node_of};
use crate::limits::{GENERATION_STEP_MAX, MESSAGE_BYTES_MAX, VERSION_MAX};
use crate::{Delta, Digest, Fact, Message};
use henge_base::Mono;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn digest(at: usize, generation: u64, version: u64) -> Digest {
    Digest { host: host(at), generation, version }
}

fn close(upto: Digest, since: u64, facts: &[(Fact, u64)]) -> Message {
    Message::Close { deltas: vec![Delta { upto, since, facts: facts.to_vec() }] }
}

#[test]
fn claims_that_cannot_be_true_are_refused() {
    let cases = [
        close(digest(1, 0, 5), 0, &[(epoch(9), 5)]),
        close(digest(1, 10 + GENERATION_STEP_MAX + 1, 5), 0, &[(epoch(9), 5)]),
        close(digest(1, u64::MAX, 5), 0, &[(epoch(9), 5)]),
        close(digest(1, 10, VERSION_MAX + 1), 0, &[(epoch(9), 5)]),
        close(digest(1, 10, 5), 0, &[(epoch(9), 6)]),
        close(digest(1, 10, 5), 0, &[(epoch(9), 0)]),
        close(digest(1, 10, 5), u64::MAX, &[(epoch(9), 5)]),
        close(digest(0, u64::MAX, 5), 0, &[]),
    ];
    for message in cases {
        let mut gossip = node_of(0, 10, 3);
        assert_eq!(gossip.on_message(host(2), message.clone(), Mono(0)), None);
        assert_eq!(gossip.facts(host(1)).count(), 0, "{message:?}");
        assert_eq!(gossip.refused_claims(), 1, "{message:?}");
        assert_eq!(gossip.newer_generation(), None);
    }
    let mut gossip = node_of(0, 10, 3);
    gossip.on_message(host(2), close(digest(1, 10 + GENERATION_STEP_MAX, 5), 0, &[(epoch(9), 5)]), Mono(0));
    assert_eq!(gossip.facts(host(1)).count(), 1);
}

#[test]
fn an_implausible_digest_is_not_asked_for() {
    let mut gossip = node_of(0, 10, 3);
    let digests = vec![digest(1, u64::MAX, 1), digest(2, 1, 1), digest(0, 10, 0)];
    let answer = gossip.on_message(host(2), Message::Open { digests, whole: true }, Mono(0));
    assert_eq!(answer, Some(Message::Answer { deltas: vec![], wants: vec![digest(2, 0, 0)] }));
}

#[test]
fn a_version_of_its_own_that_it_never_told_is_overtaken() {
    let mut cluster = Cluster::new(3, 1);
    cluster.node(2).set(epoch(1));
    cluster.rounds(5);
    let now = cluster.now;
    cluster.node(0).on_message(host(1), close(digest(2, 1, 5000), 0, &[(epoch(66), 5000)]), now);
    cluster.rounds(5);
    assert_eq!(cluster.known_of(2), vec![vec![epoch(1)]; 2]);
}

#[test]
fn messages_stay_within_their_limit_and_everybody_has_a_turn() {
    const HOSTS: usize = 3000;
    let mut gossip = node_of(0, 1, HOSTS + 1);
    for first in (1..=HOSTS).step_by(300) {
        let deltas = (first..first + 300).map(|at| Delta {
            upto: digest(at, 1, 2_000_000),
            since: 0,
            facts: vec![(epoch(1), 1), (Fact::Load { bytes: 1 << 40 }, 2)],
        });
        gossip.on_message(host(1), Message::Close { deltas: deltas.collect() }, Mono(0));
    }
    assert_eq!((1..=HOSTS).filter(|at| gossip.facts(host(*at)).count() > 0).count(), HOSTS);
    let members = members(HOSTS + 1);
    let answer = gossip.on_message(host(1), Message::Open { digests: vec![], whole: true }, Mono(0)).unwrap();
    let bytes = answer.encode(&members).len();
    assert!(bytes <= MESSAGE_BYTES_MAX && bytes > MESSAGE_BYTES_MAX * 3 / 4, "{bytes} bytes");
    let mut named = BTreeSet::new();
    for _ in 0..4 {
        let opening = gossip.open();
        assert!(opening.encode(&members).len() <= MESSAGE_BYTES_MAX);
        let Message::Open { digests, whole } = opening else { panic!("not an opening") };
        assert!(!whole && digests[0].host == host(0));
        named.extend(digests.into_iter().map(|digest| digest.host));
    }
    assert_eq!(named.len(), 1 + HOSTS, "everybody has a turn");
}

/// Two nodes that know hundreds of hosts each, some in common, end with the same state although no message holds all of
/// it.
#[test]
fn what_no_message_holds_comes_in_turns() {
    let mut cluster = Cluster::among(2, 1, 1400);
    for (at, hosts) in [(0, 10..900), (1, 500..1400)] {
        for at_host in hosts {
            let version = 1 + (at + at_host) as u64 % 3;
            let message = close(digest(at_host, 1, version), 0, &[(epoch(version), version)]);
            cluster.node(at).on_message(host(1 - at), message, Mono(0));
        }
    }
    for _ in 0..30 {
        for at in 0..2 {
            let opening = cluster.node(at).open();
            cluster.send(at, 1 - at, &opening);
        }
        let next = cluster.now + std::time::Duration::from_secs(1);
        cluster.deliver_until(next);
    }
    for at_host in 10..1400 {
        let known: Vec<Vec<Fact>> = (0..2).map(|at| cluster.node(at).facts(host(at_host)).collect()).collect();
        assert!(known[0] == known[1] && known[0].len() == 1, "{at_host}: {known:?}");
    }
}

/// Strategy for any message that a peer may send.
fn messages() -> impl Strategy<Value = Message> {
    let number = || prop_oneof![0..6u64, any::<u64>()];
    let digest = (0..5usize, number(), number()).prop_map(|(at, generation, version)| digest(at, generation, version));
    let offset = number().prop_map(|number| Fact::ClockOffset { ahead_ms: number as i64 });
    let fact = prop_oneof![number().prop_map(epoch), number().prop_map(|bytes| Fact::Load { bytes }), offset];
    let facts = proptest::collection::vec((fact, number()), 0..4);
    let delta = (digest.clone(), number(), facts).prop_map(|(upto, since, facts)| Delta { upto, since, facts });
    let digests = proptest::collection::vec(digest, 0..8);
    let deltas = proptest::collection::vec(delta, 0..8);
    prop_oneof![
        (digests.clone(), any::<bool>()).prop_map(|(digests, whole)| Message::Open { digests, whole }),
        (deltas.clone(), digests).prop_map(|(deltas, wants)| Message::Answer { deltas, wants }),
        deltas.prop_map(|deltas| Message::Close { deltas }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Forged messages cannot change a node's own facts, set versions back, or make answers exceed their bounds.
    #[test]
    fn made_up_messages_do_no_harm(messages in proptest::collection::vec((messages(), 1..4usize), 0..40)) {
        let mut gossip = node_of(0, 3, 5);
        gossip.set(epoch(1));
        let mut highest = [(0, 0); 5];
        for (step, (message, from)) in messages.into_iter().enumerate() {
            let now = Mono(step as u64 * 500_000);
            let opened = matches!(message, Message::Open { .. });
            let answered = matches!(message, Message::Answer { .. });
            match gossip.on_message(host(from), message, now) {
                Some(Message::Answer { .. }) => prop_assert!(opened),
                Some(Message::Close { .. }) => prop_assert!(answered),
                Some(Message::Open { .. }) => prop_assert!(false, "nobody answers with an opening"),
                None => prop_assert!(!opened && !answered),
            }
            gossip.tick(now);
            gossip.poll(now);
            let Message::Open { digests, .. } = gossip.open() else { unreachable!() };
            prop_assert_eq!((digests[0].host, digests[0].generation), (host(0), 3));
            for digest in digests {
                let at = digest.host.0.as_u128() as usize - 1;
                let known = (digest.generation, digest.version);
                prop_assert!(known >= highest[at]);
                highest[at] = known;
            }
        }
        let answer = gossip.on_message(host(4), Message::Open { digests: vec![], whole: true }, Mono(0));
        let Some(Message::Answer { deltas, .. }) = answer else { unreachable!() };
        prop_assert_eq!(deltas[0].upto.host, host(0));
        prop_assert_eq!(deltas[0].facts.iter().map(|(fact, _)| *fact).collect::<Vec<_>>(), vec![epoch(1)]);
    }
}
