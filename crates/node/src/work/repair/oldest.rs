//! The range whose replicas were proven equal longest ago.

use super::group::{Scope, groups};
use crate::coordinator::Parts;
use crate::ground::world::World;
use henge_operator::OldestProof;

/// The range that was proven equal on its replicas longest ago, of those that this node holds; `None` if it shares none.
pub(crate) fn oldest_proof<W: World>(parts: &Parts<W>) -> Option<OldestProof> {
    let (context, view) = (&parts.context, parts.cluster.view());
    let now = context.now();
    let started = now.wall.saturating_sub(now.mono.0 as i64);
    let tables = view.state.schema.tables();
    let groups = tables.flat_map(|table| groups(&view, &parts.replica, context.host(), table, Scope::Held));
    let (table, proven) = groups.map(|group| (group.table, group.proven)).min_by_key(|(_, proven)| *proven)?;
    let age_us = now.wall.saturating_sub(proven.max(started)).max(0);
    Some(OldestProof {
        keyspace: table.keyspace.clone(),
        table: table.name.clone(),
        age_seconds: age_us.cast_unsigned() / 1_000_000,
        last_error: context.repairs.status(table.storage_id).last_error,
    })
}
