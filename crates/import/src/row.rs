//! One row as writes: the cells of one time go by one statement.

use crate::cells::{Cell, CellTime, Element, SourceRow, encode_collection};
use crate::table::{Form, Part, Table, ValueColumn};
use henge_base::Bytes;
use henge_model::BoundValue;
use std::collections::BTreeMap;

/// A prepared statement of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    Insert,
    Update(Part),
}

/// A write, with its values in the order of the markers; `None` is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) by: Writer,
    pub(crate) values: Vec<Option<Bytes>>,
}

impl Write {
    /// The values as they are bound.
    pub(crate) fn bound_values(&self) -> impl Iterator<Item = BoundValue<'_>> {
        self.values.iter().map(|value| value.as_deref().map_or(BoundValue::Unset, BoundValue::Value))
    }
}

/// The times of what has none of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowTimes {
    /// Microseconds since 1970 at which the import began.
    pub(crate) began_us: i64,
    /// Microseconds by which lists are later than they were: one more for each attempt, so that a list which is written again is replaced.
    pub(crate) list_shift: i64,
}

/// The writes of a row of a table without counters. Static columns are left out unless the row is the first of its partition.
pub(crate) fn writes(table: &Table, row: &SourceRow, times: RowTimes, is_first: bool) -> Vec<Write> {
    let groups = group(table, row, times);
    let mut writes = Vec::new();
    for ((part, time), cells) in groups.iter().filter(|((part, _), _)| *part == Part::Static && is_first) {
        writes.push(update(table, row, *part, *time, cells));
    }
    // A partition that has static columns alone.
    if row.key.iter().any(Option::is_none) {
        return writes;
    }
    let of_row = || groups.keys().filter(|(part, _)| *part == Part::Regular).map(|(_, time)| *time);
    // The row itself has a time of its own, which nobody is told: it stays as long as its cells do.
    let stays = of_row().filter(|time| time.ttl == 0).min();
    let own = stays.or_else(|| of_row().max_by_key(|time| (time.ttl, time.written)));
    let own = own.unwrap_or(CellTime { written: times.began_us, ttl: 0 });
    let is_single = |cell: &&Cell| table.values[cell.column].form == Form::Single;
    let none = Vec::new();
    let cells = groups.get(&(Part::Regular, own)).unwrap_or(&none);
    writes.push(insert(table, row, own, &cells.iter().copied().filter(is_single).collect::<Vec<_>>()));
    for ((part, time), cells) in groups.iter().filter(|((part, _), _)| *part == Part::Regular) {
        let is_left = |cell: &&Cell| *time != own || !is_single(cell);
        let left: Vec<&Cell> = cells.iter().copied().filter(is_left).collect();
        if !left.is_empty() {
            writes.push(update(table, row, *part, *time, &left));
        }
    }
    writes
}

/// The cells of a row by their part and time.
fn group<'a>(table: &Table, row: &'a SourceRow, times: RowTimes) -> BTreeMap<(Part, CellTime), Vec<&'a Cell>> {
    // What has no time is as new as the newest that has one.
    let newest = row.cells.iter().filter_map(|cell| cell.time).map(|time| time.written).max();
    let assumed = CellTime { written: newest.unwrap_or(times.began_us), ttl: 0 };
    let mut groups: BTreeMap<(Part, CellTime), Vec<&Cell>> = BTreeMap::new();
    for cell in &row.cells {
        let column = &table.values[cell.column];
        let mut time = cell.time.unwrap_or(assumed);
        if column.form == Form::List {
            time.written = time.written.saturating_add(times.list_shift);
        }
        let part = if column.is_static { Part::Static } else { Part::Regular };
        groups.entry((part, time)).or_default().push(cell);
    }
    groups
}

fn time_values(time: CellTime) -> [Option<Bytes>; 2] {
    [Some(Bytes::copy_from_slice(&time.written.to_be_bytes())), Some(Bytes::copy_from_slice(&time.ttl.to_be_bytes()))]
}

fn insert(table: &Table, row: &SourceRow, time: CellTime, cells: &[&Cell]) -> Write {
    let singles = table.columns(Part::Regular).filter(|(_, column)| column.form == Form::Single);
    let singles = singles.map(|(place, _)| cells.iter().find(|cell| cell.column == place).and_then(|cell| whole(cell)));
    let values = row.key.iter().cloned().chain(singles).chain(time_values(time)).collect();
    Write { by: Writer::Insert, values }
}

fn update(table: &Table, row: &SourceRow, part: Part, time: CellTime, cells: &[&Cell]) -> Write {
    let of_column = |(place, column): (usize, &ValueColumn)| {
        let own: Vec<&Cell> = cells.iter().copied().filter(|cell| cell.column == place).collect();
        slots(&column.form, &own)
    };
    let slots = table.columns(part).flat_map(of_column);
    let values = time_values(time).into_iter().chain(slots).chain(key_of(table, row, part)).collect();
    Write { by: Writer::Update(part), values }
}

/// The key of a part of a row.
pub(crate) fn key_of(table: &Table, row: &SourceRow, part: Part) -> impl Iterator<Item = Option<Bytes>> {
    let columns = if part == Part::Static { table.partition_key.len() } else { table.key_columns() };
    row.key.clone().into_iter().take(columns)
}

/// The values of a column's markers.
fn slots(form: &Form, cells: &[&Cell]) -> Vec<Option<Bytes>> {
    let collection = |values: Vec<&Bytes>| {
        let encoded = || Bytes::from(encode_collection(cells.len(), values.iter().copied()));
        vec![(!cells.is_empty()).then(encoded)]
    };
    match form {
        Form::Single | Form::List | Form::Counter => vec![cells.first().and_then(|cell| whole(cell))],
        Form::Set | Form::Map => collection(cells.iter().flat_map(|cell| parts(&cell.element)).collect()),
        Form::Fields(names) => {
            (0..names.len()).map(|field| cells.iter().find_map(|cell| field_of(cell, field))).collect()
        }
    }
}

fn whole(cell: &Cell) -> Option<Bytes> {
    if let Element::Whole(value) = &cell.element { Some(value.clone()) } else { None }
}

fn parts(element: &Element) -> Vec<&Bytes> {
    match element {
        Element::Whole(value) | Element::Member(value) | Element::Field(_, value) => vec![value],
        Element::Entry(key, value) => vec![key, value],
    }
}

fn field_of(cell: &Cell, wanted: usize) -> Option<Bytes> {
    match &cell.element {
        Element::Field(field, value) if *field == wanted => Some(value.clone()),
        _ => None,
    }
}

/// The additions that bring the counters of a part of a row to the values of the source; `None` if they are there.
pub(crate) fn additions(table: &Table, row: &SourceRow, part: Part, present: &[Option<Bytes>]) -> Option<Write> {
    let number = |value: &[u8]| value.try_into().map_or(0, i64::from_be_bytes);
    let mut is_needed = false;
    let places: Vec<usize> = table.columns(part).map(|(place, _)| place).collect();
    let slots: Vec<Option<Bytes>> = places
        .iter()
        .enumerate()
        .map(|(at, place)| {
            let wanted = row.cells.iter().find(|cell| cell.column == *place).and_then(whole)?;
            let present = present.get(at).and_then(Option::as_deref);
            let missing = number(&wanted).wrapping_sub(present.map_or(0, number));
            let is_different = missing != 0 || present.is_none();
            is_needed |= is_different;
            is_different.then(|| Bytes::copy_from_slice(&missing.to_be_bytes()))
        })
        .collect();
    let values = slots.into_iter().chain(key_of(table, row, part)).collect();
    is_needed.then_some(Write { by: Writer::Update(part), values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::read_row;
    use crate::cells::tests::{bytes, int, list, long, table};

    const TIMES: RowTimes = RowTimes { began_us: 99, list_shift: 0 };

    fn insert_of(values: Vec<Option<Bytes>>) -> Write {
        Write { by: Writer::Insert, values }
    }

    fn update_of(part: Part, values: Vec<Option<Bytes>>) -> Write {
        Write { by: Writer::Update(part), values }
    }

    #[test]
    fn cells_of_one_time_go_by_one_statement() {
        let table = table(&[(Form::Single, false), (Form::Single, false), (Form::Single, false)]);
        let cell = |text, written, ttl| [bytes(text), long(written), ttl];
        let values = [cell("a", 5, None), cell("b", 5, None), cell("c", 7, int(60))];
        let key = [bytes("k"), bytes("c")];
        let row = read_row(&table, key.iter().cloned().chain(values.into_iter().flatten()).collect()).unwrap();
        let expected = [
            insert_of(vec![bytes("k"), bytes("c"), bytes("a"), bytes("b"), None, long(5), int(0)]),
            update_of(Part::Regular, vec![long(7), int(60), None, None, bytes("c"), bytes("k"), bytes("c")]),
        ];
        assert_eq!(writes(&table, &row, TIMES, true), expected);
        let empty = read_row(&table, key.into_iter().chain(vec![None; 9]).collect()).unwrap();
        let expected = [insert_of(vec![bytes("k"), bytes("c"), None, None, None, long(99), int(0)])];
        assert_eq!(writes(&table, &empty, TIMES, true), expected);
    }

    #[test]
    fn a_row_expires_with_the_last_of_its_cells() {
        let table = table(&[(Form::Single, false), (Form::Single, false)]);
        let values = vec![bytes("k"), bytes("c"), bytes("a"), long(5), int(10), bytes("b"), long(4), int(20)];
        let row = read_row(&table, values).unwrap();
        let [own, other] = writes(&table, &row, TIMES, true).try_into().unwrap();
        assert_eq!(own, insert_of(vec![bytes("k"), bytes("c"), None, bytes("b"), long(4), int(20)]));
        assert_eq!(other.values[..2], [long(5), int(10)]);
    }

    #[test]
    fn static_columns_are_written_once_for_a_partition() {
        let table = table(&[(Form::Single, true), (Form::Single, false)]);
        let values = vec![bytes("k"), bytes("c"), bytes("s"), long(5), None, bytes("v"), long(6), None];
        let row = read_row(&table, values).unwrap();
        let of_partition = update_of(Part::Static, vec![long(5), int(0), bytes("s"), bytes("k")]);
        let own = insert_of(vec![bytes("k"), bytes("c"), bytes("v"), long(6), int(0)]);
        assert_eq!(writes(&table, &row, TIMES, true), [of_partition.clone(), own.clone()]);
        assert_eq!(writes(&table, &row, TIMES, false), [own]);
        let alone = read_row(&table, vec![bytes("k"), None, bytes("s"), long(5), None, None, None, None]).unwrap();
        assert_eq!(writes(&table, &alone, TIMES, true), [of_partition]);
    }

    #[test]
    fn elements_are_added_and_lists_replaced() {
        let table = table(&[(Form::Map, false), (Form::List, false)]);
        let (five, six) = (5_i64.to_be_bytes(), 6_i64.to_be_bytes());
        let map = list(&[Some(b"a"), Some(b"1"), Some(b"b"), Some(b"2")], 2);
        let (times, both) = (list(&[Some(&five), Some(&six)], 1), list(&[Some(b"x"), Some(b"y")], 1));
        let values =
            vec![bytes("k"), bytes("c"), Some(map), Some(times.clone()), None, Some(both.clone()), Some(times), None];
        let row = read_row(&table, values).unwrap();
        let shifted = RowTimes { list_shift: 1, ..TIMES };
        let entry = |key: &[u8], value: &[u8]| Some(list(&[Some(key), Some(value)], 2));
        let of_row = |written, values: [Option<Bytes>; 2]| {
            let values = [long(written), int(0)].into_iter().chain(values).chain([bytes("k"), bytes("c")]);
            update_of(Part::Regular, values.collect())
        };
        let expected = [
            insert_of(vec![bytes("k"), bytes("c"), long(5), int(0)]),
            of_row(5, [entry(b"a", b"1"), None]),
            of_row(6, [entry(b"b", b"2"), None]),
            of_row(7, [None, Some(both)]),
        ];
        assert_eq!(writes(&table, &row, shifted, true), expected);
    }

    #[test]
    fn counters_are_brought_to_their_values() {
        let table = table(&[(Form::Counter, false), (Form::Counter, false)]);
        let row = read_row(&table, vec![bytes("k"), bytes("c"), long(7), None]).unwrap();
        let added = |present: &[Option<Bytes>]| additions(&table, &row, Part::Regular, present);
        let expected = |number| Some(update_of(Part::Regular, vec![long(number), None, bytes("k"), bytes("c")]));
        assert_eq!([added(&[]), added(&[long(9), None])], [expected(7), expected(-2)]);
        assert_eq!(added(&[long(7), None]), None);
    }
}
