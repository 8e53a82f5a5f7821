//! The place where a hint belongs.

use crate::cluster::view::View;
use henge_base::HostId;
use henge_metadata::PlanStep;
use henge_model::{Key, Mutation, StorageId};

/// The place of a hint by the placement of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Its target.
    Target,
    /// Other replicas: its target left the cluster, or holds the range no more, or is read no more and about to lose it.
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
        let Some(range) = placed.placement.replicas(token) else { return Destination::Target };
        let loses = !range.read.contains(target) && readers_have_changed(view);
        match is_member && range.write.contains(target) {
            true if !loses => Destination::Target,
            // Those that are read have copied the range from it before, perhaps.
            true => Destination::Moved(range.read.to_vec()),
            false if !range.write.is_empty() => Destination::Moved(range.write.to_vec()),
            false => Destination::Target,
        }
    }
}

/// True if a plan is under way whose new replicas are read: those that only take writes are about to lose their ranges, and not to gain them.
fn readers_have_changed(view: &View) -> bool {
    view.state.plan.as_ref().is_some_and(|plan| plan.step == PlanStep::Reading)
}

/// The replicas that are about to own the range of a mutation that `target`, which is read, missed: they may have copied the range from it
/// before. None if it is about to own the range itself: it is owed what it misses since then. None either once they are read: those
/// beside them are about to lose the range.
pub(super) fn pending(view: &View, target: HostId, mutation: &Mutation) -> Vec<HostId> {
    if readers_have_changed(view) {
        return Vec::new();
    }
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
