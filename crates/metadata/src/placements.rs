//! Placements by replication setting. Serialised as a list of pairs: a setting is no name, and maps of MessagePack go by names.

use henge_model::Replication;
use henge_ring::{Member, Placement, Ring};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The replicas of each range, for each replication setting in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Replication, Arc<Placement>)>", into = "Vec<(Replication, Arc<Placement>)>")]
pub struct Placements {
    by_setting: BTreeMap<Replication, Arc<Placement>>,
}

impl From<Vec<(Replication, Arc<Placement>)>> for Placements {
    fn from(pairs: Vec<(Replication, Arc<Placement>)>) -> Self {
        Placements { by_setting: pairs.into_iter().collect() }
    }
}

impl From<Placements> for Vec<(Replication, Arc<Placement>)> {
    fn from(placements: Placements) -> Self {
        placements.by_setting.into_iter().collect()
    }
}

impl Placements {
    /// The placement of a setting that some keyspace has.
    pub fn get(&self, setting: &Replication) -> Option<&Arc<Placement>> {
        self.by_setting.get(setting)
    }

    /// Places everything for the entry `index`. A range that keeps its holders keeps the index since which they hold it.
    pub(crate) fn compute(
        before: &Placements,
        members: &[Member],
        settings: Vec<Replication>,
        index: u64,
    ) -> Placements {
        let ring = Ring::new(members);
        let place = |setting: Replication| {
            let mut placement = ring.place(&setting);
            since(before.get(&setting), &mut placement, index);
            (setting, Arc::new(placement))
        };
        Placements { by_setting: settings.into_iter().map(place).collect() }
    }
}

fn since(before: Option<&Arc<Placement>>, placement: &mut Placement, index: u64) {
    for range in &mut placement.ranges {
        let old = before.and_then(|b| b.replicas(range.range.end));
        let same = old.filter(|o| (o.range, &o.read, &o.write) == (range.range, &range.read, &range.write));
        range.since = same.map_or(index, |o| o.since);
    }
}
