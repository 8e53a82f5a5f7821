//! Replicas that refused a request because their range changed hands after its epoch: they know more of the metadata than this node.

use henge_base::HostId;
use henge_metadata::Epoch;
use parking_lot::Mutex;

/// The refuser that was furthest ahead.
#[derive(Debug, Default)]
pub(super) struct StaleRefusals {
    furthest: Mutex<Option<(Epoch, HostId)>>,
}

impl StaleRefusals {
    /// Notes the epoch that a refuser had come to.
    pub(super) fn note(&self, from: HostId, epoch: Epoch) {
        let mut furthest = self.furthest.lock();
        if furthest.is_none_or(|(before, _)| before < epoch) {
            *furthest = Some((epoch, from));
        }
    }

    /// The one that was furthest ahead, with its epoch.
    pub(super) fn furthest(&self) -> Option<(Epoch, HostId)> {
        *self.furthest.lock()
    }
}
