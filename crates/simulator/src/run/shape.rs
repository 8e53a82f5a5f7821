//! The shape of a run.

use crate::registers::SharedTable;
use crate::storm::Temper;

/// The shape of a cluster, and the kind of its run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) machines: usize,
    /// Of these the last ones, which are not started; in the storm machines come and go then.
    pub(super) spares: usize,
    pub(super) temper: Temper,
    /// True in periodic mode: a power cut may lose acknowledged writes, but no decisions.
    pub(super) is_periodic: bool,
    pub(super) table: SharedTable,
    /// True if a node may have at most [`super::SHORT_TAIL`] calls in flight.
    pub(super) has_short_tail: bool,
    /// True if all machines take all writes, and those that are read change every second.
    pub(super) rotates: bool,
    /// True if replicas compare what they hold all the time, and forget deletions by that.
    pub(super) compares: bool,
}

#[cfg(test)]
impl Shape {
    /// Machines all of which run, with synced writes and the default table, and nothing else going on.
    pub(super) fn plain(machines: usize, temper: Temper) -> Shape {
        let (is_periodic, has_short_tail, rotates, compares) = (false, false, false, false);
        let (spares, table) = (0, SharedTable::Default);
        Shape { machines, spares, temper, is_periodic, table, has_short_tail, rotates, compares }
    }
}
