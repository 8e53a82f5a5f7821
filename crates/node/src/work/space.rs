//! Free space on the disk. Below a reserve a node refuses writes, so that compaction has room to work and frees space; above it writes are
//! taken again.

use crate::ground::context::Context;
use crate::ground::world::World;
use crate::work::worker::{Next, StepError, Worker};
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at the disk: 200 MB may be written meanwhile by a fast one, which the reserve has to have room for.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Watches the room on the disk.
pub(crate) struct SpaceWatch<W> {
    pub(crate) context: Arc<Context<W>>,
}

impl<W: World> Worker for SpaceWatch<W> {
    const NAME: &'static str = "space_watch";
    const RETRY_DELAY: Duration = POLL_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let reserve = self.context.options.disk_reserve;
        let free = self.context.world.free_bytes();
        let was_full = self.context.is_disk_full();
        // A quarter more than the reserve before writes are back: it must not change with every file.
        let is_full = free < if was_full { reserve.saturating_add(reserve / 4) } else { reserve };
        if is_full != was_full {
            self.context.set_disk_full(is_full);
            if is_full {
                tracing::error!(free, reserve, "the disk is full: writes are refused until there is room");
            } else {
                tracing::info!(free, "the disk has room again: writes are taken");
            }
        }
        Ok(Next::Pause(POLL_INTERVAL))
    }

    async fn wait(&mut self) {}
}
