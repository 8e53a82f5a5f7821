//! Reads of pieces through the coordinator.

use crate::Request;
use henge_coordinator::{KeyspacePlacement, Read, ReadError, ReadPolicy, Replicas};
use henge_cql::SelectPlan;
use henge_model::{KeyRange, Probe, ReadCommand, RowBlock, Token};

/// The command that reads some keys for a request.
pub(crate) fn read_command(
    plan: &SelectPlan,
    request: &Request<'_>,
    token: Token,
    keys: KeyRange,
    limit: u32,
) -> ReadCommand {
    let now_seconds = request.context.now_seconds;
    // Replicas purge at times of their own: what one may have purged already, the others leave out of rows and digests.
    let purge_before = plan.table().unproven_purge_seconds().map_or(i64::MIN, |after| now_seconds - i64::from(after));
    ReadCommand {
        storage_id: plan.table().storage_id,
        token,
        keys,
        statics: !plan.table().statics.is_empty(),
        columns: plan.columns().clone(),
        limit,
        now_seconds,
        purge_before,
        probe: None,
    }
}

/// Reads on behalf of one request.
pub(crate) struct PieceReader<'a, 'p, R> {
    pub(crate) replicas: &'a R,
    pub(crate) plan: &'a SelectPlan,
    pub(crate) placed: &'p KeyspacePlacement,
    pub(crate) request: &'a Request<'a>,
}

impl<'a, R: Replicas> PieceReader<'a, '_, R> {
    /// Begins a read of at most `wanted` rows.
    pub(crate) fn read(
        &self,
        token: Token,
        keys: KeyRange,
        wanted: u32,
        probe: &Option<Probe>,
    ) -> impl Future<Output = Result<RowBlock, ReadError>> + Send + use<'a, R> {
        let mut command = read_command(self.plan, self.request, token, keys, wanted);
        // A row named by its key needs no index.
        if matches!(command.keys, KeyRange::Run { .. }) {
            command.probe.clone_from(probe);
        }
        let (placed, consistency, deadline) = (self.placed.clone(), self.request.consistency, self.request.deadline);
        let command = command.into();
        let policy = ReadPolicy::from(&self.plan.table().options);
        henge_coordinator::read(self.replicas, Read { placed, command, consistency, deadline, policy })
    }
}
