//! Leading additions to counters: what is added becomes part of this node's own shard (see `henge_model`), and then goes to the other
//! replicas.

use crate::coordinator::Coordinator;
use crate::ground::steps::Step;
use crate::ground::world::World;
use crate::peers::message::Message;
use crate::peers::messages::data::{self, CountReply};
use crate::replica::admission::{Access, PeerRequest, Place};
use henge_base::{Bytes, HostId};
use henge_coordinator::{
    Count, Recipient, Refusal, ReplicaError, Replicas, Write, WriteError, WriteType, check_write, is_refused_by, write,
};
use henge_model::Mutation;

/// Asks a peer to lead.
pub(super) async fn ask_leader<W: World>(
    coordinator: &Coordinator<W>,
    leader: HostId,
    count: Count,
) -> Result<(), WriteError> {
    let consistency = count.consistency;
    let unknown =
        |received, block_for| WriteError::Timeout { consistency, received, block_for, write_type: WriteType::Counter };
    let request = data::Count { additions: count.additions, consistency: consistency.to_string() };
    let to = Recipient { host: leader, epoch: count.placed.epoch };
    let traced = coordinator.begin_call(leader, data::Count::KIND, None);
    let answered = coordinator.parts.peers.call_traced(to, count.deadline, &request, traced.is_some()).await;
    traced.into_iter().for_each(|traced| traced.end(&answered));
    match answered.outcome {
        Err(ReplicaError::NotSent) => Err(WriteError::Unavailable { consistency, required: 1, alive: 0 }),
        Err(ReplicaError::Refused(refusal)) if refusal.is_definite() => {
            let (received, block_for, failures) = (0, 1, vec![(leader, refusal)]);
            let write_type = WriteType::Counter;
            Err(WriteError::Failure { consistency, received, block_for, failures, write_type })
        }
        Err(_) => Err(unknown(0, 1)),
        Ok(CountReply::Done) => Ok(()),
        Ok(CountReply::Unavailable { required, alive }) => {
            Err(WriteError::Unavailable { consistency, required, alive })
        }
        Ok(CountReply::Unknown { received, block_for }) => Err(unknown(received, block_for)),
    }
}

/// Serves a peer that asks this node to lead.
pub(crate) async fn serve<W: World>(
    coordinator: &Coordinator<W>,
    request: PeerRequest<'_, W>,
    asked: data::Count,
) -> Result<CountReply, Refusal> {
    let consistency = asked.consistency.parse().map_err(|_| Refusal::Unsupported)?;
    let place = place(&asked.additions).ok_or(Refusal::Unsupported)?;
    request.admit(place, Access::Write)?;
    coordinator.replica().note(Step::Admitted, 0);
    coordinator.replica().check_room().map_err(|error| request.refusal(error))?;
    let unknown_table = || request.refusal(ReplicaError::Refused(Refusal::UnknownTable));
    let placed = coordinator.cluster().view().placed_of(place.storage).cloned().ok_or_else(unknown_table)?;
    let context = coordinator.context();
    let deadline = context.deadline_after(context.options.write_timeout);
    let count = Count { placed, token: place.tokens.end, additions: asked.additions, consistency, deadline };
    Ok(match lead(coordinator, count).await {
        Ok(()) => CountReply::Done,
        // Nothing was added: the coordinator may choose another leader.
        Err(error) if is_refused_by(coordinator.local(), &error) => return Err(request.refusal(own_refusal(error))),
        Err(WriteError::Unavailable { required, alive, .. }) => CountReply::Unavailable { required, alive },
        Err(WriteError::Timeout { received, block_for, .. } | WriteError::Failure { received, block_for, .. }) => {
            CountReply::Unknown { received, block_for }
        }
        Err(WriteError::Undecided { .. } | WriteError::Invalid(_)) => CountReply::Unknown { received: 0, block_for: 1 },
    })
}

/// This node's own refusal, of an error that holds no other.
fn own_refusal(error: WriteError) -> ReplicaError {
    match error {
        WriteError::Failure { failures, .. } => {
            failures.first().map_or(ReplicaError::Unknown, |(_, refusal)| ReplicaError::Refused(*refusal))
        }
        _ => ReplicaError::Unknown,
    }
}

fn place(additions: &Bytes) -> Option<Place> {
    Place::of_mutation(&Mutation::decode(additions.clone()).ok()?)
}

/// Adds here, then writes the sums to the other replicas.
pub(super) async fn lead<W: World>(coordinator: &Coordinator<W>, count: Count) -> Result<(), WriteError> {
    let Count { placed, token, additions, consistency, deadline } = count;
    let block_for = 1;
    let failed = |error: ReplicaError| match error {
        ReplicaError::Refused(refusal) => WriteError::Failure {
            consistency,
            received: 0,
            block_for,
            failures: vec![(coordinator.local(), refusal)],
            write_type: WriteType::Counter,
        },
        _ => WriteError::Timeout { consistency, received: 0, block_for, write_type: WriteType::Counter },
    };
    check_write(coordinator, &placed, token, consistency)?;
    let sums = coordinator.replica().add_to_counters(additions, deadline).await.map_err(failed)?;
    let write_type = WriteType::Counter;
    let applied = Some(coordinator.local());
    let write = write(coordinator, Write { placed, token, mutation: sums, consistency, deadline, write_type, applied });
    write.await.map_err(|error| match error {
        // Others went down meanwhile: but it is added here, and will be there.
        WriteError::Unavailable { consistency, required, .. } => {
            WriteError::Timeout { consistency, received: 1, block_for: required, write_type }
        }
        other => other,
    })
}
