//! Requests about rows of users: writes, reads, Paxos, batches and counters.

use super::{Answer, Call};
use crate::coordinator::counters;
use crate::coordinator::forwarding::passed_on;
use crate::ground::steps::Step;
use crate::ground::world::World;
use crate::peers::messages::data::{BatchMessage, Count, Paxos, ReadDigest, ReadRows, Write};
use crate::peers::messages::forward::{ForwardWrite, ForwardedWrite, WriteOutcome};
use crate::replica::serve;

impl<W: World> Call<'_, W> {
    pub(super) async fn write(&self, message: Write) -> Answer<Write> {
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        serve::write(self.replica(), request, message).await
    }

    pub(super) async fn forward_write(&self, message: ForwardWrite) -> Answer<ForwardWrite> {
        // First of all: the others do not wait for what this node waits for.
        self.replica().note(Step::Forwarding, message.others.len());
        passed_on::forward(self.coordinator, self.from, self.header.epoch, &message);
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        serve::write(self.replica(), request, Write(message.mutation)).await
    }

    pub(super) async fn forwarded_write(&self, message: ForwardedWrite) -> Answer<ForwardedWrite> {
        // The coordinator knows the epoch of its plan for certain.
        let request = self.receive_from(message.coordinator).await;
        let _counted = self.coordinator.begin_request();
        passed_on::serve_forwarded(self.coordinator, request, message).await
    }

    pub(super) async fn write_outcome(&self, message: WriteOutcome) -> Answer<WriteOutcome> {
        passed_on::take_outcome(self.coordinator, self.from, self.header.epoch, message);
        Ok(())
    }

    pub(super) async fn read_rows(&self, message: ReadRows) -> Answer<ReadRows> {
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        serve::read_rows(self.replica(), request, message).await
    }

    pub(super) async fn read_digest(&self, message: ReadDigest) -> Answer<ReadDigest> {
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        serve::read_digest(self.replica(), request, message).await
    }

    pub(super) async fn paxos(&self, message: Paxos) -> Answer<Paxos> {
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        serve::paxos(self.replica(), request, message).await
    }

    pub(super) async fn batch(&self, message: BatchMessage) -> Answer<BatchMessage> {
        serve::batch(self.replica(), self.header.epoch, message).await
    }

    pub(super) async fn count(&self, message: Count) -> Answer<Count> {
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        counters::serve(self.coordinator, request, message).await
    }
}
