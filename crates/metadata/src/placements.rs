//! Placements by replication setting, and the numbers of members that they are made of.

use crate::{Change, whole_placements};
use henge_base::HostId;
use henge_model::Replication;
use henge_ring::{MemberIds, MemberNumber, Placement, PlacementChange, PlacementFault};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The replicas of each range, for each replication setting in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredPlacements", into = "StoredPlacements")]
pub struct Placements {
    /// The host ids of members by number, in the order in which they joined.
    ids: MemberIds,
    by_setting: BTreeMap<Replication, Arc<Placement>>,
}

/// The stored form. A list of pairs: a setting is no name, and maps of MessagePack go by names.
#[derive(Serialize, Deserialize)]
struct StoredPlacements {
    ids: Vec<HostId>,
    by_setting: Vec<(Replication, PlacementChange)>,
}

impl TryFrom<StoredPlacements> for Placements {
    type Error = PlacementFault;

    fn try_from(stored: StoredPlacements) -> Result<Self, PlacementFault> {
        let mut placements = Placements { ids: stored.ids.into(), by_setting: BTreeMap::new() };
        stored.by_setting.iter().try_for_each(|(setting, change)| placements.change(setting, change))?;
        Ok(placements)
    }
}

impl From<Placements> for StoredPlacements {
    fn from(placements: Placements) -> Self {
        let whole = |(setting, placement): (&Replication, &Arc<Placement>)| {
            (setting.clone(), PlacementChange::whole(placement))
        };
        let by_setting = placements.by_setting.iter().map(whole).collect();
        StoredPlacements { ids: placements.ids.to_vec(), by_setting }
    }
}

impl Placements {
    /// The placement of a setting that some keyspace has.
    pub fn get(&self, setting: &Replication) -> Option<&Arc<Placement>> {
        self.by_setting.get(setting)
    }

    /// True if these are the same objects as others, as they are in states that an entry left as they were.
    pub fn is_same(&self, other: &Placements) -> bool {
        let same = |(one, other): (&Arc<Placement>, &Arc<Placement>)| Arc::ptr_eq(one, other);
        self.by_setting.keys().eq(other.by_setting.keys())
            && self.by_setting.values().zip(other.by_setting.values()).all(same)
    }

    /// The host ids of members by number.
    pub(crate) fn member_ids(&self) -> MemberIds {
        Arc::clone(&self.ids)
    }

    /// The number of members that ever joined.
    pub(crate) fn join_count(&self) -> usize {
        self.ids.len()
    }

    /// The numbers of all that ever joined.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (HostId, MemberNumber)> {
        self.ids.iter().enumerate().map(|(number, id)| (*id, number as MemberNumber))
    }

    /// Gives a member that joins the next number.
    pub(crate) fn add_member(&mut self, id: HostId) {
        if !self.ids.contains(&id) {
            self.ids = self.ids.iter().copied().chain([id]).collect();
        }
    }

    /// Changes the placement of one setting.
    pub(crate) fn change(&mut self, setting: &Replication, change: &PlacementChange) -> Result<(), PlacementFault> {
        let before = self.by_setting.entry(setting.clone()).or_default();
        *before = Arc::new(before.apply(change, &self.ids)?);
        Ok(())
    }

    /// Drops the placement of a setting that no keyspace has any more.
    pub(crate) fn remove(&mut self, setting: &Replication) {
        self.by_setting.remove(setting);
    }

    /// The placements that an entry of the first format lists.
    pub(crate) fn with_whole(&self, whole: &whole_placements::WholePlacements) -> Placements {
        let placed = |(setting, placement): &(Replication, whole_placements::WholePlacement)| {
            (setting.clone(), Arc::new(placement.over(&self.ids)))
        };
        Placements { ids: Arc::clone(&self.ids), by_setting: whole.iter().map(placed).collect() }
    }

    /// The placements by setting.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Replication, &Arc<Placement>)> {
        self.by_setting.iter()
    }

    /// The changes that place these settings, and no others, in the entry `index`.
    pub(crate) fn changes(
        &self,
        place: impl Fn(&Replication) -> Placement,
        settings: Vec<Replication>,
        index: u64,
    ) -> Vec<Change> {
        let numbers: BTreeMap<HostId, MemberNumber> = self.numbers().collect();
        let unused = self.by_setting.keys().filter(|setting| settings.binary_search(setting).is_err());
        let mut changes: Vec<Change> = unused.cloned().map(Change::Unplaced).collect();
        for setting in settings {
            let before = self.by_setting.get(&setting);
            let none = Placement::default();
            let new = place(&setting);
            let old = before.map_or(&none, |placement| placement);
            let change = PlacementChange::between(old, &new, index, |host| numbers.get(&host).copied());
            if before.is_none() || !change.is_empty() {
                changes.push(Change::Placement { setting, change });
            }
        }
        changes
    }
}
