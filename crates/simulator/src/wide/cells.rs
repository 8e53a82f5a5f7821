//! The model: the versions of every cell, from the statements alone.

use super::change::{Change, Effect};
use super::place::{Cell, Partition, Row};
use henge_base::Micros;
use std::collections::BTreeMap;

/// A version of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) at: Micros,
    /// The number of the change that it is of.
    pub(crate) change: usize,
    /// The value and the time in seconds from which on it counts as deleted; `None` for a deletion.
    pub(crate) put: Option<(i64, Option<i64>)>,
}

impl Version {
    /// The value at a time; `None` if there is none any more.
    pub(crate) fn value(&self, now_seconds: i64) -> Option<i64> {
        let (value, expires) = self.put?;
        expires.is_none_or(|expires| now_seconds < expires).then_some(value)
    }
}

/// The versions of the cells of a row, the newest first.
pub(crate) type RowCells = BTreeMap<Cell, Vec<Version>>;

/// The cells of all rows in which anything was ever put; a partition's static row is `None`.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    partitions: BTreeMap<Partition, BTreeMap<Option<Row>, RowCells>>,
}

impl Cells {
    /// The cells that these changes have made, or may have.
    pub(crate) fn new(changes: &[Change]) -> Cells {
        let mut cells = Cells::default();
        for (number, change) in changes.iter().enumerate() {
            let rows = cells.partitions.entry(change.partition).or_default();
            for effect in &change.effects {
                let Effect::Put { row, cell, value, expires } = *effect else { continue };
                let version = Version { at: change.stamp, change: number, put: Some((value, expires)) };
                rows.entry(row).or_default().entry(cell).or_default().push(version);
            }
        }
        for (number, change) in changes.iter().enumerate() {
            let Some(rows) = cells.partitions.get_mut(&change.partition) else { continue };
            for effect in &change.effects {
                let Effect::Delete { area, at } = *effect else { continue };
                for (row, cells) in rows.iter_mut() {
                    for (_, versions) in cells.iter_mut().filter(|(cell, _)| area.covers(*row, **cell)) {
                        versions.push(Version { at, change: number, put: None });
                    }
                }
            }
        }
        let rows = cells.partitions.values_mut().flat_map(BTreeMap::values_mut);
        for versions in rows.flat_map(BTreeMap::values_mut) {
            versions.sort_by_key(|version| std::cmp::Reverse(version.at));
        }
        cells
    }

    /// The rows of a partition in which anything was put, the static one too.
    pub(crate) fn rows(&self, partition: Partition) -> impl Iterator<Item = (Option<Row>, &RowCells)> {
        self.partitions.get(&partition).into_iter().flatten().map(|(row, cells)| (*row, cells))
    }

    /// The cells of a row; `None` if nothing was put there.
    pub(crate) fn row(&self, partition: Partition, row: Option<Row>) -> Option<&RowCells> {
        self.partitions.get(&partition)?.get(&row)
    }
}
