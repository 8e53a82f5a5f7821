//! Room on the disk. Below a reserve a node takes no more writes, so that what it needs for itself, compaction above all, goes on and makes
//! room again; with room enough writes are back.

use crate::ground::world::World;
use crate::shared::Shared;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the disk is looked at: 200 MB may be written meanwhile by a fast one, which the reserve has to have room for.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Looks at the disk again and again.
pub(crate) async fn watch<W: World>(shared: Arc<Shared<W>>) {
    let reserve = shared.options.disk_reserve;
    loop {
        let free = shared.world.free_bytes();
        let was = shared.disk_full.load(Ordering::Relaxed);
        // A quarter more than the reserve before writes are back: it must not change with every file.
        let now = free < if was { reserve.saturating_add(reserve / 4) } else { reserve };
        if now != was {
            shared.disk_full.store(now, Ordering::Relaxed);
            if now {
                tracing::error!(free, reserve, "the disk is full: writes are refused until there is room");
            } else {
                tracing::info!(free, "the disk has room again: writes are taken");
            }
        }
        shared.pause(LOOK_EVERY).await;
    }
}
