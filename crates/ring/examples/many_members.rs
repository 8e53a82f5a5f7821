//! The placements of a large cluster: their size in an entry of the metadata log and in memory, and the times to load
//! them, to look a token up, and to place a member that joins.
//!
//! `cargo run --release -p henge-ring --example many_members`

// A measurement reads the clock.
#![allow(clippy::disallowed_methods)]

use henge_base::{HostId, Random};
use henge_model::{Replication, Token};
use henge_ring::{Member, MemberIds, Placement, PlacementChange, Ring};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

const MEMBERS: usize = 1_000;
const TOKENS: usize = 16;
const SETTINGS: usize = 10;
const LOOK_UPS: u32 = 1_000_000;

fn member(random: &mut Random, number: usize) -> Member {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 7000));
    let tokens = (0..TOKENS).map(|_| Token(random.next_u64() as i64)).collect();
    let (datacenter, rack) = ("dc1".to_owned(), format!("rack{}", number % 3));
    Member { id: HostId::random(random), datacenter, rack, address, rpc_address: address, tokens }
}

fn encode(change: &PlacementChange) -> Vec<u8> {
    rmp_serde::to_vec_named(change).expect("a change is made of plain structs")
}

/// Bytes of this process that are in memory.
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

/// Milliseconds since a moment.
fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// Loads a setting's placement, which shares its ends with that of another setting.
fn load(whole: &[u8], ids: &MemberIds, other: Option<&Placement>) -> Placement {
    let change: PlacementChange = rmp_serde::from_slice(whole).expect("it was encoded just now");
    let mut placement = Placement::default().apply(&change, ids).expect("it was made for these members");
    other.into_iter().for_each(|other| placement.share_ends(other));
    placement
}

/// Nanoseconds to look a token up, in the mean.
fn look_up(placement: &Placement, random: &mut Random) -> f64 {
    let tokens: Vec<Token> = (0..LOOK_UPS).map(|_| Token(random.next_u64() as i64)).collect();
    let began = Instant::now();
    let replicas: usize =
        tokens.iter().filter_map(|token| placement.replicas(*token)).map(|placed| placed.read.len()).sum();
    assert!(replicas > 0, "every token has replicas");
    ms(began) * 1e6 / f64::from(LOOK_UPS)
}

fn main() {
    let mut random = Random::new(1);
    let mut members: Vec<Member> = (0..MEMBERS).map(|number| member(&mut random, number)).collect();
    let setting = Replication::NetworkTopology { factors: [("dc1".to_owned(), 3)].into_iter().collect() };
    let new = Ring::new(&members).place(&setting);
    members.push(member(&mut random, MEMBERS));
    let ids: MemberIds = members.iter().map(|member| member.id).collect();
    let numbers: BTreeMap<HostId, u16> = ids.iter().enumerate().map(|(number, id)| (*id, number as u16)).collect();
    let number_of = |host: HostId| numbers.get(&host).copied();

    let whole = encode(&PlacementChange::between(&Placement::default(), &new, 1, number_of));
    let tokens = MEMBERS * TOKENS;
    println!("the first placement of a setting: {} bytes, {} a token", whole.len(), whole.len() / tokens);

    let (before, began) = (resident_bytes(), Instant::now());
    let mut loaded: Vec<Placement> = Vec::new();
    for _ in 0..SETTINGS {
        let placement = load(&whole, &ids, loaded.first());
        loaded.push(placement);
    }
    let (took, kib) = (ms(began), (resident_bytes() - before) / 1024);
    println!("{SETTINGS} settings: loaded in {took:.1} ms, {kib} KiB");
    println!("a look-up: {:.0} ns", look_up(&loaded[0], &mut random));

    let began = Instant::now();
    let larger = Ring::new(&members).place(&setting);
    let join = PlacementChange::between(&loaded[0], &larger, 2, number_of);
    let proposed = ms(began);
    let bytes = encode(&join).len();
    let began = Instant::now();
    let joined = loaded[0].apply(&join, &ids).expect("it was made for this placement");
    assert_eq!(joined.ranges().len(), tokens + TOKENS);
    println!(
        "a member joins: {} ranges, {bytes} bytes; proposed in {proposed:.1} ms, applied in {:.1} ms for each setting",
        join.len(),
        ms(began)
    );
}
