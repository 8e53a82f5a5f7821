//! Requests of peers: which part of the node serves which message.

use super::Node;
use crate::client::core::Core;
use crate::coordinator::Coordinator;
use crate::coordinator::forwarding::passed_on;
use crate::coordinator::{barrier, counters};
use crate::ground::clock_trust::Reading;
use crate::ground::steps::{REPLY_STEPS_MAX, Step, Steps};
use crate::ground::world::World;
use crate::peers::header::{HEADER_LEN, Header, Kind, STEPS_WANTED};
use crate::peers::message::{Body, Callers, Footing, Message};
use crate::peers::messages::data::{BatchMessage, Count, Paxos, ReadDigest, ReadRows, Write};
use crate::peers::messages::forward::{ForwardWrite, ForwardedWrite, WriteOutcome};
use crate::peers::messages::metadata::{
    Advance, Barrier, Gossip, Probe, Propose, Pull, Shutdown, TimeReply, TimeRequest,
};
use crate::peers::messages::plan::{Arrival, Debts};
use crate::peers::messages::recall::Recall;
use crate::peers::messages::repair::{RepairMend, RepairOwed, RepairProven, RepairRows, RepairTree};
use crate::peers::messages::stream::{StreamFences, StreamPage, StreamProgress};
use crate::replica::admission::PeerRequest;
use crate::replica::{compare, serve, stream_source};
use crate::work::{arrival, debts};
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::Refusal;
use henge_metadata::{Ballots, Command};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

impl<W: World> Node<W> {
    /// Serves a request from a peer, which waits for it for `left`.
    pub async fn serve(&self, core: &Core<W>, from: HostId, left: Duration, message: Bytes) -> Bytes {
        let deadline = self.parts().context.deadline_after(left);
        let Ok((header, body)) = Header::split(&message) else {
            return self.parts().peers.reply(Err(Refusal::Unsupported), &[]);
        };
        let world = &self.parts().context.world;
        let steps = (header.steps == STEPS_WANTED).then(|| {
            let steps = Arc::new(Steps::new(world.mono(), REPLY_STEPS_MAX));
            steps.note(world.mono(), Step::Received, 0);
            steps
        });
        let traced = steps.as_ref().map(|steps| core.coordinator().with_steps(steps));
        let coordinator = traced.as_ref().unwrap_or_else(|| core.coordinator());
        let reply = self.dispatch(coordinator, from, (header, deadline), body).await;
        let told = steps.map(|steps| {
            steps.note(world.mono(), if reply.is_ok() { Step::Answering } else { Step::Refused }, 0);
            steps.take_encoded()
        });
        self.parts().peers.reply(reply, &told.unwrap_or_default())
    }

    async fn dispatch(
        &self,
        coordinator: &Coordinator<W>,
        from: HostId,
        (header, deadline): (Header, Mono),
        body: Bytes,
    ) -> Result<Bytes, Refusal> {
        let cluster = &self.parts().cluster;
        let replica = coordinator.replica();
        let request = async || {
            let request = PeerRequest::receive(replica, cluster, from, (header, deadline)).await;
            (coordinator.begin_request(), request)
        };
        let call = Call { node: self, from, header, deadline, body };
        match header.kind {
            Kind::Write => {
                call.answer(|m: Write| async move {
                    let (_counted, request) = request().await;
                    serve::write(replica, request, m).await
                })
                .await
            }
            Kind::ForwardWrite => {
                call.answer(|m: ForwardWrite| async move {
                    // First of all: the others do not wait for what this node waits for.
                    replica.note(Step::Forwarding, m.others.len());
                    passed_on::forward(coordinator, from, header.epoch, &m);
                    let (_counted, request) = request().await;
                    serve::write(replica, request, Write(m.mutation)).await
                })
                .await
            }
            Kind::ForwardedWrite => {
                call.answer(|m: ForwardedWrite| async move {
                    // The coordinator knows the epoch of its plan for certain.
                    let request = PeerRequest::receive(replica, cluster, m.coordinator, (header, deadline)).await;
                    let _counted = coordinator.begin_request();
                    passed_on::serve_forwarded(coordinator, request, m).await
                })
                .await
            }
            Kind::WriteOutcome => {
                let take = |m: WriteOutcome| async move {
                    passed_on::take_outcome(coordinator, from, header.epoch, m);
                    Ok(())
                };
                call.answer(take).await
            }
            Kind::ReadRows => {
                call.answer(|m: ReadRows| async move {
                    let (_counted, request) = request().await;
                    serve::read_rows(replica, request, m).await
                })
                .await
            }
            Kind::ReadDigest => {
                call.answer(|m: ReadDigest| async move {
                    let (_counted, request) = request().await;
                    serve::read_digest(replica, request, m).await
                })
                .await
            }
            Kind::Paxos => {
                call.answer(|m: Paxos| async move {
                    let (_counted, request) = request().await;
                    serve::paxos(replica, request, m).await
                })
                .await
            }
            Kind::Batch => call.answer(|m: BatchMessage| serve::batch(replica, header.epoch, m)).await,
            Kind::Count => {
                call.answer(|m: Count| async move {
                    let (_counted, request) = request().await;
                    counters::serve(coordinator, request, m).await
                })
                .await
            }
            Kind::Probe => call.answer(|_: Probe| async move { Ok(cluster.answer_probe(from)) }).await,
            Kind::Propose => {
                let propose = |m: Propose| async move {
                    if !joins_itself(from, &m.command) {
                        cluster.admit_member(from, header.epoch).await?;
                    }
                    Ok(Box::pin(cluster.change_for_peer(m)).await)
                };
                call.answer(propose).await
            }
            Kind::Pull => call.answer(|m: Pull| async move { cluster.entries_after(m) }).await,
            Kind::Advance => call.answer(|m: Advance| async move { Ok(cluster.advance(from, m).await) }).await,
            Kind::Ballots => call.answer(|m: Ballots| cluster.vote_for_peer(from, m)).await,
            Kind::Shutdown => {
                let record = |m: Shutdown| async move {
                    cluster.record_shutdown(from, m);
                    Ok(())
                };
                call.answer(record).await
            }
            Kind::Time => call.answer(|_: TimeRequest| async { Ok(self.time_reply()) }).await,
            Kind::Recall => call.answer(|m: Recall| async move { cluster.answer_recall(from, &header, m).await }).await,
            Kind::Barrier => call.answer(|m: Barrier| barrier::end_older_requests(coordinator, from, m)).await,
            Kind::Debts => call.answer(|m: Debts| debts::tell(coordinator, m)).await,
            Kind::Arrival => call.answer(|m: Arrival| arrival::tell(self.parts(), from, m)).await,
            Kind::StreamPage => {
                call.answer(|m: StreamPage| stream_source::page(replica, cluster, (from, header.epoch), m)).await
            }
            Kind::StreamFences => {
                call.answer(|m: StreamFences| stream_source::fences(replica, cluster, (from, header.epoch), m)).await
            }
            Kind::StreamProgress => {
                call.answer(|m: StreamProgress| async move { Ok(replica.stream_status.progress(m.plan)) }).await
            }
            Kind::RepairTree => {
                let answer = |m: RepairTree| async move {
                    let request = PeerRequest::receive(replica, cluster, from, (header, deadline)).await;
                    compare::admit_part(&request, &m.part)?;
                    replica.answer_tree(m).await.map_err(|error| request.refusal(error))
                };
                call.answer(answer).await
            }
            Kind::RepairRows => {
                let answer = |m: RepairRows| async move {
                    let request = PeerRequest::receive(replica, cluster, from, (header, deadline)).await;
                    compare::admit_part(&request, &m.part)?;
                    replica.answer_rows(m).await.map_err(|error| request.refusal(error))
                };
                call.answer(answer).await
            }
            Kind::RepairMend => {
                call.answer(|m: RepairMend| async move {
                    let (_counted, request) = request().await;
                    compare::mend(replica, request, m).await
                })
                .await
            }
            Kind::RepairProven => {
                let note = |m: RepairProven| async move {
                    let request = PeerRequest::receive(replica, cluster, from, (header, deadline)).await;
                    compare::admit_part(&request, &m.part)?;
                    let epoch = (header.epoch.lineage, header.epoch.index);
                    replica.note_proven(m, epoch).await.map_err(|error| request.refusal(error))
                };
                call.answer(note).await
            }
            Kind::RepairOwed => {
                call.answer(|_: RepairOwed| async { coordinator.owed_writes().await.map_err(compare::refusal_of) })
                    .await
            }
            Kind::Gossip | Kind::Reply => Err(Refusal::Unsupported),
        }
    }

    fn time_reply(&self) -> TimeReply {
        let context = &self.parts().context;
        let Reading { wall_us, has_jumped } = context.clock.reading(context.now());
        TimeReply { wall_us, has_jumped }
    }

    /// Takes a message that nobody answers.
    pub fn hear(&self, from: HostId, message: &Bytes) {
        let Ok((header, body)) = Header::split(message) else { return };
        // A stranger's clock is none to follow.
        if !self.parts().cluster.has_member(from) || !self.parts().peers.sight(from, &header, Gossip::FOOTING) {
            return;
        }
        self.parts().context.witness(header.clock);
        if header.kind == Kind::Gossip
            && let Ok(gossip) = Gossip::decode(body)
        {
            self.parts().cluster.receive_gossip(from, gossip);
        }
    }
}

/// A request that is being served.
struct Call<'a, W> {
    node: &'a Node<W>,
    from: HostId,
    header: Header,
    deadline: Mono,
    body: Bytes,
}

/// True of a host's proposal of itself as a member: all that one that is none may propose.
fn joins_itself(from: HostId, command: &Command) -> bool {
    matches!(command, Command::Join { member, .. } | Command::ReplaceMember { member, .. } if member.id == from)
}

impl<W: World> Call<'_, W> {
    /// Has `serve` answer the message, if its sender may send it, there is room for it and it can be read.
    async fn answer<M: Message, F>(self, serve: impl FnOnce(M) -> F) -> Result<Bytes, Refusal>
    where
        F: Future<Output = Result<M::Reply, Refusal>>,
    {
        if M::CALLERS == Callers::Members {
            self.node.parts().cluster.admit_member(self.from, self.header.epoch).await?;
        }
        if !self.node.parts().peers.sight(self.from, &self.header, M::FOOTING) {
            return Err(Refusal::Superseded);
        }
        if M::FOOTING == Footing::Confirmed && !self.node.parts().context.standing.is_confirmed() {
            return Err(Refusal::Unconfirmed);
        }
        if self.node.parts().cluster.has_member(self.from) {
            self.node.parts().context.witness(self.header.clock);
        }
        // Whoever is behind, or doubted, was looked at first: that may have taken a while.
        let late = |_| Refusal::Overloaded;
        self.node.parts().replica.check_time(self.deadline).map_err(late)?;
        let _in_flight = self.node.parts().peers.admit(self.from, M::CLASS, HEADER_LEN + self.body.len())?;
        if self.body.len() > M::BYTES_MAX {
            return Err(Refusal::Unsupported);
        }
        let message = M::decode(self.body).map_err(|_| Refusal::Unsupported)?;
        Ok(serve(message).await?.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_metadata::JoinDraft;
    use std::net::SocketAddr;
    use uuid::Uuid;

    #[test]
    fn a_stranger_may_propose_nothing_but_itself() {
        let (own, other) = (HostId(Uuid::from_u128(1)), HostId(Uuid::from_u128(2)));
        let address = SocketAddr::from(([127, 0, 0, 1], 7000));
        let place = || "a".to_owned();
        let draft =
            |id| JoinDraft { id, datacenter: place(), rack: place(), address, rpc_address: address, num_tokens: 1 };
        let join = |id| Command::Join { name: place(), member: draft(id) };
        let by = Command::By { role: place(), command: Box::new(join(own)) };
        let drop = Command::DropKeyspace { name: place(), if_exists: true };
        let moved = Command::UpdateMember { id: own, address, rpc_address: address };
        let first = Command::Bootstrap { name: place(), first: draft(own) };
        assert!(joins_itself(own, &join(own)));
        for command in [join(other), by, drop, moved, first, Command::CreateSystemKeyspaces] {
            assert!(!joins_itself(own, &command), "{command:?}");
        }
    }
}
