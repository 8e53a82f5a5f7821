//! The debts of a member that leaves: it is gone only once it serves no clients, keeps no batches and has delivered its hints.

use crate::coordinator::Coordinator;
use crate::ground::world::{Lane, World};
use crate::peers::messages::plan::{Debts, DebtsReply};
use henge_base::Micros;
use henge_coordinator::Refusal;
use henge_metadata::{PlanKind, PlanStep};
use henge_storage::Store;
use std::time::Duration;

/// The longest wait for hints to members that are up. Those that are left then are lost, which anti-entropy makes good.
const HINTS_WAIT_MAX: Duration = Duration::from_secs(60);

/// Begins this node's departure, and tells what it still owes.
pub(crate) async fn answer<W: World>(coordinator: &Coordinator<W>, question: Debts) -> Result<DebtsReply, Refusal> {
    let (cluster, context) = (coordinator.cluster(), coordinator.context());
    let leaves = PlanKind::Leave { host: context.host() };
    let is_under_way =
        |plan: &henge_metadata::Plan| (plan.id, &plan.kind, plan.step) == (question.plan, &leaves, PlanStep::Reading);
    if !cluster.view().state.plan.as_ref().is_some_and(is_under_way) {
        return Err(Refusal::Behind);
    }
    let elapsed = cluster.departure().begin(context.world.mono());
    // What its clients' last requests left behind ends within the time of a write, and may leave hints.
    let serves_clients = cluster.departure().serves_clients() || elapsed < context.options.write_timeout;
    if serves_clients || !coordinator.settle_owed_writes().await {
        return Ok(DebtsReply { serves_clients: true, keeps_batches: false, hints: 0 });
    }
    let page =
        coordinator.replica().on_disk(Lane::Background, |store: &Store| store.batches(None, Micros::MAX, 1)).await;
    let keeps_batches = page.map_or(true, |page| !page.batches.is_empty());
    let replica = coordinator.replica();
    let owed = replica.hinted_peers().into_iter().filter(|host| cluster.is_up(*host));
    let hints = if elapsed < HINTS_WAIT_MAX { owed.map(|host| replica.hint_count(host)).sum() } else { 0 };
    Ok(DebtsReply { serves_clients, keeps_batches, hints })
}
