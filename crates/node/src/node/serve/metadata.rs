//! Requests about the cluster: its log, its members, their clocks and identities, and the plan under way.

use super::{Answer, Call};
use crate::coordinator::barrier;
use crate::ground::clock_trust::Reading;
use crate::ground::world::World;
use crate::peers::messages::metadata::{Advance, Barrier, Probe, Propose, Pull, Shutdown, TimeReply, TimeRequest};
use crate::peers::messages::plan::{Arrival, Debts};
use crate::peers::messages::recall::Recall;
use crate::work::{arrival, debts};
use henge_base::HostId;
use henge_metadata::{Ballots, Command};

impl<W: World> Call<'_, W> {
    pub(super) async fn probe(&self, _: Probe) -> Answer<Probe> {
        Ok(self.cluster().answer_probe(self.from))
    }

    pub(super) async fn propose(&self, message: Propose) -> Answer<Propose> {
        if !joins_itself(self.from, &message.command) {
            self.cluster().admit_member(self.from, self.header.epoch).await?;
        }
        Ok(Box::pin(self.cluster().change_for_peer(message)).await)
    }

    pub(super) async fn pull(&self, message: Pull) -> Answer<Pull> {
        self.cluster().entries_after(message)
    }

    pub(super) async fn advance(&self, message: Advance) -> Answer<Advance> {
        Ok(self.cluster().advance(self.from, message).await)
    }

    pub(super) async fn ballots(&self, message: Ballots) -> Answer<Ballots> {
        self.cluster().vote_for_peer(self.from, message).await
    }

    pub(super) async fn shutdown(&self, message: Shutdown) -> Answer<Shutdown> {
        self.cluster().record_shutdown(self.from, message);
        Ok(())
    }

    pub(super) async fn time(&self, _: TimeRequest) -> Answer<TimeRequest> {
        let context = &self.node.parts().context;
        let Reading { wall_us, has_jumped } = context.clock.reading(context.now());
        Ok(TimeReply { wall_us, has_jumped })
    }

    pub(super) async fn recall(&self, message: Recall) -> Answer<Recall> {
        self.cluster().answer_recall(self.from, &self.header, message).await
    }

    pub(super) async fn barrier(&self, message: Barrier) -> Answer<Barrier> {
        barrier::end_older_requests(self.coordinator, self.from, message).await
    }

    pub(super) async fn debts(&self, message: Debts) -> Answer<Debts> {
        debts::answer(self.coordinator, message).await
    }

    pub(super) async fn arrival(&self, message: Arrival) -> Answer<Arrival> {
        arrival::answer(self.node.parts(), self.from, message).await
    }
}

/// True of a host's proposal of itself as a member: all that one that is none may propose.
fn joins_itself(from: HostId, command: &Command) -> bool {
    matches!(command, Command::Join { member, .. } | Command::ReplaceMember { member, .. } if member.id == from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_metadata::{JoinDraft, VersionRange};
    use std::net::SocketAddr;
    use uuid::Uuid;

    #[test]
    fn a_stranger_may_propose_nothing_but_itself() {
        let (own, other) = (HostId(Uuid::from_u128(1)), HostId(Uuid::from_u128(2)));
        let address = SocketAddr::from(([127, 0, 0, 1], 7000));
        let (place, speaks) = (|| "a".to_owned(), VersionRange::OF_RELEASE);
        let draft = |id| JoinDraft {
            id,
            datacenter: place(),
            rack: place(),
            address,
            rpc_address: address,
            num_tokens: 1,
            speaks,
        };
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
