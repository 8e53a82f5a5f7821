//! Requests in an operator's name.

use super::{Answer, Call};
use crate::ground::world::World;
use crate::peers::messages::backup::BackUp;
use crate::peers::messages::health::HealthCheck;
use crate::peers::messages::range_sizes::RangeSizes;
use crate::replica::range_sizes;

impl<W: World> Call<'_, W> {
    pub(super) async fn health(&self, _: HealthCheck) -> Answer<HealthCheck> {
        Ok(self.node.health())
    }

    pub(super) async fn range_sizes(&self, message: RangeSizes) -> Answer<RangeSizes> {
        range_sizes::answer(self.replica(), message).await
    }

    pub(super) async fn back_up(&self, message: BackUp) -> Answer<BackUp> {
        Ok(self.node.back_up(&message.0))
    }
}
