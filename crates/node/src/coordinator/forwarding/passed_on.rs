//! The replicas' side of a forwarded write.

use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::peers::messages::data::Write;
use crate::peers::messages::forward::{ForwardWrite, ForwardedWrite, WriteOutcome};
use crate::replica::admission::PeerRequest;
use crate::replica::serve;
use henge_base::HostId;
use henge_coordinator::{Recipient, Refusal, ReplicaError, Replicas};
use henge_metadata::Epoch;

/// Sends a coordinator's write to the other replicas, by the epoch of its plan. A replica that cannot be sent to is named to the
/// coordinator; of one that this node has no room to send to, nobody hears, and the coordinator sends to it after a while.
pub(crate) fn forward<W: World>(coordinator: &Coordinator<W>, from: HostId, epoch: Epoch, message: &ForwardWrite) {
    let ForwardWrite { number, others, mutation } = message;
    let (number, timeout) = (*number, coordinator.context().options.write_timeout);
    for replica in others.iter().copied() {
        let forwarded = ForwardedWrite { coordinator: from, number, mutation: mutation.clone() };
        let sender = coordinator.clone();
        drop(coordinator.in_tail(async move {
            sender.count_mutation(replica, forwarded.mutation.len());
            let reply = sender.call_planned(Recipient { host: replica, epoch }, &forwarded, timeout).await;
            if matches!(reply, Err(ReplicaError::NotSent | ReplicaError::Refused(_))) {
                tell(&sender, from, WriteOutcome { number, replica, outcome: Err(Refusal::Other) }).await;
            }
        }));
    }
}

/// Applies a write that was forwarded here, and tells its coordinator of the outcome.
pub(crate) async fn serve_forwarded<W: World>(
    coordinator: &Coordinator<W>,
    request: PeerRequest<'_, W>,
    ForwardedWrite { coordinator: to, number, mutation }: ForwardedWrite,
) -> Result<(), Refusal> {
    if !coordinator.cluster().has_member(to) {
        return Err(Refusal::Stranger);
    }
    let outcome = serve::write(coordinator.replica(), request, Write(mutation)).await;
    let (sender, replica) = (coordinator.clone(), coordinator.local());
    let told = async move { tell(&sender, to, WriteOutcome { number, replica, outcome }).await };
    // Without room the coordinator hears nothing, and sends the write again: it changes nothing then.
    coordinator.in_tail(told).map(drop).map_err(|_| Refusal::Overloaded)
}

async fn tell<W: World>(coordinator: &Coordinator<W>, to: HostId, outcome: WriteOutcome) {
    let timeout = coordinator.context().options.write_timeout;
    // A coordinator that is gone, or hears nothing, owes hints by itself.
    let _ = coordinator.call_now(to, &outcome, timeout).await;
}

/// Takes what a replica tells of a write of this node.
pub(crate) fn take_outcome<W: World>(coordinator: &Coordinator<W>, from: HostId, epoch: Epoch, told: WriteOutcome) {
    let parts = coordinator.parts();
    if from == told.replica && told.outcome == Err(Refusal::StaleEpoch) {
        parts.peers.note_stale_refusal(from, epoch);
        parts.follow_refuser();
    }
    parts.forwarded.tell(from, told.number, told.replica, told.outcome);
}
