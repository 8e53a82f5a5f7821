//! Requests of peers: which part of the node serves which message.

use super::Node;
use crate::client::core::Core;
use crate::cluster::propose::ChangeError;
use crate::coordinator::counters;
use crate::ground::world::{To, World};
use crate::peers::control::{self, Answer, Control};
use crate::peers::header::{Header, Kind, Status};
use crate::replica::admission::PeerRequest;
use crate::replica::serve;
use henge_base::{Bytes, HostId};

impl<W: World> Node<W> {
    /// Serves a request from a peer.
    pub async fn serve(&self, core: &Core<W>, from: HostId, message: Bytes) -> Bytes {
        let peers = &self.parts().peers;
        let reply = match Header::split(&message) {
            Ok((header, body)) => self.answer(core, from, header, body, message.len()).await,
            Err(_) => Err(Status::Unsupported),
        };
        match reply {
            Ok(body) => peers.reply(Status::Ok, &body),
            Err(status) => peers.reply(status, &[]),
        }
    }

    async fn answer(
        &self,
        core: &Core<W>,
        from: HostId,
        header: Header,
        body: Bytes,
        bytes: usize,
    ) -> Result<Bytes, Status> {
        let parts = self.parts();
        parts.context.witness(header.clock);
        let _in_flight = parts.peers.admit(from, header.kind, bytes)?;
        let replica = core.coordinator().replica();
        let request = |body| PeerRequest::receive(replica, &parts.cluster, from, header, body);
        match header.kind {
            Kind::Write => serve::write(replica, request(body).await).await,
            Kind::ReadRows | Kind::ReadDigest => serve::read(replica, request(body).await).await,
            Kind::Count => counters::serve(core.coordinator(), request(body).await).await,
            Kind::Paxos => serve::paxos(replica, request(body).await).await,
            Kind::Batch => serve::batch(replica, &header, &body).await,
            Kind::Control => {
                let question = control::decode::<Control>(&body).map_err(|_| Status::Unsupported)?;
                Ok(control::encode(&self.answer_control(from, question).await).into())
            }
            Kind::Gossip | Kind::Reply => Err(Status::Unsupported),
        }
    }

    /// Takes a message that nobody answers.
    pub fn hear(&self, from: HostId, message: &Bytes) {
        let Ok((header, body)) = Header::split(message) else { return };
        self.parts().context.witness(header.clock);
        if header.kind == Kind::Gossip {
            self.parts().cluster.receive_gossip(from, &body);
        }
    }

    async fn answer_control(&self, from: HostId, question: Control) -> Answer {
        let cluster = &self.parts().cluster;
        match question {
            Control::Probe { .. } => cluster.answer_probe(),
            Control::Pull { after } => cluster.entries_after(after),
            Control::Advance { epoch } => {
                cluster.catch_up_at_once(epoch, To::Host(from)).await;
                Answer::Agreed { epoch: cluster.epoch(), changed: false }
            }
            Control::Propose { command, forwarded } => {
                if cluster.epoch().index == 0 {
                    return Answer::NotReady("this node has no cluster yet".to_owned());
                }
                match cluster.change_for_peer(command, forwarded).await {
                    Ok((epoch, changed)) => Answer::Agreed { epoch, changed },
                    Err(ChangeError::Refused(refused)) => Answer::Refused(refused),
                    Err(ChangeError::Unreachable(reason)) => Answer::NotReady(reason),
                }
            }
        }
    }
}
