//! The end of a run: deletions that nobody needs any more are off the disk, and nothing that they covered is back.

use super::{PURGE_INTERVAL_SECONDS, PURGE_MARGIN_SECONDS, Run, SECOND};
use crate::registers::GRACE_SECONDS;
use henge_model::Consistency;

impl Run {
    /// I12 where everything has been purged, and that it has been.
    pub(super) fn purged(&mut self) {
        let grace = if self.shape.has_grace { GRACE_SECONDS } else { 0 };
        // A sweep may be under way when a deletion becomes old enough, and meet a writer in the next.
        let end = self.calm + (grace + PURGE_MARGIN_SECONDS + 4 * PURGE_INTERVAL_SECONDS) * SECOND;
        if self.now() < end {
            self.pass(end - self.now());
        }
        for copy in self.all_stored().iter().filter(|copy| copy.is_purged) {
            if copy.version.is_none() && copy.newest.is_some() {
                self.cluster.violated("purge", format!("a deletion is still there: {copy:?}"));
            }
        }
        if self.shape.has_grace {
            self.read_all(Consistency::Quorum);
            self.check_stored();
        }
    }
}
