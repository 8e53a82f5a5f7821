//! The arrival of a newcomer: it takes writes only once it follows the log and the others see that it is up. Where a replica is down,
//! writes cannot do without the newcomer, and one that is behind, or not known yet, would have them refused.

use crate::coordinator::{Coordinator, Parts};
use crate::ground::world::{To, World};
use crate::peers::messages::plan::{Arrival, ArrivalReply};
use futures_util::future::join_all;
use henge_base::{HostId, Mono};
use henge_coordinator::{Refusal, Replicas};
use henge_metadata::Plan;
use std::time::Duration;

/// A member may take so long to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// Members that do not see the newcomer are waited for so long: a link may be cut for good.
const ACQUAINTANCE_WAIT_MAX: Duration = Duration::from_secs(10);

/// Tells the driver of a plan how this node stands to its newcomer.
pub(crate) async fn answer<W: World>(
    parts: &Parts<W>,
    from: HostId,
    question: Arrival,
) -> Result<ArrivalReply, Refusal> {
    let Arrival { plan, epoch } = question;
    parts.cluster.catch_up_for_request(epoch, To::Host(from)).await;
    let view = parts.cluster.view();
    let newcomer = view.state.plan.as_ref().filter(|known| known.id == plan).and_then(|plan| plan.kind.newcomer());
    Ok(ArrivalReply {
        is_level: view.epoch() >= epoch,
        sees_newcomer: newcomer.is_some_and(|newcomer| parts.cluster.is_up(newcomer)),
    })
}

/// A newcomer that is waited for, and since when.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Option<(u64, Mono)>);

impl Arrivals {
    /// The reason why the newcomer of a plan may not take writes yet; `None` if it may.
    pub(crate) async fn hindrance<W: World>(&mut self, coordinator: &Coordinator<W>, plan: &Plan) -> Option<String> {
        let newcomer = plan.kind.newcomer()?;
        let now = coordinator.context().world.mono();
        let since = self.0.filter(|(id, _)| *id == plan.id).map_or(now, |(_, since)| since);
        self.0 = Some((plan.id, since));
        let cluster = coordinator.cluster();
        let question = Arrival { plan: plan.id, epoch: cluster.epoch() };
        let view = cluster.view();
        let up = view.state.members.keys().copied().filter(|host| *host == newcomer || cluster.is_up(*host));
        let replies = join_all(up.map(|host| async move { (host, ask(coordinator, host, question).await) })).await;
        let reply_of_newcomer = replies.iter().find(|(host, _)| *host == newcomer).and_then(|(_, reply)| *reply);
        if !reply_of_newcomer.is_some_and(|reply| reply.is_level) {
            return Some(format!("host {newcomer} has not said yet that it follows the metadata log"));
        }
        // One that does not answer coordinates nothing for now.
        let has_met = |reply: &Option<ArrivalReply>| reply.is_none_or(|reply| reply.sees_newcomer);
        let stranger = replies.iter().find(|(_, reply)| !has_met(reply)).map(|(host, _)| *host);
        let is_waited_for = now.since(since) < ACQUAINTANCE_WAIT_MAX;
        stranger.filter(|_| is_waited_for).map(|host| format!("host {host} does not see yet that {newcomer} is up"))
    }
}

async fn ask<W: World>(coordinator: &Coordinator<W>, host: HostId, question: Arrival) -> Option<ArrivalReply> {
    if host == coordinator.local() {
        return answer(coordinator.parts(), host, question).await.ok();
    }
    let deadline = coordinator.context().deadline_after(ANSWER_TIMEOUT);
    coordinator.parts().peers.call(host, deadline, &question).await.ok()
}
