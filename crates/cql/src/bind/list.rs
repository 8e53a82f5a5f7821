//! A list while a statement changes it: each change sees those before it. Elements are found by index and by value
//! without going through the list again.

use super::ranked_cells::RankedCells;
use henge_base::{Bytes, count_steps};
use henge_model::{Cell, CellKind, CellView, DataType, Row};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The elements of a list in order.
pub(super) struct List {
    of: Arc<DataType>,
    now_seconds: i64,
    /// The newest deletion of the whole list: cells up to its time are not live.
    deleted: Option<i64>,
    /// Prepended elements, the last one first in the list.
    front: RankedCells,
    back: RankedCells,
    /// Elements by value; `None` until a change asks for it.
    by_value: Option<BTreeMap<ByValue, Vec<Place>>>,
}

/// The place of an element among the prepended ones, or among the others.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Front(usize),
    Back(usize),
}

/// A value in the order of its type.
struct ByValue {
    of: Arc<DataType>,
    value: Bytes,
}

impl List {
    /// The list of these cells of one column. `of` is the type of its elements.
    pub(super) fn new(cells: Vec<Cell>, of: &DataType, now_seconds: i64) -> List {
        let deletions = cells.iter().filter(|cell| is_deletion(cell)).map(|cell| cell.timestamp);
        let deleted = deletions.max();
        let mut row = Row { cells, ..Row::default() };
        row.normalize();
        let mut elements = row.cells;
        elements.retain(|cell| !is_deletion(cell));
        elements.sort_by(|a, b| compare(&a.path, &b.path));
        let (of, front, back) = (Arc::new(of.clone()), RankedCells::default(), RankedCells::default());
        let mut list = List { of, now_seconds, deleted, front, back, by_value: None };
        elements.into_iter().for_each(|cell| list.push_back(cell));
        list
    }

    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        self.front.live() + self.back.live()
    }

    /// The place and path of the element at an index.
    pub(super) fn at(&self, index: usize) -> Option<(Place, Bytes)> {
        let in_front = self.front.live();
        let place = match index.checked_sub(in_front) {
            None => Place::Front(self.front.place(in_front - 1 - index)?),
            Some(index) => Place::Back(self.back.place(index)?),
        };
        Some((place, self.cell(place).path.clone()))
    }

    /// Writes over an element.
    pub(super) fn write(&mut self, place: Place, cell: Cell) {
        let mut row = Row { cells: vec![self.cell(place).clone(), cell], ..Row::default() };
        row.normalize();
        let Some(newest) = row.cells.pop() else { return };
        let is_live = self.is_live(&newest);
        if is_live {
            self.remember(&newest, place);
        }
        match place {
            Place::Front(place) => self.front.replace(place, newest, is_live),
            Place::Back(place) => self.back.replace(place, newest, is_live),
        }
    }

    /// Adds an element at the end, or in front if `prepend`. False if it does not belong there, since an element that
    /// another clock gave its path is beyond it: then the list has to be made anew.
    pub(super) fn add(&mut self, cell: Cell, prepend: bool) -> bool {
        let (front, back) = (self.front.cells(), self.back.cells());
        let beyond = if prepend { front.last().or(back.first()) } else { back.last().or(front.first()) };
        let wanted = if prepend { Ordering::Less } else { Ordering::Greater };
        if beyond.is_some_and(|beyond| compare(&cell.path, &beyond.path) != wanted) {
            return false;
        }
        match prepend {
            true => self.push_front(cell),
            false => self.push_back(cell),
        }
        true
    }

    /// The paths of the elements that equal a value, each given once.
    pub(super) fn take_equal(&mut self, value: &[u8]) -> Vec<(Place, Bytes)> {
        if self.by_value.is_none() {
            self.by_value = Some(BTreeMap::new());
            let front = (0..self.front.cells().len()).map(Place::Front);
            let places: Vec<Place> = front.chain((0..self.back.cells().len()).map(Place::Back)).collect();
            let live: Vec<Place> = places.into_iter().filter(|place| self.has(*place)).collect();
            for place in live {
                let cell = self.cell(place).clone();
                self.remember(&cell, place);
            }
        }
        let key = ByValue { of: self.of.clone(), value: Bytes::copy_from_slice(value) };
        let places = self.by_value.as_mut().and_then(|by_value| by_value.remove(&key)).unwrap_or_default();
        // A value that was replaced meanwhile is another's.
        let is_still = |place: &Place| self.has(*place) && self.of.compare(value_of(self.cell(*place)), value).is_eq();
        places.into_iter().filter(is_still).map(|place| (place, self.cell(place).path.clone())).collect()
    }

    fn push_front(&mut self, cell: Cell) {
        let (place, is_live) = (Place::Front(self.front.cells().len()), self.is_live(&cell));
        if is_live {
            self.remember(&cell, place);
        }
        self.front.push(cell, is_live);
    }

    fn push_back(&mut self, cell: Cell) {
        let (place, is_live) = (Place::Back(self.back.cells().len()), self.is_live(&cell));
        if is_live {
            self.remember(&cell, place);
        }
        self.back.push(cell, is_live);
    }

    /// Makes an element known by its value, if a change has asked for values.
    fn remember(&mut self, cell: &Cell, place: Place) {
        if let Some(by_value) = &mut self.by_value {
            let value = Bytes::copy_from_slice(value_of(cell));
            by_value.entry(ByValue { of: self.of.clone(), value }).or_default().push(place);
        }
    }

    fn cell(&self, place: Place) -> &Cell {
        match place {
            Place::Front(place) => &self.front.cells()[place],
            Place::Back(place) => &self.back.cells()[place],
        }
    }

    fn has(&self, place: Place) -> bool {
        match place {
            Place::Front(place) => self.front.is_live(place),
            Place::Back(place) => self.back.is_live(place),
        }
    }

    fn is_live(&self, cell: &Cell) -> bool {
        count_steps(1);
        let is_deleted = self.deleted.is_some_and(|deleted| cell.timestamp <= deleted);
        !is_deleted && cell.view().live_value(self.now_seconds).is_some()
    }
}

impl Ord for ByValue {
    fn cmp(&self, other: &ByValue) -> Ordering {
        count_steps(1);
        self.of.compare(&self.value, &other.value)
    }
}

impl PartialOrd for ByValue {
    fn partial_cmp(&self, other: &ByValue) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByValue {
    fn eq(&self, other: &ByValue) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByValue {}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    count_steps(1);
    DataType::Timeuuid.compare(a, b)
}

fn is_deletion(cell: &Cell) -> bool {
    matches!(cell.kind, CellKind::ComplexDeletion { .. })
}

/// The value of a cell; empty for deletions.
pub(super) fn value_of(cell: &Cell) -> &[u8] {
    match &cell.kind {
        CellKind::Live { value } | CellKind::Expiring { value, .. } => value,
        CellKind::Tombstone { .. } | CellKind::ComplexDeletion { .. } => &[],
    }
}

/// The first cell of each column.
pub(super) fn first_cells<'r>(
    cells: impl Iterator<Item = CellView<'r>>,
) -> BTreeMap<henge_model::ColumnId, CellView<'r>> {
    let mut first = BTreeMap::new();
    cells.for_each(|cell| _ = first.entry(cell.column).or_insert(cell));
    first
}
