//! The place where a hint belongs.

use crate::cluster::view::View;
use henge_base::HostId;
use henge_model::{Key, Mutation, StorageId};

/// The place of a hint by the placement of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Its target.
    Target,
    /// Other replicas: its target left the cluster, or holds the range no more.
    Moved(Vec<HostId>),
    /// Nowhere: its target left the cluster, and its table is gone.
    Nowhere,
}

impl Destination {
    /// The place of a mutation that `target` missed. A member is sent what it missed of a table that is unknown here: it says if the
    /// table is gone.
    pub(super) fn of(view: &View, target: HostId, mutation: &Mutation) -> Destination {
        let is_member = view.state.members.contains_key(&target);
        let key = mutation.rows.first().map(|(key, _)| key);
        let place = key.and_then(|key| Key::storage_id(key).zip(Key::token(key)));
        let placed = place.and_then(|(storage, token)| Some((view.placed_of(storage)?, token)));
        let Some((placed, token)) = placed else {
            return if is_member { Destination::Target } else { Destination::Nowhere };
        };
        match placed.placement.replicas(token).map(|range| range.write) {
            Some(writers) if is_member && writers.contains(target) => Destination::Target,
            Some(writers) if !writers.is_empty() => Destination::Moved(writers.to_vec()),
            _ => Destination::Target,
        }
    }
}

/// The replicas that are about to own the range of a mutation that `target`, which is read, missed: they may have copied the range from it
/// before. None if it is about to own the range itself: it is owed what it misses since then.
pub(super) fn pending(view: &View, target: HostId, mutation: &Mutation) -> Vec<HostId> {
    let key = mutation.rows.first().map(|(key, _)| key);
    let place = key.and_then(|key| Key::storage_id(key).zip(Key::token(key)));
    let placed = place.and_then(|(storage, token)| view.placed_of(storage)?.placement.replicas(token));
    let Some(range) = placed.filter(|range| range.read.contains(target)) else { return Vec::new() };
    range.write.iter().filter(|host| !range.read.contains(*host)).collect()
}

/// The table of a mutation.
pub(super) fn table(mutation: &Mutation) -> Option<StorageId> {
    mutation.rows.first().and_then(|(key, _)| Key::storage_id(key))
}
