//! Cells in order, of which some are live: the live one of a rank, and changes, in logarithmic time.

use henge_base::count_steps;
use henge_model::Cell;

/// Cells with a count of the live ones among them.
#[derive(Default)]
pub(super) struct RankedCells {
    cells: Vec<Cell>,
    is_live: Vec<bool>,
    /// A Fenwick tree: entry `i` counts the live cells among the `i & -i` ones that end with the one at `i - 1`. The
    /// first entry is not used.
    counts: Vec<usize>,
    live: usize,
}

impl RankedCells {
    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn is_live(&self, place: usize) -> bool {
        self.is_live.get(place) == Some(&true)
    }

    /// The number of live cells.
    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn push(&mut self, cell: Cell, is_live: bool) {
        if self.counts.is_empty() {
            self.counts.push(0);
        }
        let entry = self.counts.len();
        let mut count = usize::from(is_live);
        let (mut below, end) = (entry - 1, entry - (entry & entry.wrapping_neg()));
        while below > end {
            count_steps(1);
            count += self.counts[below];
            below -= below & below.wrapping_neg();
        }
        self.counts.push(count);
        self.cells.push(cell);
        self.is_live.push(is_live);
        self.live += usize::from(is_live);
    }

    /// Replaces the cell at a place.
    pub(super) fn replace(&mut self, place: usize, cell: Cell, is_live: bool) {
        self.cells[place] = cell;
        let was = std::mem::replace(&mut self.is_live[place], is_live);
        if was == is_live {
            return;
        }
        let changed = |count: usize| if is_live { count + 1 } else { count - 1 };
        self.live = changed(self.live);
        let mut entry = place + 1;
        while entry < self.counts.len() {
            count_steps(1);
            self.counts[entry] = changed(self.counts[entry]);
            entry += entry & entry.wrapping_neg();
        }
    }

    /// The place of the live cell that has `rank` live ones before it.
    pub(super) fn place(&self, rank: usize) -> Option<usize> {
        if rank >= self.live {
            return None;
        }
        let (mut place, mut left) = (0, rank);
        let mut step = self.cells.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            count_steps(1);
            if let Some(count) = self.counts.get(place + step).filter(|count| **count <= left) {
                left -= count;
                place += step;
            }
            step /= 2;
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::{Bytes, Random};
    use henge_model::{CellKind, ColumnId};

    fn cell(number: u32) -> Cell {
        let kind = CellKind::Live { value: Bytes::copy_from_slice(&number.to_be_bytes()) };
        Cell { column: ColumnId(1), path: Bytes::new(), timestamp: 1, kind }
    }

    #[test]
    fn ranks_are_those_of_a_plain_list() {
        let mut random = Random::new(7);
        let (mut ranked, mut plain) = (RankedCells::default(), Vec::new());
        for round in 0..2000u32 {
            if random.chance(1, 2) || plain.is_empty() {
                let is_live = random.chance(3, 4);
                ranked.push(cell(round), is_live);
                plain.push(is_live);
            } else {
                let place = random.below(plain.len() as u64) as usize;
                plain[place] = random.chance(1, 2);
                ranked.replace(place, cell(round), plain[place]);
            }
            let live: Vec<usize> = (0..plain.len()).filter(|place| plain[*place]).collect();
            assert_eq!(ranked.live(), live.len());
            let rank = random.below(live.len() as u64 + 1) as usize;
            assert_eq!(ranked.place(rank), live.get(rank).copied(), "rank {rank} in round {round}");
        }
    }
}
