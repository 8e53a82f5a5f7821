//! Requests of peers: which part of the node serves which message.

use super::Node;
use crate::client::core::Core;
use crate::coordinator::counters;
use crate::ground::world::World;
use crate::peers::header::{HEADER_LEN, Header, Kind};
use crate::peers::message::{Body, Message};
use crate::peers::messages::data::{BatchMessage, Count, Paxos, ReadDigest, ReadRows, Write};
use crate::peers::messages::metadata::{Advance, Gossip, Probe, Propose, Pull};
use crate::replica::admission::PeerRequest;
use crate::replica::serve;
use henge_base::{Bytes, HostId};
use henge_coordinator::Refusal;
use henge_metadata::Ballots;
use std::future::Future;

impl<W: World> Node<W> {
    /// Serves a request from a peer.
    pub async fn serve(&self, core: &Core<W>, from: HostId, message: Bytes) -> Bytes {
        let reply = match Header::split(&message) {
            Ok((header, body)) => self.dispatch(core, from, header, body).await,
            Err(_) => Err(Refusal::Unsupported),
        };
        self.parts().peers.reply(reply)
    }

    async fn dispatch(&self, core: &Core<W>, from: HostId, header: Header, body: Bytes) -> Result<Bytes, Refusal> {
        self.parts().context.witness(header.clock);
        let (cluster, coordinator) = (&self.parts().cluster, core.coordinator());
        let replica = coordinator.replica();
        let request = || PeerRequest::receive(replica, cluster, from, header);
        let call = Call { node: self, from, body };
        match header.kind {
            Kind::Write => call.answer(|m: Write| async move { serve::write(replica, request().await, m).await }).await,
            Kind::ReadRows => {
                call.answer(|m: ReadRows| async move { serve::read_rows(replica, request().await, m).await }).await
            }
            Kind::ReadDigest => {
                call.answer(|m: ReadDigest| async move { serve::read_digest(replica, request().await, m).await }).await
            }
            Kind::Paxos => call.answer(|m: Paxos| async move { serve::paxos(replica, request().await, m).await }).await,
            Kind::Batch => call.answer(|m: BatchMessage| serve::batch(replica, header.epoch, m)).await,
            Kind::Count => {
                call.answer(|m: Count| async move { counters::serve(coordinator, request().await, m).await }).await
            }
            Kind::Probe => call.answer(|_: Probe| async { Ok(cluster.answer_probe()) }).await,
            Kind::Propose => call.answer(|m: Propose| async move { Ok(cluster.change_for_peer(m).await) }).await,
            Kind::Pull => call.answer(|m: Pull| async move { cluster.entries_after(m) }).await,
            Kind::Advance => call.answer(|m: Advance| async move { Ok(cluster.advance(from, m).await) }).await,
            Kind::Ballots => call.answer(|m: Ballots| cluster.vote_for_peer(from, m)).await,
            Kind::Gossip | Kind::Reply => Err(Refusal::Unsupported),
        }
    }

    /// Takes a message that nobody answers.
    pub fn hear(&self, from: HostId, message: &Bytes) {
        let Ok((header, body)) = Header::split(message) else { return };
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
    body: Bytes,
}

impl<W: World> Call<'_, W> {
    /// Has `serve` answer the message, if there is room for it and it can be read.
    async fn answer<M: Message, F>(self, serve: impl FnOnce(M) -> F) -> Result<Bytes, Refusal>
    where
        F: Future<Output = Result<M::Reply, Refusal>>,
    {
        let _in_flight = self.node.parts().peers.admit(self.from, M::CLASS, HEADER_LEN + self.body.len())?;
        if self.body.len() > M::BYTES_MAX {
            return Err(Refusal::Unsupported);
        }
        let message = M::decode(self.body).map_err(|_| Refusal::Unsupported)?;
        Ok(serve(message).await?.encode())
    }
}
