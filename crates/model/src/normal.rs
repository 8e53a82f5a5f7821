//! The normal form of a row: one version for each place, and nothing that a deletion in the row covers.
//!
//! One total order over content ([`compare_versions`]) decides which version of a place wins. It needs no clock: an expiring
//! cell counts as expiring whether or not its time has come. The order is Cassandra's: later timestamp; then a
//! tombstone over an expiring value over a plain one; then later expiry or deletion; then greater value bytes. Where
//! Cassandra leaves it open, the shorter TTL wins, for it was written later.

use crate::row_codec::{CellKindView, CellView};
use crate::{ColumnId, Deletion, Marker, Row};
use henge_base::Micros;
use smallvec::SmallVec;
use std::cmp::{Ordering, Reverse};

/// The order of cells within a row: by column, its complex deletion first, then by path.
pub(crate) fn compare_places(a: &CellView<'_>, b: &CellView<'_>) -> Ordering {
    let within = || b.is_complex_deletion().cmp(&a.is_complex_deletion()).then_with(|| compare_paths(a.path, b.path));
    a.column.cmp(&b.column).then_with(within)
}

/// The order of paths. Most cells have none, and that check costs less than the call of a comparison.
fn compare_paths(a: &[u8], b: &[u8]) -> Ordering {
    if a.is_empty() || b.is_empty() { a.len().cmp(&b.len()) } else { a.cmp(b) }
}

/// The order of versions of one place; the greatest wins.
pub(crate) fn compare_versions(a: &CellView<'_>, b: &CellView<'_>) -> Ordering {
    a.timestamp.cmp(&b.timestamp).then_with(|| compare_kinds(&a.kind, &b.kind))
}

fn compare_kinds(a: &CellKindView<'_>, b: &CellKindView<'_>) -> Ordering {
    use CellKindView::{ComplexDeletion, Expiring, Live, Tombstone};
    match (a, b) {
        (Live { value: a }, Live { value: b }) => a.cmp(b),
        (Expiring { value: a, ttl: at, expires: ae }, Expiring { value: b, ttl: bt, expires: be }) => {
            (ae, a, Reverse(at)).cmp(&(be, b, Reverse(bt)))
        }
        (Tombstone { local_seconds: a }, Tombstone { local_seconds: b })
        | (ComplexDeletion { local_seconds: a }, ComplexDeletion { local_seconds: b }) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(kind: &CellKindView<'_>) -> u8 {
    match kind {
        CellKindView::Live { .. } => 0,
        CellKindView::Expiring { .. } => 1,
        CellKindView::Tombstone { .. } => 2,
        CellKindView::ComplexDeletion { .. } => 3,
    }
}

/// The marker that wins: the later timestamp, then expiring over plain, then the later expiry, then the shorter TTL.
pub(crate) fn newer_marker(a: Option<Marker>, b: Option<Marker>) -> Option<Marker> {
    let order = |m: &Marker| (m.timestamp, m.expiry.map(|(ttl, expires)| (expires, Reverse(ttl))));
    a.into_iter().chain(b).max_by_key(order)
}

/// The deletions met so far on a walk through a row in cell order.
pub(crate) struct RowDeletions {
    row: Option<Micros>,
    column: Option<(ColumnId, Micros)>,
}

impl RowDeletions {
    pub(crate) fn new(deletion: Option<Deletion>) -> RowDeletions {
        RowDeletions { row: deletion.map(|d| d.timestamp), column: None }
    }

    pub(crate) fn covers_marker(&self, marker: &Marker) -> bool {
        self.row.is_some_and(|at| marker.timestamp <= at)
    }

    /// True if the next cell is covered. A complex deletion that is not covered applies from here on.
    pub(crate) fn covers(&mut self, cell: &CellView<'_>) -> bool {
        let by_row = self.row.is_some_and(|at| cell.timestamp <= at);
        let by_column = self.column.is_some_and(|(column, at)| cell.column == column && cell.timestamp <= at);
        if by_row || by_column {
            return true;
        }
        if cell.is_complex_deletion() {
            self.column = Some((cell.column, cell.timestamp));
        }
        false
    }
}

/// Indexes into `cells`, sorted by place, of the cells that win their place and are not covered. Indexes are sorted
/// instead of cells because moving cells would cost more than all comparisons.
pub(crate) fn winning_cells(cells: &[CellView<'_>], deletion: Option<Deletion>) -> SmallVec<[u32; 32]> {
    let at = |i: &u32| &cells[*i as usize];
    let mut order: SmallVec<[u32; 32]> = (0..cells.len() as u32).collect();
    // The operands are sorted already, and a stable sort merges sorted runs in linear time.
    order.sort_by(|a, b| compare_places(at(a), at(b)).then_with(|| compare_versions(at(b), at(a))));
    order.dedup_by(|next, kept| compare_places(at(next), at(kept)).is_eq());
    let mut cover = RowDeletions::new(deletion);
    order.retain(|i| !cover.covers(at(i)));
    order
}

/// The marker, or `None` if the deletion covers it.
pub(crate) fn uncovered_marker(marker: Option<Marker>, deletion: Option<Deletion>) -> Option<Marker> {
    let cover = RowDeletions::new(deletion);
    marker.filter(|marker| !cover.covers_marker(marker))
}

impl Row {
    /// True if the row is in normal form: cells sorted, one version for each place, nothing covered by its deletions.
    pub fn is_normal(&self) -> bool {
        let mut cover = RowDeletions::new(self.deletion);
        let sorted = self.cells.windows(2).all(|pair| compare_places(&pair[0].view(), &pair[1].view()).is_lt());
        sorted
            && !self.marker.is_some_and(|marker| cover.covers_marker(&marker))
            && !self.cells.iter().any(|cell| cover.covers(&cell.view()))
    }

    /// Brings the row into normal form; its cells may be in any order.
    pub fn normalize(&mut self) {
        self.marker = uncovered_marker(self.marker, self.deletion);
        let views: Vec<CellView<'_>> = self.cells.iter().map(|cell| cell.view()).collect();
        let order = winning_cells(&views, self.deletion);
        self.cells = order.into_iter().map(|i| self.cells[i as usize].clone()).collect();
    }

    /// True if the row has no marker, no deletion and no cells.
    pub fn is_empty(&self) -> bool {
        self.marker.is_none() && self.deletion.is_none() && self.cells.is_empty()
    }
}
