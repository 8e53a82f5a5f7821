//! The end of a run: deletions that are no longer needed are off the disk, and nothing that they covered has come back.

use super::{PURGE_INTERVAL_SECONDS, PURGE_MARGIN_SECONDS, Run, SECOND};
use crate::registers::{self, GRACE_SECONDS, SharedTable};
use henge_base::Micros;
use henge_model::Consistency;

/// The seconds by which a timestamp may be later than its deletion, because of the clocks of clients and machines.
const CLOCKS_SECONDS: u64 = 1;

impl Run {
    /// The time before which deletions of a register may have been purged, by their timestamps; `None` if none are.
    pub(super) fn purged_before(&self, key: i64) -> Option<Micros> {
        let grace = match self.purges_by_grace(key) {
            true => GRACE_SECONDS,
            // As old as this they may be forgotten at the earliest: proofs and floors stay further behind.
            false if registers::is_single(key) || self.shape.compares => 0,
            false => return None,
        };
        let age = (grace + PURGE_MARGIN_SECONDS - CLOCKS_SECONDS) * SECOND;
        Some(self.cluster.machines[0].wall(self.now()) - age as Micros)
    }

    /// True if deletions of a register are purged by their age.
    fn purges_by_grace(&self, key: i64) -> bool {
        registers::is_shared(key) && self.shape.table == SharedTable::Grace
    }

    /// Waits until everything must have been purged, checks that it has been, and then checks I12.
    pub(super) fn check_purge(&mut self) {
        let grace = if self.shape.table == SharedTable::Grace { GRACE_SECONDS } else { 0 };
        // A sweep may be in progress when a deletion becomes old enough, and the next may meet a writer.
        let end = self.calm + (grace + PURGE_MARGIN_SECONDS + 4 * PURGE_INTERVAL_SECONDS) * SECOND;
        if self.now() < end {
            self.pass(end - self.now());
        }
        let must_be_gone = |key| registers::is_single(key) || self.purges_by_grace(key);
        for copy in self.all_stored().iter().filter(|copy| copy.purged_before.is_some() && must_be_gone(copy.key)) {
            if copy.version.is_none() && copy.newest.is_some() {
                self.cluster.record_violation("purge", format!("a deletion is still there: {copy:?}"));
            }
        }
        if self.shape.table == SharedTable::Grace || self.shape.compares {
            self.read_all(Consistency::Quorum);
            self.check_stored();
        }
    }
}
