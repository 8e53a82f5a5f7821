//! The operations of clients during the storm.

use crate::client::{Clients, is_moving};
use crate::history::OperationKind;
use crate::levels;
use crate::machine::{Life, Machine};
use crate::plan::Workload;
use crate::registers;
use crate::swap::has_far_swaps;
use henge_base::Random;
use henge_model::Consistency;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Begins one operation of one client, of a sort that the workloads have: on any register, mostly at QUORUM, through any running node; some
/// clients hang up early.
pub(super) fn operate(clients: &Arc<Clients>, workloads: &BTreeSet<Workload>, random: &mut Random) {
    let lives: Vec<Life> = clients.cluster.machines.iter().filter_map(Machine::life).collect();
    let Some(life) = random.pick(&lives) else { return };
    if !life.node.is_member() || is_moving(life) {
        return;
    }
    match draw_workload(workloads, random) {
        Some(Workload::Registers) => operate_register(clients, life, random),
        Some(Workload::Swaps) if random.chance(1, 4) && has_far_swaps(life) => clients.next_far_swap(life, random),
        Some(Workload::Swaps) => clients.next_swap(life, random),
        Some(Workload::Pairs) => clients.write_pair(life, random),
        Some(Workload::Counters) => clients.add_one(life, random),
        Some(Workload::Lasting) => clients.write_lasting(life, random),
        Some(Workload::Scans) => clients.scan(random),
        Some(Workload::Schema) => clients.change_schema(life, random),
        Some(Workload::Wide) | None => {}
    }
}

/// One of the workloads, by their weights.
fn draw_workload(workloads: &BTreeSet<Workload>, random: &mut Random) -> Option<Workload> {
    let mut left = random.below(workloads.iter().map(|workload| workload.weight()).sum());
    workloads.iter().copied().find(|workload| {
        let is_it = left < workload.weight();
        left = left.saturating_sub(workload.weight());
        is_it
    })
}

fn operate_register(clients: &Arc<Clients>, life: &Life, random: &mut Random) {
    let key = random.below(registers::ALL as u64) as i64;
    let kind = match random.below(20) {
        0..10 => OperationKind::Write((clients.stamp(random), random.below(1 << 40) as i64)),
        10..13 => OperationKind::Delete(clients.stamp(random)),
        13..16 if registers::is_shared(key) => find(clients, key, random).unwrap_or(OperationKind::Read(None)),
        _ => OperationKind::Read(None),
    };
    let consistency = match random.chance(1, 5) {
        _ if registers::is_leveled(key) => levels::draw(matches!(kind, OperationKind::Read(_)), random),
        true => Consistency::One,
        false => Consistency::Quorum,
    };
    let patience = random.chance(1, 20).then(|| random.below(20_000));
    clients.run(life, key, kind, consistency, patience);
}

/// A query by one of the last values written to a register; `None` if it has too few.
fn find(clients: &Clients, key: i64, random: &mut Random) -> Option<OperationKind> {
    let back = random.below(3) as usize;
    clients.history.lock().written_versions(key).nth(back).map(OperationKind::Find)
}
