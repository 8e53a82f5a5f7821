//! Placements for replication settings that keyspaces come to use.

use crate::{Change, ClusterState};
use henge_model::{Keyspace, Replication};
use std::sync::Arc;

/// The changes that place the settings of these keyspaces that have no place yet, as if they had had one before a plan that is under way.
/// The others stay where they are.
pub(crate) fn place_new_keyspaces<'a>(
    state: &ClusterState,
    keyspaces: impl Iterator<Item = &'a Arc<Keyspace>>,
) -> Vec<Change> {
    let changes = place_keyspaces(state, keyspaces);
    let moves = |change: &Change| matches!(change, Change::Placement { setting, .. } if state.placements.get(setting).is_some());
    changes.into_iter().filter(|change| !moves(change)).collect()
}

/// The changes that place the settings of these keyspaces on the members there are; rows that they have are not moved.
pub(crate) fn place_keyspaces<'a>(
    state: &ClusterState,
    keyspaces: impl Iterator<Item = &'a Arc<Keyspace>>,
) -> Vec<Change> {
    let settings = settings(keyspaces);
    state.placements.changes(|setting| state.place_anew(setting), settings, state.epoch.index + 1)
}

/// The replication settings that need a placement of their own, with nothing in them that is not in the setting.
fn settings<'a>(keyspaces: impl Iterator<Item = &'a Arc<Keyspace>>) -> Vec<Replication> {
    let mut settings: Vec<Replication> = keyspaces.map(|k| k.replication.clone()).collect();
    settings.sort();
    settings.dedup();
    settings
}
