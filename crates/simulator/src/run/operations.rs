//! The operations of clients during the storm.

use crate::client::{Clients, is_moving};
use crate::history::OperationKind;
use crate::machine::{Life, Machine};
use crate::registers;
use crate::swap::has_far_swaps;
use henge_base::Random;
use henge_model::Consistency;
use std::sync::Arc;

/// Begins one operation of one client: on any register, mostly at QUORUM, through any running node; some clients hang
/// up early. In periodic mode only conditional operations, for others may be lost in a power cut.
pub(super) fn operate(clients: &Arc<Clients>, is_periodic: bool, random: &mut Random) {
    let lives: Vec<Life> = clients.cluster.machines.iter().filter_map(Machine::life).collect();
    let Some(life) = random.pick(&lives) else { return };
    if !life.node.is_member() || is_moving(life) {
        return;
    }
    if random.chance(1, 12) {
        return clients.change_schema(life, random);
    }
    match if is_periodic { 0 } else { random.below(23) } {
        0..4 if random.chance(1, 4) && has_far_swaps(life) => return clients.next_far_swap(life, random),
        0..4 => return clients.next_swap(life, random),
        4..8 => return clients.write_pair(life, random),
        8 | 9 => return clients.add_one(life, random),
        10 | 11 => return clients.write_lasting(life, random),
        12 => return clients.scan(random),
        _ => {}
    }
    let key = random.below(registers::ALL as u64) as i64;
    let consistency = if random.chance(1, 5) { Consistency::One } else { Consistency::Quorum };
    let kind = match random.below(20) {
        0..10 => OperationKind::Write((clients.stamp(random), random.below(1 << 40) as i64)),
        10..13 => OperationKind::Delete(clients.stamp(random)),
        13..16 if registers::is_shared(key) => find(clients, key, random).unwrap_or(OperationKind::Read(None)),
        _ => OperationKind::Read(None),
    };
    let patience = random.chance(1, 20).then(|| random.below(20_000));
    clients.run(life, key, kind, consistency, patience);
}

/// A query by one of the last values written to a register; `None` if it has too few.
fn find(clients: &Clients, key: i64, random: &mut Random) -> Option<OperationKind> {
    let back = random.below(3) as usize;
    clients.history.lock().written_versions(key).nth(back).map(OperationKind::Find)
}
