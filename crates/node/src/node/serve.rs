//! Requests of peers: each message, checked and handed to the function that serves its kind.

mod data;
mod metadata;
mod operator;
mod rows;

use super::Node;
use crate::client::core::Core;
use crate::cluster::Cluster;
use crate::coordinator::Coordinator;
use crate::ground::steps::{REPLY_STEPS_MAX, Step, Steps};
use crate::ground::world::World;
use crate::peers::header::{HEADER_LEN, Header, Kind, STEPS_WANTED};
use crate::peers::message::{Body, Callers, Footing, Message};
use crate::peers::messages::metadata::Gossip;
use crate::replica::admission::PeerRequest;
use crate::replica::handle::ReplicaHandle;
use henge_base::{Bytes, HostId, Mono};
use henge_coordinator::Refusal;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

impl<W: World> Node<W> {
    /// Serves a request from a peer, which waits for it for `left`.
    pub async fn serve(&self, core: &Core<W>, from: HostId, left: Duration, message: Bytes) -> Bytes {
        let deadline = self.parts().context.deadline_after(left);
        let speaks = self.parts().context.versions.speaks();
        let Ok((header, body)) = Header::split(&message, speaks) else {
            return self.parts().peers.reply(u8::MAX, Err(Refusal::Unsupported), &[]);
        };
        let world = &self.parts().context.world;
        let steps = (header.steps == STEPS_WANTED).then(|| {
            let steps = Arc::new(Steps::new(world.mono(), REPLY_STEPS_MAX));
            steps.note(world.mono(), Step::Received, 0);
            steps
        });
        let traced = steps.as_ref().map(|steps| core.coordinator().with_steps(steps));
        let coordinator = traced.as_ref().unwrap_or_else(|| core.coordinator());
        let asked_in = header.version;
        let reply = self.dispatch(coordinator, from, (header, deadline), body).await;
        let told = steps.map(|steps| {
            steps.note(world.mono(), if reply.is_ok() { Step::Answering } else { Step::Refused }, 0);
            steps.take_encoded()
        });
        self.parts().peers.reply(asked_in, reply, &told.unwrap_or_default())
    }

    /// Has the function of each kind of message answer it. The future is moved for every request, so that what takes much more room than
    /// reads and writes stands in a box.
    async fn dispatch(
        &self,
        coordinator: &Coordinator<W>,
        from: HostId,
        (header, deadline): (Header, Mono),
        body: Bytes,
    ) -> Result<Bytes, Refusal> {
        let call = Call { node: self, coordinator, from, header, deadline };
        match header.kind {
            Kind::Write => call.answer(body, |m| call.write(m)).await,
            Kind::ForwardWrite => call.answer(body, |m| call.forward_write(m)).await,
            Kind::ForwardedWrite => call.answer(body, |m| call.forwarded_write(m)).await,
            Kind::WriteOutcome => call.answer(body, |m| call.write_outcome(m)).await,
            Kind::ReadRows => call.answer(body, |m| call.read_rows(m)).await,
            Kind::ReadDigest => call.answer(body, |m| call.read_digest(m)).await,
            Kind::Paxos => Box::pin(call.answer(body, |m| call.paxos(m))).await,
            Kind::Batch => call.answer(body, |m| call.batch(m)).await,
            Kind::Count => Box::pin(call.answer(body, |m| call.count(m))).await,
            Kind::Probe => call.answer(body, |m| call.probe(m)).await,
            Kind::Propose => Box::pin(call.answer(body, |m| call.propose(m))).await,
            Kind::Pull => call.answer(body, |m| call.pull(m)).await,
            Kind::Advance => Box::pin(call.answer(body, |m| call.advance(m))).await,
            Kind::Ballots => Box::pin(call.answer(body, |m| call.ballots(m))).await,
            Kind::Shutdown => call.answer(body, |m| call.shutdown(m)).await,
            Kind::Time => call.answer(body, |m| call.time(m)).await,
            Kind::Recall => Box::pin(call.answer(body, |m| call.recall(m))).await,
            Kind::Barrier => call.answer(body, |m| call.barrier(m)).await,
            Kind::Debts => call.answer(body, |m| call.debts(m)).await,
            Kind::Arrival => call.answer(body, |m| call.arrival(m)).await,
            Kind::StreamPage => call.answer(body, |m| call.stream_page(m)).await,
            Kind::StreamFences => call.answer(body, |m| call.stream_fences(m)).await,
            Kind::StreamProgress => call.answer(body, |m| call.stream_progress(m)).await,
            Kind::RepairTree => Box::pin(call.answer(body, |m| call.repair_tree(m))).await,
            Kind::RepairRows => Box::pin(call.answer(body, |m| call.repair_rows(m))).await,
            Kind::RepairMend => call.answer(body, |m| call.repair_mend(m)).await,
            Kind::RepairProven => Box::pin(call.answer(body, |m| call.repair_proven(m))).await,
            Kind::RepairOwed => call.answer(body, |m| call.repair_owed(m)).await,
            Kind::Health => call.answer(body, |m| call.health(m)).await,
            Kind::BackUp => call.answer(body, |m| call.back_up(m)).await,
            Kind::RangeSizes => call.answer(body, |m| call.range_sizes(m)).await,
            Kind::Gossip | Kind::Reply => Err(Refusal::Unsupported),
        }
    }

    /// Takes a message that nobody answers.
    pub fn hear(&self, from: HostId, message: &Bytes) {
        let speaks = self.parts().context.versions.speaks();
        let Ok((header, body)) = Header::split(message, speaks) else { return };
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

/// The answer to a message.
type Answer<M> = Result<<M as Message>::Reply, Refusal>;

/// A request of a peer that is being served. Its methods are one for each kind of message, by topic in the modules below this one.
struct Call<'a, W> {
    node: &'a Node<W>,
    coordinator: &'a Coordinator<W>,
    from: HostId,
    header: Header,
    deadline: Mono,
}

impl<W: World> Call<'_, W> {
    /// Has `serve` answer the message, if its sender may send it, there is room for it and it can be read.
    async fn answer<M: Message, F>(&self, body: Bytes, serve: impl FnOnce(M) -> F) -> Result<Bytes, Refusal>
    where
        F: Future<Output = Answer<M>>,
    {
        if M::CALLERS == Callers::Members {
            self.cluster().admit_member(self.from, self.header.epoch).await?;
        }
        if !self.node.parts().peers.sight(self.from, &self.header, M::FOOTING) {
            return Err(Refusal::Superseded);
        }
        if M::FOOTING == Footing::Confirmed && !self.node.parts().context.standing.is_confirmed() {
            return Err(Refusal::Unconfirmed);
        }
        if self.cluster().has_member(self.from) {
            self.node.parts().context.witness(self.header.clock);
        }
        // Whoever is behind, or doubted, was looked at first: that may have taken a while.
        let late = |_| Refusal::Overloaded;
        self.node.parts().replica.check_time(self.deadline).map_err(late)?;
        let _in_flight = self.node.parts().peers.admit(self.from, M::CLASS, HEADER_LEN + body.len())?;
        if body.len() > M::BYTES_MAX {
            return Err(Refusal::Unsupported);
        }
        let message = M::decode(body).map_err(|_| Refusal::Unsupported)?;
        Ok(serve(message).await?.encode())
    }

    fn cluster(&self) -> &Arc<Cluster<W>> {
        &self.node.parts().cluster
    }

    fn replica(&self) -> &ReplicaHandle<W> {
        self.coordinator.replica()
    }

    /// The request as the replica sees it, once this node has come to its epoch.
    async fn receive(&self) -> PeerRequest<'_, W> {
        self.receive_from(self.from).await
    }

    /// The same of a request by the epoch of another node than the one that sent it.
    async fn receive_from(&self, planner: HostId) -> PeerRequest<'_, W> {
        PeerRequest::receive(self.replica(), self.cluster(), planner, (self.header, self.deadline)).await
    }
}
