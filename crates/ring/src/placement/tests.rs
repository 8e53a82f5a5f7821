//! Look-ups and differences of small placements.

use super::*;
use henge_base::Random;

fn hosts() -> [HostId; 3] {
    let mut random = Random::new(1);
    std::array::from_fn(|_| HostId::random(&mut random))
}

/// Ranges by their last tokens, with the numbers of their members.
fn placement(ranges: &[(i64, &[u16])]) -> Placement {
    let ranges = ranges.iter().map(|(end, members)| (Token(*end), ReplicaSet::new(members, &[], 0)));
    Placement::new(hosts().into(), ranges)
}

#[test]
fn a_token_belongs_to_the_next_end_and_the_last_wraps() {
    let [a, b, c] = hosts();
    let placement = placement(&[(10, &[0]), (20, &[1]), (30, &[2])]);
    for (token, holder) in [(i64::MIN, a), (10, a), (11, b), (20, b), (21, c), (30, c), (31, a), (i64::MAX, a)] {
        let found = placement.replicas(Token(token)).and_then(|placed| placed.read.primary());
        assert_eq!(found, Some(holder), "{token}");
    }
    assert_eq!(Placement::default().replicas(Token(1)), None);
}

#[test]
fn ranges_over_some_tokens_are_those_that_hold_one_of_them() {
    let placement = placement(&[(10, &[0]), (20, &[1]), (30, &[2])]);
    let over = |start, end| {
        let tokens = TokenRange { start: Token(start), end: Token(end) };
        placement.ranges_over(tokens).map(|placed| placed.range.end.0).collect::<Vec<_>>()
    };
    for (start, end, ends) in [
        (11, 12, &[20][..]),
        (10, 20, &[20]),
        (9, 10, &[10]),
        (10, 21, &[20, 30]),
        (-50, -40, &[10]),
        (31, 40, &[10]),
        (20, 40, &[30, 10]),
        (-50, 40, &[10, 20, 30]),
        (i64::MIN, i64::MAX, &[10, 20, 30]),
        (5, 5, &[10, 20, 30]),
        (30, 10, &[10]),
        (25, 5, &[30, 10]),
        (25, 11, &[30, 10, 20]),
        (25, 24, &[30, 10, 20]),
    ] {
        assert_eq!(over(start, end), ends, "{start} {end}");
    }
    let tokens = TokenRange::FULL;
    assert_eq!(Placement::default().ranges_over(tokens).count(), 0);
    assert_eq!(Placement::on_one_host(hosts()[0]).ranges_over(tokens).count(), 1);
}

#[test]
fn one_node_holds_everything() {
    let [a, ..] = hosts();
    let placement = Placement::on_one_host(a);
    for token in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(placement.replicas(Token(token)).map(|placed| placed.write.to_vec()), Some(vec![a]));
    }
    assert!(placement.replicas(Token(i64::MIN)).unwrap().range.contains(Token(i64::MAX)));
}

#[test]
fn a_pending_replica_is_written_and_not_read() {
    let [a, b, c] = hosts();
    let set = ReplicaSet::new(&[0, 1], &[2], 9);
    let placement = Placement::new(hosts().into(), [(Token(5), set)]);
    let placed = placement.replicas(Token(1)).unwrap();
    assert_eq!((placed.read.to_vec(), placed.write.to_vec(), placed.since), (vec![a, b], vec![a, b, c], 9));
}

/// Three replicas in each of two datacentres, numbers 0 to 2 and 3 to 5; in the range, 6 and perhaps 7 take writes only, in the first.
fn with_pending(pending: &[u16]) -> (Vec<HostId>, Placement) {
    let mut random = Random::new(2);
    let hosts: Vec<HostId> = (0..8).map(|_| HostId::random(&mut random)).collect();
    let set = ReplicaSet::new(&[0, 1, 2, 3, 4, 5], pending, 9);
    (hosts.clone(), Placement::new(hosts.into(), [(Token(5), set)]))
}

#[test]
fn those_that_have_not_passed_make_no_quorum_of_before() {
    for (pending, left, of_all, by_datacenter) in [
        (&[6][..], &[0][..], true, true),
        (&[6], &[0, 1], true, false),
        // The new replica answers no reads, but may be one of the old ones of the step that follows.
        (&[6], &[0, 6], true, false),
        (&[6], &[3, 4], true, true),
        (&[6], &[0, 3, 4], true, true),
        (&[6], &[0, 3, 4, 5], false, false),
        (&[6, 7], &[0, 3, 4], true, true),
        // More than half of all eight have passed, and yet the others are a quorum of the six.
        (&[6, 7], &[2, 3, 4, 5], false, false),
    ] {
        let (hosts, placement) = with_pending(pending);
        let number = |host| hosts.iter().position(|other| *other == host).unwrap();
        let has_passed = |host| !left.contains(&u16::try_from(number(host)).unwrap());
        assert_eq!(placement.has_majorities(0, has_passed, None, |_| ()), of_all, "{pending:?} {left:?}");
        let datacenter = |host| matches!(number(host), 3..=5);
        assert_eq!(placement.has_majorities(0, has_passed, None, datacenter), by_datacenter, "{pending:?} {left:?}");
        assert!(placement.has_majorities(10, has_passed, None, datacenter), "nothing has changed since");
    }
}

#[test]
fn one_that_is_gone_for_good_is_not_waited_for() {
    let set = ReplicaSet::new(&[0], &[1], 9);
    let (hosts, placement) = (hosts(), Placement::new(hosts().into(), [(Token(5), set)]));
    let has_passed = |host| host == hosts[1];
    assert!(!placement.has_majorities(0, has_passed, None, |_| ()));
    assert!(placement.has_majorities(0, has_passed, Some(hosts[0]), |_| ()));
}

#[test]
fn a_set_is_stored_once() {
    let placement = placement(&[(10, &[0, 1]), (20, &[1, 0]), (30, &[0, 1])]);
    assert_eq!((placement.ranges().len(), placement.sets.len()), (3, 2));
}

#[test]
fn what_moves_is_what_a_node_did_not_hold() {
    let [a, _, c] = hosts();
    let old = placement(&[(10, &[0, 1]), (30, &[1, 0])]);
    let new = placement(&[(10, &[0, 1]), (20, &[2, 1]), (30, &[1, 2])]);
    let range = |start, end| TokenRange { start: Token(start), end: Token(end) };
    assert_eq!(Placement::ranges_to_fetch(&old, &new), vec![(range(10, 20), c), (range(20, 30), c)]);
    assert_eq!(Placement::ranges_to_fetch(&new, &old), vec![(range(10, 20), a), (range(20, 30), a)]);
    assert!(Placement::ranges_to_fetch(&old, &old).is_empty());
}

#[test]
fn from_nothing_everything_moves() {
    let [a, ..] = hosts();
    let whole = Placement::on_one_host(a);
    assert_eq!(Placement::ranges_to_fetch(&Placement::default(), &whole), vec![(TokenRange::FULL, a)]);
    assert!(Placement::ranges_to_fetch(&whole, &Placement::default()).is_empty());
    let cut = placement(&[(5, &[0])]);
    assert!(Placement::ranges_to_fetch(&whole, &cut).is_empty());
}
