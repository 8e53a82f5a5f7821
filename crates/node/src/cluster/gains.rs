//! The ranges that a node gains by a plan.

use futures_util::future::BoxFuture;
use henge_base::HostId;
use henge_coordinator::ReplicaError;
use henge_metadata::{ClusterState, GainedRanges, PlanKind, PlanStep};
use henge_model::{StorageId, TokenRange};
use henge_ring::PlacedRange;

/// The tables and ranges that a node gains by the plan under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gains {
    /// The plan.
    pub(crate) plan: u64,
    /// The step that it is at.
    pub(crate) step: PlanStep,
    /// The index of the log's entry that this is read at.
    pub(crate) index: u64,
    /// The ranges of each placement.
    pub(crate) ranges: Vec<GainedRanges>,
    /// The tables of these placements, with the number of the placement in `ranges`.
    pub(crate) tables: Vec<(StorageId, usize)>,
}

impl Gains {
    /// The gains of a host; `None` if there are none.
    pub(crate) fn of(state: &ClusterState, host: HostId) -> Option<Gains> {
        let plan = state.plan.as_ref()?;
        let ranges = state.gains(host);
        let number = |name: &String| ranges.iter().position(|gained| gained.keyspaces.contains(name));
        let keyspaces = state.schema.keyspaces.values();
        let placed = keyspaces.filter_map(|keyspace| Some((keyspace, number(&keyspace.name)?)));
        let tables = placed
            .flat_map(|(keyspace, number)| keyspace.tables.values().map(move |table| (table.storage_id, number)))
            .collect();
        (!ranges.is_empty()).then_some(Gains {
            plan: plan.id,
            step: plan.step,
            index: state.epoch.index,
            ranges,
            tables,
        })
    }

    /// The tables, each with its ranges.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (StorageId, &[TokenRange])> {
        self.tables.iter().map(|(table, setting)| (*table, &self.ranges[*setting].ranges[..]))
    }

    /// True if this node holds the ranges already, and adds what a replica has that goes.
    pub(crate) fn merges(&self) -> bool {
        self.ranges.iter().any(|gained| gained.merges)
    }

    /// True once rows may be fetched: no request of before the plan may be under way where they come from.
    pub(crate) fn may_be_fetched(&self) -> bool {
        self.merges() || self.step == PlanStep::Streaming
    }
}

/// The way in which rows are fetched by the plan under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// By replicas that are not read yet, from those that are.
    New,
    /// By replicas that stay, from those that are read no more.
    Merge,
}

impl Fetch {
    /// The way of a plan at the step that it is at; `None` if nothing is fetched by it now.
    pub(crate) fn of(state: &ClusterState, plan: u64) -> Option<Fetch> {
        let plan = state.plan.as_ref().filter(|under_way| under_way.id == plan)?;
        match (&plan.kind, plan.step) {
            (PlanKind::Alter { lowers: true, .. }, PlanStep::Reading) => Some(Fetch::Merge),
            (PlanKind::Alter { lowers: true, .. }, _) => None,
            (_, PlanStep::Streaming) => Some(Fetch::New),
            (_, PlanStep::Arriving | PlanStep::Preparing | PlanStep::Reading) => None,
        }
    }

    /// True if a host fetches a range.
    pub(crate) fn is_for(self, range: PlacedRange<'_>, host: HostId) -> bool {
        match self {
            Fetch::New => range.write.contains(host) && !range.read.contains(host),
            Fetch::Merge => range.read.contains(host) && range.write.len() > range.read.len(),
        }
    }

    /// True if a host may be a source of a range.
    pub(crate) fn is_from(self, range: PlacedRange<'_>, host: HostId) -> bool {
        match self {
            Fetch::New => range.read.contains(host),
            Fetch::Merge => range.write.contains(host),
        }
    }
}

/// Makes room for the ranges that a node gains.
pub(crate) trait RoomMaker: Send + Sync {
    /// Removes what lies in the gained ranges, unless that was done for this plan. It is on disk when this ends.
    fn make_room(&self, gains: Gains) -> BoxFuture<'static, Result<(), ReplicaError>>;
}
