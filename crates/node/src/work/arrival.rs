//! The arrival of newcomers: they take writes only once they follow the log and the others see that they are up. Where a replica is down,
//! writes cannot do without a newcomer, and one that is behind, or not known yet, would have them refused.

use crate::coordinator::{Coordinator, Parts};
use crate::ground::world::{To, World};
use crate::peers::messages::plan::{Arrival, ArrivalReply};
use futures_util::future::join_all;
use henge_base::{HostId, Mono};
use henge_coordinator::{Refusal, Replicas};
use henge_metadata::Plan;
use std::collections::BTreeMap;
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
    let plan = view.state.plan.as_ref().filter(|known| known.id == plan);
    Ok(ArrivalReply {
        is_level: view.epoch() >= epoch,
        sees_newcomer: plan.is_some_and(|plan| plan.kind.newcomers().iter().all(|host| parts.cluster.is_up(*host))),
    })
}

/// A plan whose newcomers are waited for, and since when. It is another one once more of them have come.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Option<(u64, Mono)>);

impl Arrivals {
    /// The reason why the newcomers of a plan may not take writes yet; `None` if they may.
    pub(crate) async fn hindrance<W: World>(&mut self, coordinator: &Coordinator<W>, plan: &Plan) -> Option<String> {
        let now = coordinator.context().world.mono();
        let since = self.0.filter(|(id, _)| *id == plan.id).map_or(now, |(_, since)| since);
        self.0 = Some((plan.id, since));
        let cluster = coordinator.cluster();
        let question = Arrival { plan: plan.id, epoch: cluster.epoch() };
        let view = cluster.view();
        let up = view.state.members.keys().copied().filter(|host| cluster.is_up_or_comes(*host, plan));
        let replies: BTreeMap<HostId, Option<ArrivalReply>> =
            join_all(up.map(|host| async move { (host, ask(coordinator, host, question).await) }))
                .await
                .into_iter()
                .collect();
        let is_level = |host: &HostId| replies.get(host).copied().flatten().is_some_and(|reply| reply.is_level);
        if let Some(late) = plan.kind.newcomers().iter().find(|host| !is_level(host)) {
            return Some(format!("host {late} has not said yet that it follows the metadata log"));
        }
        // One that does not answer coordinates nothing for now.
        let has_met = |reply: &Option<ArrivalReply>| reply.is_none_or(|reply| reply.sees_newcomer);
        let stranger = replies.iter().find(|(_, reply)| !has_met(reply)).map(|(host, _)| *host);
        let is_waited_for = now.since(since) < ACQUAINTANCE_WAIT_MAX;
        stranger
            .filter(|_| is_waited_for)
            .map(|host| format!("host {host} does not see yet that {} up", newcomers_are(plan)))
    }
}

/// The newcomers of a plan as the subject of a sentence, with its verb.
fn newcomers_are(plan: &Plan) -> String {
    match plan.kind.newcomers() {
        [host] => format!("{host} is"),
        hosts => format!("all {} newcomers are", hosts.len()),
    }
}

async fn ask<W: World>(coordinator: &Coordinator<W>, host: HostId, question: Arrival) -> Option<ArrivalReply> {
    if host == coordinator.local() {
        return answer(coordinator.parts(), host, question).await.ok();
    }
    let deadline = coordinator.context().deadline_after(ANSWER_TIMEOUT);
    coordinator.parts().peers.call(host, deadline, &question).await.ok()
}
