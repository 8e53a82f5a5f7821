//! The expected outcome of a script, by the rules of CQL alone: it keeps, for each place of each row, all that was ever written.

use super::script::{MAP, Place, Read, Write, place};
use henge_model::{ColumnId, KeyRange, ReadCommand, RowView};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A row as a reader sees it: whether its marker counts, and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VisibleRow {
    at: Place,
    marked: bool,
    values: BTreeMap<(ColumnId, String), String>,
}

impl VisibleRow {
    /// The visible part of an answered row; `None` if nothing.
    pub(super) fn of(key: &[u8], row: &[u8], command: &ReadCommand) -> Option<VisibleRow> {
        let Ok(view) = RowView::parse(key, row) else { panic!("{key:?} is no row") };
        if !view.is_live(command.now_seconds) {
            return None;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let live = view.cells().filter_map(|c| c.live_value(command.now_seconds).map(|value| (c, value)));
        let values = live.map(|(cell, value)| ((cell.column, text(cell.path)), text(value))).collect();
        Some(VisibleRow {
            at: place(key),
            marked: view.marker().is_some_and(|m| m.is_live(command.now_seconds)),
            values,
        })
    }
}

/// Something written to one place, in the order in which it wins: later; a tombstone before what expires before a value; later expiry; greater value.
type Version = (i64, u8, i64, String);

/// Everything that was written.
pub(super) struct Naive {
    writes: Vec<Write>,
    /// In the order of tokens, as a scan meets them.
    partitions: Vec<u8>,
    now: i64,
}

impl Naive {
    /// At a moment, in seconds.
    pub(super) fn of(writes: &[Write], now: i64) -> Naive {
        let partitions: BTreeSet<u8> = (0..3).collect();
        let mut partitions: Vec<u8> = partitions.into_iter().collect();
        partitions.sort_by_key(|partition| henge_model::Token::from_key(&[*partition]));
        Naive { writes: writes.to_vec(), partitions, now }
    }

    /// The rows that a read has to show, in its order.
    pub(super) fn expected_rows(&self, read: &Read) -> Vec<VisibleRow> {
        let mut shown = Vec::new();
        let wanted = |partition: &&u8| read.partition.is_none_or(|wanted| wanted == **partition);
        for partition in self.partitions.iter().filter(wanted) {
            let statics = read.from.is_none().then_some(None);
            let rows = (0..6).filter(|row| read.from.is_none_or(|from| from <= *row));
            let rows = rows.filter(|row| read.to.is_none_or(|to| *row < to)).map(Some);
            shown.extend(statics.into_iter().chain(rows).filter_map(|row| self.row((*partition, row))));
        }
        if matches!(read.command.keys, KeyRange::Run { reversed: true, .. }) {
            shown.reverse();
        }
        shown
    }

    fn row(&self, at: Place) -> Option<VisibleRow> {
        let deleted = self.deletions(at).max();
        let uncovered = |timestamp: i64| deleted.is_none_or(|deleted| timestamp > deleted);
        let markers = self.writes.iter().filter_map(|write| match write {
            Write::Marker { at: place, timestamp, expires } if *place == at => Some((*timestamp, *expires)),
            _ => None,
        });
        // Of markers the later, one that expires before one that does not, the later expiry.
        let marker = markers.filter(|(timestamp, _)| uncovered(*timestamp)).max();
        let marked = marker.is_some_and(|(_, expires)| expires.is_none_or(|expires| self.now < expires));
        let mut values = BTreeMap::new();
        for ((column, path), versions) in self.places(at) {
            let column_deleted = self.column_deletion(at).filter(|_| column == MAP);
            let winner = versions.into_iter().max_by_key(|version| (version.clone(), Reverse(0)));
            let Some((timestamp, kind, expires, value)) = winner else { continue };
            let live = match kind {
                0 => true,
                1 => self.now < expires,
                _ => false,
            };
            if live && uncovered(timestamp) && column_deleted.is_none_or(|deleted| timestamp > deleted) {
                values.insert((column, path), value);
            }
        }
        (marked || !values.is_empty()).then_some(VisibleRow { at, marked, values })
    }

    /// All versions of every place of a row.
    fn places(&self, at: Place) -> BTreeMap<(ColumnId, String), Vec<Version>> {
        let mut places: BTreeMap<(ColumnId, String), Vec<Version>> = BTreeMap::new();
        for write in &self.writes {
            let (column, path, version) = match write {
                Write::Value { at: to, column, path, timestamp, value, expires } if *to == at => {
                    let kind = u8::from(expires.is_some());
                    (column, path, (*timestamp, kind, expires.unwrap_or(0), value.clone()))
                }
                Write::DeleteCell { at: to, column, path, timestamp } if *to == at => {
                    (column, path, (*timestamp, 2, 0, String::new()))
                }
                _ => continue,
            };
            places.entry((*column, (*path).to_owned())).or_default().push(version);
        }
        places
    }

    /// Timestamps of the deletions that cover a row.
    fn deletions(&self, at: Place) -> impl Iterator<Item = i64> {
        let covers = move |write: &Write| match write {
            Write::DeleteRow { at: row, timestamp } => (*row == at).then_some(*timestamp),
            Write::DeletePartition { partition, timestamp } => (*partition == at.0).then_some(*timestamp),
            Write::DeleteRange { partition, from, to, timestamp } => {
                let within = |row: i32| from.is_none_or(|from| from <= row) && to.is_none_or(|to| row < to);
                (*partition == at.0 && at.1.is_some_and(within)).then_some(*timestamp)
            }
            _ => None,
        };
        self.writes.iter().filter_map(covers)
    }

    fn column_deletion(&self, at: Place) -> Option<i64> {
        let of = |write: &Write| match write {
            Write::DeleteColumn { at: row, timestamp } if *row == at => Some(*timestamp),
            _ => None,
        };
        self.writes.iter().filter_map(of).max()
    }
}
