//! Requests of replicas among each other: rows that are streamed by a plan, and rows that are compared.

use super::{Answer, Call};
use crate::ground::world::World;
use crate::peers::messages::repair::{RepairMend, RepairOwed, RepairProven, RepairRows, RepairTree};
use crate::peers::messages::stream::{StreamFences, StreamPage, StreamProgress};
use crate::replica::{compare, stream_source};

impl<W: World> Call<'_, W> {
    pub(super) async fn stream_page(&self, message: StreamPage) -> Answer<StreamPage> {
        stream_source::page(self.replica(), self.cluster(), (self.from, self.header.epoch), message).await
    }

    pub(super) async fn stream_fences(&self, message: StreamFences) -> Answer<StreamFences> {
        stream_source::fences(self.replica(), self.cluster(), (self.from, self.header.epoch), message).await
    }

    pub(super) async fn stream_progress(&self, message: StreamProgress) -> Answer<StreamProgress> {
        Ok(self.replica().stream_status.progress(message.plan))
    }

    pub(super) async fn repair_tree(&self, message: RepairTree) -> Answer<RepairTree> {
        let request = self.receive().await;
        compare::admit_part(&request, &message.part)?;
        self.replica().answer_tree(message).await.map_err(|error| request.refusal(error))
    }

    pub(super) async fn repair_rows(&self, message: RepairRows) -> Answer<RepairRows> {
        let request = self.receive().await;
        compare::admit_part(&request, &message.part)?;
        self.replica().answer_rows(message).await.map_err(|error| request.refusal(error))
    }

    pub(super) async fn repair_mend(&self, message: RepairMend) -> Answer<RepairMend> {
        let request = self.receive().await;
        let _counted = self.coordinator.begin_request();
        compare::mend(self.replica(), request, message).await
    }

    pub(super) async fn repair_proven(&self, message: RepairProven) -> Answer<RepairProven> {
        let request = self.receive().await;
        compare::admit_part(&request, &message.part)?;
        let epoch = (self.header.epoch.lineage, self.header.epoch.index);
        self.replica().note_proven(message, epoch).await.map_err(|error| request.refusal(error))
    }

    pub(super) async fn repair_owed(&self, _: RepairOwed) -> Answer<RepairOwed> {
        self.coordinator.owed_writes().await.map_err(compare::refusal_of)
    }
}
