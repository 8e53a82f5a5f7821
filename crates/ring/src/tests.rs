//! The strategies, checked against tables of directed cases and against properties of every ring.

use crate::{Member, MemberIds, Placement, PlacementChange, Ring, allocate_tokens, allocate_tokens_beside};
use henge_base::{HostId, Random};
use henge_model::{Replication, Token, TokenRange};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use uuid::Uuid;

mod recorded;

fn member(at: usize, datacenter: &str, rack: &str, tokens: Vec<Token>) -> Member {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 7000 + at as u16));
    let id = HostId(Uuid::from_u128(at as u128));
    Member { id, datacenter: datacenter.to_owned(), rack: rack.to_owned(), address, rpc_address: address, tokens }
}

/// Members named by letter from `a`, one per line: `datacenter/rack: tokens`.
fn members(table: &str) -> Vec<Member> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.enumerate().map(|(at, line)| member_of_line(at, line)).collect()
}

fn member_of_line(at: usize, line: &str) -> Member {
    let (place, tokens) = line.split_once(':').unwrap();
    let (datacenter, rack) = place.split_once('/').unwrap();
    let tokens = tokens.split_whitespace().map(|token| Token(token.parse().unwrap())).collect();
    member(at, datacenter, rack, tokens)
}

fn simple(factor: u32) -> Replication {
    Replication::Simple { factor }
}

fn topology(factors: &[(&str, u32)]) -> Replication {
    Replication::NetworkTopology { factors: factors.iter().map(|(dc, factor)| ((*dc).to_owned(), *factor)).collect() }
}

/// Prints a placement as `end:letters` for each range.
fn format_placement(placement: &Placement) -> String {
    let letter = |id: HostId| char::from(b'a' + id.0.as_u128() as u8);
    let ranges = placement.ranges().map(|placed| {
        assert_eq!(placed.read, placed.write);
        format!("{}:{}", placed.range.end, placed.read.iter().map(letter).collect::<String>())
    });
    ranges.collect::<Vec<_>>().join(" ")
}

fn check(table: &str, cases: &[(Replication, &str)]) {
    let ring = Ring::new(&members(table));
    for (replication, expected) in cases {
        assert_eq!(format_placement(&ring.place(replication)), *expected, "{replication:?} of {table}");
    }
}

#[test]
fn simple_takes_the_next_nodes_round_the_ring() {
    check(
        "one/r1: 0 40
         one/r1: 10 20
         one/r1: 30",
        &[
            (simple(1), "0:a 10:b 20:b 30:c 40:a"),
            (simple(2), "0:ab 10:bc 20:bc 30:ca 40:ab"),
            (simple(3), "0:abc 10:bca 20:bca 30:cab 40:abc"),
            (simple(9), "0:abc 10:bca 20:bca 30:cab 40:abc"),
        ],
    );
}

#[test]
fn simple_ignores_where_nodes_stand() {
    let table = "one/r1: 0
                 two/r1: 10
                 one/r2: 20";
    check(table, &[(simple(2), "0:ab 10:bc 20:ca")]);
}

#[test]
fn one_rack_is_a_walk_round_the_datacenter() {
    check(
        "one/r1: 0
         one/r1: 10
         one/r1: 20
         one/r1: 30",
        &[
            (topology(&[("one", 1)]), "0:a 10:b 20:c 30:d"),
            (topology(&[("one", 3)]), "0:abc 10:bcd 20:cda 30:dab"),
            (topology(&[("one", 7)]), "0:abcd 10:bcda 20:cdab 30:dabc"),
        ],
    );
}

#[test]
fn each_rack_has_one_before_any_has_two() {
    check(
        "one/r1: 0
         one/r1: 10
         one/r2: 20
         one/r2: 30
         one/r3: 40
         one/r3: 50",
        &[
            (topology(&[("one", 2)]), "0:ac 10:bc 20:ce 30:de 40:ea 50:fa"),
            (topology(&[("one", 3)]), "0:ace 10:bce 20:cea 30:dea 40:eac 50:fac"),
        ],
    );
}

/// A repeat is taken when it is met, before later racks; no member is put aside until the end.
#[test]
fn more_copies_than_racks_fill_up_with_the_first_met() {
    let table = "one/r1: 0
                 one/r1: 10
                 one/r1: 20
                 one/r2: 30
                 one/r2: 40";
    check(
        table,
        &[
            (topology(&[("one", 2)]), "0:ad 10:bd 20:cd 30:da 40:ea"),
            (topology(&[("one", 3)]), "0:abd 10:bcd 20:cde 30:dea 40:eab"),
            (topology(&[("one", 4)]), "0:abcd 10:bcde 20:cdea 30:deab 40:eabc"),
            (topology(&[("one", 5)]), "0:abcde 10:bcdea 20:cdeab 30:deabc 40:eabcd"),
            (topology(&[("one", 8)]), "0:abcde 10:bcdea 20:cdeab 30:deabc 40:eabcd"),
        ],
    );
}

#[test]
fn a_rack_of_one_node_is_in_every_range() {
    check(
        "one/r1: 0
         one/r1: 10
         one/r1: 20
         one/r2: 30",
        &[(topology(&[("one", 2)]), "0:ad 10:bd 20:cd 30:da")],
    );
}

#[test]
fn datacenters_are_filled_in_one_walk_and_racks_of_one_name_are_two() {
    check(
        "one/r1: 0
         two/r1: 1
         one/r1: 10
         two/r1: 11
         one/r2: 20
         two/r2: 21",
        &[
            (topology(&[("one", 1), ("two", 1)]), "0:ab 1:bc 10:cd 11:de 20:ef 21:fa"),
            (topology(&[("one", 2), ("two", 1)]), "0:abe 1:bce 10:cde 11:dea 20:efa 21:fae"),
            (topology(&[("one", 2), ("two", 2)]), "0:abef 1:bcef 10:cdef 11:defa 20:efab 21:fabe"),
            (topology(&[("two", 2)]), "0:bf 1:bf 10:df 11:df 20:fb 21:fb"),
            (topology(&[("one", 1), ("three", 3)]), "0:a 1:c 10:c 11:e 20:e 21:a"),
            (topology(&[("three", 3)]), "0: 1: 10: 11: 20: 21:"),
            (topology(&[]), "0: 1: 10: 11: 20: 21:"),
        ],
    );
}

#[test]
fn members_without_tokens_take_no_part() {
    check(
        "one/r1: 0
         one/r2:
         one/r1: 10",
        &[(topology(&[("one", 2)]), "0:ac 10:ca"), (topology(&[("one", 3)]), "0:ac 10:ca"), (simple(3), "0:ac 10:ca")],
    );
}

#[test]
fn one_token_is_the_whole_ring() {
    let placement = Ring::new(&members("one/r1: 5")).place(&topology(&[("one", 3)]));
    assert_eq!(format_placement(&placement), "5:a");
    let only = placement.replicas(Token(0)).unwrap().range;
    assert_eq!(only, TokenRange { start: Token(5), end: Token(5) });
    assert!(only.contains(Token(5)) && only.contains(Token(6)));
}

#[test]
fn nobody_and_local_have_no_ranges() {
    assert_eq!(Ring::new(&[]).place(&simple(3)), Placement::default());
    assert_eq!(Ring::new(&members("one/r1: 5")).place(&Replication::Local), Placement::default());
}

#[test]
fn a_token_claimed_twice_is_the_lower_id_s() {
    check("one/r1: 0 10\none/r1: 10 20", &[(simple(1), "0:a 10:a 20:b")]);
}

/// Strategy for a ring of up to 12 members in up to 2 datacentres of up to 4 racks.
fn rings() -> impl Strategy<Value = Vec<Member>> {
    let places = proptest::collection::vec((0..2u8, 0..4u8, 1..6usize), 1..12);
    (places, any::<u64>()).prop_map(|(places, seed)| {
        let mut random = Random::new(seed);
        let mut taken = BTreeSet::new();
        let mut fresh = || loop {
            let token = Token(random.next_u64() as i64 >> 55);
            if taken.insert(token) {
                return token;
            }
        };
        let members = places.into_iter().enumerate().map(|(at, (datacenter, rack, count))| {
            let tokens = (0..count).map(|_| fresh()).collect();
            member(at, &format!("dc{datacenter}"), &format!("r{rack}"), tokens)
        });
        members.collect()
    })
}

fn assert_covers_once(placement: &Placement) {
    let ranges: Vec<_> = placement.ranges().collect();
    assert!(ranges.windows(2).all(|two| two[0].range.end < two[1].range.end));
    assert!(ranges.windows(2).all(|two| two[0].range.end == two[1].range.start));
    assert_eq!(ranges.first().map(|first| first.range.start), ranges.last().map(|last| last.range.end));
}

/// The number of replicas of one range by datacentre and rack.
fn racks_of<'a>(members: &'a [Member], hosts: &[HostId]) -> BTreeMap<&'a str, BTreeMap<&'a str, usize>> {
    let mut racks: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for host in hosts {
        let member = members.iter().find(|member| member.id == *host).unwrap();
        *racks.entry(&member.datacenter).or_default().entry(&member.rack).or_default() += 1;
    }
    racks
}

proptest! {
    #[test]
    fn every_range_has_its_copies_spread_over_racks(members in rings(), one in 0..6u32, two in 0..6u32) {
        let placement = Ring::new(&members).place(&topology(&[("dc0", one), ("dc1", two)]));
        assert_covers_once(&placement);
        let hosts: Vec<HostId> = members.iter().map(|member| member.id).collect();
        let all = racks_of(&members, &hosts);
        for placed in placement.ranges() {
            let distinct: BTreeSet<_> = placed.read.iter().collect();
            prop_assert_eq!(distinct.len(), placed.read.len());
            let chosen = racks_of(&members, &placed.read.to_vec());
            for (datacenter, factor) in [("dc0", one as usize), ("dc1", two as usize)] {
                let Some(racks) = all.get(datacenter) else { continue };
                let chosen = chosen.get(datacenter).cloned().unwrap_or_default();
                prop_assert_eq!(chosen.values().sum::<usize>(), factor.min(racks.values().sum()));
                prop_assert_eq!(chosen.len(), factor.min(racks.len()));
            }
        }
    }

    #[test]
    fn simple_has_its_copies_and_starts_at_the_owner(members in rings(), factor in 1..6u32) {
        let placement = Ring::new(&members).place(&simple(factor));
        assert_covers_once(&placement);
        for placed in placement.ranges() {
            let distinct: BTreeSet<_> = placed.read.iter().collect();
            prop_assert_eq!(distinct.len(), (factor as usize).min(members.len()));
            let owner = members.iter().find(|member| member.tokens.contains(&placed.range.end)).unwrap();
            prop_assert_eq!(placed.read.primary(), Some(owner.id));
        }
    }

    #[test]
    fn looking_up_agrees_with_containing(members in rings(), token in -300..300i64) {
        let placement = Ring::new(&members).place(&simple(2));
        let holding: Vec<_> = placement.ranges().filter(|placed| placed.range.contains(Token(token))).collect();
        prop_assert_eq!(holding, placement.replicas(Token(token)).into_iter().collect::<Vec<_>>());
    }

    /// The nodes moved at a token are exactly those that are writers now and were not before.
    #[test]
    fn moved_is_the_difference(members in rings(), factor in 1..4u32, token in -300..300i64) {
        let old = Ring::new(&members[..members.len() - 1]).place(&simple(factor));
        let new = Ring::new(&members).place(&simple(factor));
        let moved = Placement::ranges_to_fetch(&old, &new);
        let token = Token(token);
        let moved: BTreeSet<_> =
            moved.iter().filter(|(range, _)| range.contains(token)).map(|(_, host)| *host).collect();
        let holders = |of: &Placement| -> BTreeSet<HostId> {
            of.replicas(token).into_iter().flat_map(|placed| placed.write.to_vec()).collect()
        };
        prop_assert_eq!(moved, &holders(&new) - &holders(&old));
    }

    /// A change leads to the new replicas, and a token is held since the entry that last changed its replicas.
    #[test]
    fn a_change_leads_to_the_new_placement(members in rings(), factor in 1..4u32, seed: u64, token in -300..300i64) {
        let ids: MemberIds = members.iter().map(|member| member.id).collect();
        let number_of = |host| ids.iter().position(|id| *id == host).map(|at| at as u16);
        let (mut random, mut placement) = (Random::new(seed), Placement::default());
        let (mut held, mut since) = (Vec::new(), 0);
        for index in 1..8 {
            let some: Vec<Member> = members.iter().filter(|_| random.below(3) > 0).cloned().collect();
            let new = Ring::new(&some).place(&simple(factor));
            let change = PlacementChange::between(&placement, &new, index, number_of);
            placement = placement.apply(&change, &ids).unwrap();
            let hosts = |of: &Placement| of.ranges().map(|r| (r.range, r.read.to_vec())).collect::<Vec<_>>();
            prop_assert_eq!(hosts(&placement), hosts(&new));
            let placed = placement.replicas(Token(token));
            let now = placed.map_or(Vec::new(), |placed| placed.read.to_vec());
            if now != held {
                (held, since) = (now, index);
            }
            prop_assert!(placed.is_none_or(|placed| placed.since >= since), "{placed:?} is held since {since}");
        }
    }

    #[test]
    fn new_tokens_are_nobody_else_s(members in rings(), seed: u64, count in 0..40u32) {
        let (beside, others) = members.split_at(members.len() / 2);
        let tokens = allocate_tokens_beside(&mut Random::new(seed), beside, others, count);
        let distinct: BTreeSet<_> = tokens.iter().copied().collect();
        prop_assert_eq!(distinct.len(), count as usize);
        prop_assert!(!distinct.contains(&Token::MIN));
        prop_assert!(members.iter().all(|member| member.tokens.iter().all(|token| !distinct.contains(token))));
    }
}

/// Each member's share of the ring.
fn shares(members: &[Member]) -> Vec<f64> {
    let placement = Ring::new(members).place(&simple(1));
    let share = |member: &Member| {
        let own = placement.ranges().filter(|placed| placed.read.to_vec() == [member.id]);
        own.map(|placed| placed.range.end.0.wrapping_sub(placed.range.start.0) as u64 as f64).sum::<f64>()
            / 2f64.powi(64)
    };
    members.iter().map(share).collect()
}

#[test]
fn joining_one_by_one_keeps_shares_near_each_other() {
    for (seed, count) in [(1, 1), (2, 4), (3, 16), (4, 256)] {
        let mut random = Random::new(seed);
        let mut cluster: Vec<Member> = Vec::new();
        for at in 0..12 {
            let tokens = allocate_tokens(&mut random, &cluster, count);
            cluster.push(member(at, "one", "r1", tokens));
            let shares: Vec<f64> = shares(&cluster).into_iter().map(|share| share * (at + 1) as f64).collect();
            let worst = shares.iter().fold(1f64, |worst, share| worst.max(*share));
            let limit = if count == 1 {
                2.1
            } else if count == 4 {
                1.3
            } else {
                1.1
            };
            assert!(count == 1 && at == 0 || worst < limit, "{count} tokens, {at}: {shares:?}");
        }
    }
}

#[test]
fn shares_follow_token_counts() {
    let mut random = Random::new(5);
    let mut cluster = vec![member(0, "one", "r1", allocate_tokens(&mut random, &[], 16))];
    let tokens = allocate_tokens(&mut random, &cluster, 32);
    cluster.push(member(1, "one", "r1", tokens));
    let shares = shares(&cluster);
    assert!((shares[1] - 2.0 / 3.0).abs() < 0.05, "{shares:?}");
}
