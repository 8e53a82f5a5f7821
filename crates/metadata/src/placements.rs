//! Placements by replication setting, and the numbers of members that they are made of.

use crate::{Change, whole_placements};
use henge_base::HostId;
use henge_model::{Keyspace, Replication};
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
    /// The keyspace on its way to another setting, with the replicas that its ranges have meanwhile.
    in_transit: Option<(String, Arc<Placement>)>,
}

/// The stored form. A list of pairs: a setting is no name, and maps of MessagePack go by names.
#[derive(Serialize, Deserialize)]
struct StoredPlacements {
    ids: Vec<HostId>,
    by_setting: Vec<(Replication, PlacementChange)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_transit: Option<(String, PlacementChange)>,
}

impl TryFrom<StoredPlacements> for Placements {
    type Error = PlacementFault;

    fn try_from(stored: StoredPlacements) -> Result<Self, PlacementFault> {
        let mut placements = Placements { ids: stored.ids.into(), ..Placements::default() };
        stored.by_setting.iter().try_for_each(|(setting, change)| placements.change(setting, change))?;
        stored.in_transit.iter().try_for_each(|(keyspace, change)| placements.change_transit(keyspace, change))?;
        Ok(placements)
    }
}

impl From<Placements> for StoredPlacements {
    fn from(placements: Placements) -> Self {
        let whole = |(setting, placement): (&Replication, &Arc<Placement>)| {
            (setting.clone(), PlacementChange::whole(placement))
        };
        let by_setting = placements.by_setting.iter().map(whole).collect();
        let whole = |(keyspace, placement): (String, Arc<Placement>)| (keyspace, PlacementChange::whole(&placement));
        StoredPlacements { ids: placements.ids.to_vec(), by_setting, in_transit: placements.in_transit.map(whole) }
    }
}

impl Placements {
    /// The placement of a setting that some keyspace has.
    pub fn get(&self, setting: &Replication) -> Option<&Arc<Placement>> {
        self.by_setting.get(setting)
    }

    /// The keyspace on its way to another setting, and its ranges.
    pub(crate) fn in_transit(&self) -> Option<(&str, &Arc<Placement>)> {
        self.in_transit.as_ref().map(|(keyspace, placement)| (keyspace.as_str(), placement))
    }

    /// The placement of a keyspace: that of its setting, unless it is on its way there.
    pub(crate) fn of_keyspace(&self, keyspace: &Keyspace) -> Option<&Arc<Placement>> {
        match &self.in_transit {
            Some((moving, placement)) if *moving == keyspace.name => Some(placement),
            _ => self.get(&keyspace.replication),
        }
    }

    /// True if these are the same objects as others, as they are in states that an entry left as they were.
    pub fn is_same(&self, other: &Placements) -> bool {
        let same = |(one, other): (&Arc<Placement>, &Arc<Placement>)| Arc::ptr_eq(one, other);
        self.by_setting.keys().eq(other.by_setting.keys())
            && self.by_setting.values().zip(other.by_setting.values()).all(same)
            && self.in_transit.is_some() == other.in_transit.is_some()
            && self.in_transit.iter().zip(&other.in_transit).all(|(one, other)| Arc::ptr_eq(&one.1, &other.1))
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
        let after = match self.by_setting.get(setting) {
            Some(before) => before.apply(change, &self.ids)?,
            None => Placement::default().apply(change, &self.ids)?,
        };
        self.by_setting.insert(setting.clone(), Arc::new(self.with_shared_ends(after)));
        Ok(())
    }

    /// Changes the ranges of the keyspace in transit, which begins its way with the first change.
    pub(crate) fn change_transit(&mut self, keyspace: &str, change: &PlacementChange) -> Result<(), PlacementFault> {
        let before = self.in_transit.take().map(|(_, placement)| placement).unwrap_or_default();
        let after = before.apply(change, &self.ids)?;
        self.in_transit = Some((keyspace.to_owned(), Arc::new(self.with_shared_ends(after))));
        Ok(())
    }

    /// The placement, which holds its ends together with any other that has the same.
    fn with_shared_ends(&self, mut placement: Placement) -> Placement {
        self.by_setting.values().for_each(|other| placement.share_ends(other));
        placement
    }

    /// No keyspace is in transit any more.
    pub(crate) fn end_transit(&mut self) {
        self.in_transit = None;
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
        Placements { ids: Arc::clone(&self.ids), by_setting: whole.iter().map(placed).collect(), in_transit: None }
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
