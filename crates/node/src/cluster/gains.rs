//! The ranges that a node gains by a plan.

use futures_util::future::BoxFuture;
use henge_base::HostId;
use henge_coordinator::ReplicaError;
use henge_metadata::{ClusterState, PlanStep};
use henge_model::{Replication, StorageId, TokenRange};

/// The tables and ranges that a node gains by the plan under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gains {
    /// The plan.
    pub(crate) plan: u64,
    /// The step that it is at.
    pub(crate) step: PlanStep,
    /// The ranges of each replication setting.
    pub(crate) ranges: Vec<(Replication, Vec<TokenRange>)>,
    /// The tables of these settings, with the number of the setting in `ranges`.
    pub(crate) tables: Vec<(StorageId, usize)>,
}

impl Gains {
    /// The gains of a host; `None` if there are none.
    pub(crate) fn of(state: &ClusterState, host: HostId) -> Option<Gains> {
        let plan = state.plan.as_ref()?;
        let ranges = state.gains(host);
        let number = |replication: &Replication| ranges.iter().position(|(setting, _)| setting == replication);
        let keyspaces = state.schema.keyspaces.values();
        let placed = keyspaces.filter_map(|keyspace| Some((keyspace, number(&keyspace.replication)?)));
        let tables = placed
            .flat_map(|(keyspace, number)| keyspace.tables.values().map(move |table| (table.storage_id, number)))
            .collect();
        (!ranges.is_empty()).then_some(Gains { plan: plan.id, step: plan.step, ranges, tables })
    }

    /// The tables, each with its ranges.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (StorageId, &[TokenRange])> {
        self.tables.iter().map(|(table, setting)| (*table, &self.ranges[*setting].1[..]))
    }
}

/// Makes room for the ranges that a node gains.
pub(crate) trait RoomMaker: Send + Sync {
    /// Removes what lies in the gained ranges, unless that was done for this plan. It is on disk when this ends.
    fn make_room(&self, gains: Gains) -> BoxFuture<'static, Result<(), ReplicaError>>;
}
