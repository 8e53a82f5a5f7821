//! The figures of a node that metrics sample.

use crate::coordinator::Parts;
use crate::ground::sampled_figures::NodeFigures;
use crate::ground::world::World;

/// Reads nothing but the free space from the disk.
pub(super) fn read<W: World>(parts: &Parts<W>, is_ready: bool) -> NodeFigures {
    let (context, replica) = (&parts.context, &parts.replica);
    let peers = replica.hinted_peers();
    let oldest = peers.iter().filter_map(|peer| replica.oldest_hint(*peer)).min();
    let age_us = oldest.map_or(0, |oldest| context.world.wall_us().saturating_sub(oldest));
    NodeFigures {
        ready: u64::from(is_ready),
        disk_free_bytes: context.world.free_bytes(),
        disk_reserve_bytes: context.options.disk_reserve,
        hints_pending: peers.iter().map(|peer| replica.hint_count(*peer)).sum(),
        hints_pending_bytes: replica.hint_total(),
        hints_oldest_age_seconds: u64::try_from(age_us / 1_000_000).unwrap_or_default(),
        repair_proven_age_seconds: context.repairs.proven_age_seconds(context.world.wall_us()),
        workers_failing: context.workers.failing(),
    }
}
