//! A level's answers for one token, as things stand: for those who ask before they ask the replicas.

use crate::plan::{WritePlan, required_answers};
use crate::required::Shortage;
use crate::{KeyspacePlacement, Replicas};
use henge_base::HostId;
use henge_model::{Consistency, Token};

/// The replicas of a token, and the answers that a level needs of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelCheck {
    /// The replicas, and true for each that is up.
    pub replicas: Vec<(HostId, bool)>,
    /// The answers that the level needs.
    pub required: u32,
    /// The answers that a group of replicas lacks, and those of it that are up; `None` if the level can be met now.
    pub shortage: Option<(u32, u32)>,
}

/// The replicas that a read of a token may ask, and the answers that it needs. At a serial level, the voters of its round of Paxos.
pub fn check_read_level<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    token: Token,
    consistency: Consistency,
) -> LevelCheck {
    if consistency.is_serial() {
        return check_write_level(replicas, placed, token, consistency);
    }
    let required = required_answers(replicas, placed, consistency);
    let hosts = placed.placement.replicas(token).map(|range| range.read);
    let of_range: Vec<(HostId, bool)> =
        hosts.iter().flat_map(|hosts| hosts.iter()).map(|host| (host, replicas.alive(host))).collect();
    let alive = of_range.iter().filter(|(_, alive)| *alive);
    let shortage = required.check(alive.filter_map(|(host, _)| required.group_of(|| replicas.datacenter(*host)))).err();
    LevelCheck { replicas: of_range, required: required.block_for(), shortage: shortage.map(pair) }
}

/// The replicas that a write of a token goes to, and the acknowledgements that it needs; at a serial level, the voters of its round.
pub fn check_write_level<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    token: Token,
    consistency: Consistency,
) -> LevelCheck {
    let level = match consistency {
        Consistency::Serial => Consistency::Quorum,
        Consistency::LocalSerial => Consistency::LocalQuorum,
        level => level,
    };
    let plan = WritePlan::without_check(replicas, placed, token, level);
    LevelCheck {
        replicas: plan.targets.iter().map(|target| (target.host, target.alive)).collect(),
        required: plan.required.block_for(),
        shortage: WritePlan::new(replicas, placed, token, level).err().map(pair),
    }
}

fn pair(Shortage { required, alive }: Shortage) -> (u32, u32) {
    (required, alive)
}
