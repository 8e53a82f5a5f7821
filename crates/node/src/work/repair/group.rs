//! The ranges of a table that are compared together.

use crate::cluster::view::View;
use crate::ground::world::World;
use crate::peers::messages::repair::FloorNote;
use crate::replica::LocalReplica;
use henge_base::{HostId, Micros};
use henge_metadata::Epoch;
use henge_model::{Table, TokenRange};
use henge_ring::Placement;
use henge_storage::{Proven, SettledBallots};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ranges that a node compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those whose first replica it is.
    Led,
    /// All that it holds.
    Held,
}

/// Ranges of a table with the same replicas and the same floor.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) table: Arc<Table>,
    /// The epoch of the placement.
    pub(super) epoch: Epoch,
    /// All replicas, none of them pending.
    pub(super) replicas: Vec<HostId>,
    /// Ascending, disjoint, cut where they wrap.
    pub(super) ranges: Vec<TokenRange>,
    /// The floor that this node knows; `None` if it knows none.
    pub(super) floor: Option<FloorNote>,
    /// The time until which all of it is proven; 0 if any part is not.
    pub(super) proven: Micros,
    /// The time before which ballots are settled in all of it; 0 if they are not in any part.
    pub(super) settled: Micros,
}

/// The groups of a table that this node compares. Ranges on the move, and those of one copy, are in none.
pub(super) fn groups<W: World>(
    view: &View,
    replica: &LocalReplica<W>,
    local: HostId,
    table: &Arc<Table>,
    scope: Scope,
) -> Vec<Group> {
    let Some(placed) = view.keyspace_placement(&table.keyspace) else { return Vec::new() };
    let mut groups: BTreeMap<(Vec<HostId>, Option<FloorNote>), Group> = BTreeMap::new();
    for range in placed.placement.ranges() {
        let is_asked = match scope {
            Scope::Led => range.read.primary() == Some(local),
            Scope::Held => range.read.contains(local),
        };
        if !is_asked || range.read.len() < 2 || range.read.len() != range.write.len() {
            continue;
        }
        let mut replicas = range.read.to_vec();
        replicas.sort();
        for (piece, proven) in range.range.split_at_wrap().flat_map(|r| replica.proven_pieces(table.storage_id, r)) {
            let floor = (proven.floor.before > i64::MIN).then_some(FloorNote {
                before: proven.floor.before,
                counts_from: proven.floor.counts_from,
                epoch: proven.floor.epoch,
            });
            // What was proven under an older epoch, of other replicas, is proven of these no more.
            let is_valid = view.is_unchanged_since(epoch_of(proven.epoch), &placed.placement, piece);
            let settled = settled_before(view, &placed.placement, piece, &proven);
            let proven = if is_valid { proven.until } else { 0 };
            let new = || Group {
                table: Arc::clone(table),
                epoch: view.epoch(),
                replicas: replicas.clone(),
                ranges: Vec::new(),
                floor,
                proven,
                settled,
            };
            let group = groups.entry((replicas.clone(), floor)).or_insert_with(new);
            group.ranges.push(piece);
            group.proven = group.proven.min(proven);
            group.settled = group.settled.min(settled);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| join_neighbours(&mut group.ranges));
    groups
}

/// The time before which the ballots of a piece of a range are settled, if it has had the same replicas since; 0 if none are known to be.
pub(crate) fn settled_before(view: &View, placement: &Placement, piece: TokenRange, proven: &Proven) -> Micros {
    let SettledBallots { before, epoch } = proven.settled;
    if view.is_unchanged_since(epoch_of(epoch), placement, piece) { before } else { 0 }
}

/// Sorts ranges, and makes one of those that meet.
fn join_neighbours(ranges: &mut Vec<TokenRange>) {
    ranges.sort();
    ranges.dedup_by(|next, before| {
        let meets = before.end == next.start;
        if meets {
            before.end = next.end;
        }
        meets
    });
}

/// An epoch as it is kept on disk.
pub(crate) fn epoch_of((lineage, index): (u32, u64)) -> Epoch {
    Epoch { lineage, index }
}
