//! Sweep of indexes: entries that name no row any more are removed, with each purge of their table.

use crate::coordinator::Coordinator;
use crate::ground::world::{Lane, World};
use henge_model::Table;
use henge_storage::IndexSweep;
use std::time::Duration;

/// Between two steps of a sweep.
const STEP_PAUSE: Duration = Duration::from_millis(2);

/// Goes once through a table's indexes.
pub(super) async fn sweep<W: World>(coordinator: &Coordinator<W>, table: &Table) {
    for index in &table.indexes {
        let mut sweep = IndexSweep::new((table.storage_id, index.id));
        loop {
            let step = coordinator.replica().on_disk(Lane::Background, move |store| {
                let more = store.sweep_index(&mut sweep);
                (sweep, more)
            });
            let (after, more) = step.await;
            sweep = after;
            coordinator.replica().fold();
            coordinator.context().pause(STEP_PAUSE).await;
            if !more.unwrap_or(false) {
                break;
            }
        }
    }
}
