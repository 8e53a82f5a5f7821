//! The placements of a large cluster: their size in an entry of the metadata log and in memory, and the time to load
//! them.
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

fn main() {
    let mut random = Random::new(1);
    let mut members: Vec<Member> = (0..MEMBERS).map(|number| member(&mut random, number)).collect();
    let setting = Replication::NetworkTopology { factors: [("dc1".to_owned(), 3)].into_iter().collect() };
    let new = Ring::new(&members).place(&setting);
    members.push(member(&mut random, MEMBERS));
    let larger = Ring::new(&members).place(&setting);
    let ids: MemberIds = members.iter().map(|member| member.id).collect();
    let numbers: BTreeMap<HostId, u16> = ids.iter().enumerate().map(|(number, id)| (*id, number as u16)).collect();
    let number_of = |host: HostId| numbers.get(&host).copied();

    let whole = encode(&PlacementChange::between(&Placement::default(), &new, 1, number_of));
    let tokens = MEMBERS * TOKENS;
    println!("the first placement of a setting: {} bytes, {} a token", whole.len(), whole.len() / tokens);

    let (before, began) = (resident_bytes(), Instant::now());
    let load = |_| {
        let change: PlacementChange = rmp_serde::from_slice(&whole).expect("it was encoded just now");
        Placement::default().apply(&change, &ids).expect("it was made for these members")
    };
    let loaded: Vec<Placement> = (0..SETTINGS).map(load).collect();
    let kib = (resident_bytes() - before) / 1024;
    println!("{SETTINGS} settings: loaded in {} ms, {kib} KiB", began.elapsed().as_millis());

    let join = PlacementChange::between(&loaded[0], &larger, 2, number_of);
    println!("a member joins: {} ranges, {} bytes", join.len(), encode(&join).len());
}
