//! Hand-made histories: each breaks one rule, beside one that does not.

use super::answer::Line;
use super::change::{Area, Change, Effect};
use super::history::{Answer, PageOfLines, WideHistory};
use super::place::{Bounds, Cell, Column, Partition, Row, Slice};
use super::select::{RowsOf, Select};
use super::{check_answers, check_final};
use crate::history::Ending;
use henge_model::Consistency;
use std::collections::BTreeMap;
use std::slice::from_ref;

const PARTITION: Partition = Partition(0);
/// Later than the true time of all operations here, in seconds.
const NOW: i64 = 1_700_000_100;
const V: Cell = Cell::Value(Column::V);
const X: Cell = Cell::Value(Column::X);

fn row(c: i32) -> Row {
    Row::new(c, 0)
}

fn put(at: Row, cell: Cell, value: i64) -> Effect {
    Effect::Put { row: Some(at), cell, value, expires: None }
}

/// A change with this timestamp, acknowledged at a quorum from `began` to `began + 1`.
fn change(stamp: i64, began: u64, effects: &[Effect]) -> Change {
    Change {
        partition: PARTITION,
        effects: effects.to_vec(),
        text: "a statement".to_owned(),
        consistency: Consistency::Quorum,
        stamp,
        began,
        ended: Some(began + 1),
        ending: Ending::Ok,
        told: String::new(),
    }
}

fn line(row: Option<Row>, cells: &[(Cell, i64)]) -> Line {
    let list = cells.iter().filter(|(cell, _)| cell.column() == Some(Column::L)).map(|(_, value)| *value).collect();
    Line { partition: PARTITION, row, cells: cells.iter().copied().collect(), list }
}

/// A quorum read of the whole partition from `began` to `began + 1`, one page for each list of lines.
fn answer(began: u64, pages: &[&[Line]]) -> Answer {
    let page = |lines: &&[Line]| PageOfLines { machine: 0, began, ended: began + 1, lines: lines.to_vec() };
    Answer {
        select: Select::whole(PARTITION, None),
        consistency: Consistency::Quorum,
        now_seconds: NOW,
        pages: pages.iter().map(page).collect(),
        is_complete: true,
        fault: None,
    }
}

fn rules(changes: &[Change], answers: &[Answer]) -> Vec<&'static str> {
    let history = WideHistory { changes: changes.to_vec(), answers: answers.to_vec() };
    let mut rules: Vec<&str> = check_answers(&history, true).into_iter().map(|violation| violation.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn a_quorum_read_shows_what_was_acknowledged_before_it_or_something_newer() {
    let changes = [change(10, 1, &[put(row(1), V, 1)]), change(20, 3, &[put(row(1), V, 2)])];
    let shows = |began, value| rules(&changes, &[answer(began, &[&[line(Some(row(1)), &[(V, value)])]])]);
    assert_eq!(shows(2, 1), ["I2"; 0], "it overlaps nothing");
    assert_eq!(shows(4, 1), ["I2"; 0], "the second had not ended");
    assert_eq!(shows(4, 2), ["I2"; 0]);
    assert_eq!(shows(9, 2), ["I2"; 0]);
    assert_eq!(shows(9, 1), ["I3"]);
    assert_eq!(shows(9, 7), ["I3"], "nor anything that nobody wrote");
    let mut early = answer(0, &[&[line(Some(row(1)), &[(V, 2)])]]);
    assert_eq!(rules(&changes, &[early.clone()]), ["I2"], "it had not begun");
    early.consistency = Consistency::One;
    assert_eq!(rules(&changes, &[early]), ["I2"]);
    let mut stale = answer(9, &[&[line(Some(row(1)), &[(V, 1)])]]);
    stale.consistency = Consistency::One;
    assert_eq!(rules(&changes, &[stale]), ["I2"; 0], "ONE may see less");
}

#[test]
fn a_row_is_not_left_out() {
    let mut changes = [change(10, 1, &[put(row(1), Cell::Marker, 1)]), change(12, 1, &[put(row(2), V, 2)])];
    let second = line(Some(row(2)), &[(V, 2)]);
    assert_eq!(rules(&changes, &[answer(9, &[&[line(Some(row(1)), &[]), second.clone()]])]), ["I2"; 0]);
    assert_eq!(rules(&changes, &[answer(9, &[from_ref(&second)])]), ["I3"]);
    assert_eq!(rules(&changes, &[answer(9, &[from_ref(&second), &[]])]), ["I17"], "a page skips it");
    assert_eq!(rules(&changes, &[answer(9, &[])]), ["I2"; 0], "no page, no answer");
    let mut partial = answer(9, &[&[line(Some(row(1)), &[])]]);
    assert_eq!(rules(&changes, &[partial.clone()]), ["I3"]);
    partial.is_complete = false;
    assert_eq!(rules(&changes, &[partial]), ["I2"; 0], "more may follow");
    changes[0].ending = Ending::Unknown;
    assert_eq!(rules(&changes, &[answer(9, &[&[second]])]), ["I2"; 0]);
}

#[test]
fn what_failed_or_was_never_written_is_not_shown() {
    let mut changes = [change(10, 1, &[put(row(1), V, 1)])];
    let shows = |changes: &[Change], value| rules(changes, &[answer(9, &[&[line(Some(row(1)), &[(V, value)])]])]);
    changes[0].ending = Ending::Failed;
    assert_eq!(shows(&changes, 1), ["I39"]);
    assert_eq!(shows(&changes, 2), ["I2"]);
    assert_eq!(rules(&changes, &[answer(9, &[&[line(Some(row(3)), &[])]])]), ["I2"], "a row without anything");
}

#[test]
fn what_a_deletion_covers_does_not_come_back() {
    let areas = [
        Area::Partition,
        Area::Row(row(1)),
        Area::Rows(Slice { c: Bounds { low: Some((0, false)), high: None }, d: Bounds::default() }),
        Area::Cell(Some(row(1)), V),
    ];
    for area in areas {
        let delete = change(20, 3, &[Effect::Delete { area, at: 20 }]);
        let changes = [change(10, 1, &[put(row(1), V, 1)]), delete.clone()];
        let shown = answer(9, &[&[line(Some(row(1)), &[(V, 1)])]]);
        assert_eq!(rules(&changes, from_ref(&shown)), ["I12"], "{area:?}");
        assert_eq!(rules(&changes, &[answer(9, &[&[]])]), ["I2"; 0], "{area:?}");
        let doubtful = [changes[0].clone(), Change { ending: Ending::Unknown, ended: None, ..delete.clone() }];
        assert_eq!(rules(&doubtful, from_ref(&shown)), ["I2"; 0], "{area:?}");
        assert_eq!(rules(&doubtful, &[answer(9, &[&[]])]), ["I2"; 0], "{area:?}");
        let newer = [change(30, 1, &[put(row(1), V, 1)]), delete];
        assert_eq!(rules(&newer, &[answer(9, &[&[]])]), ["I3"], "{area:?}");
    }
    let beside = Effect::Delete { area: Area::Rows(Slice { c: Bounds::exactly(2), d: Bounds::default() }), at: 20 };
    let changes = [change(10, 1, &[put(row(1), V, 1)]), change(20, 3, &[beside])];
    assert_eq!(rules(&changes, &[answer(9, &[&[]])]), ["I3"]);
}

#[test]
fn values_expire_by_the_time_that_the_client_gives() {
    let expiring = |expires| Effect::Put { row: Some(row(1)), cell: V, value: 1, expires: Some(expires) };
    let shown = answer(9, &[&[line(Some(row(1)), &[(V, 1)])]]);
    assert_eq!(rules(&[change(10, 1, &[expiring(NOW + 1)])], from_ref(&shown)), ["I2"; 0]);
    assert_eq!(rules(&[change(10, 1, &[expiring(NOW + 1)])], &[answer(9, &[&[]])]), ["I3"]);
    assert_eq!(rules(&[change(10, 1, &[expiring(NOW)])], &[shown]), ["I14"]);
    assert_eq!(rules(&[change(10, 1, &[expiring(NOW)])], &[answer(9, &[&[]])]), ["I2"; 0]);
    let over = [change(10, 1, &[put(row(1), V, 7)]), change(12, 3, &[expiring(NOW)])];
    assert_eq!(rules(&over, &[answer(9, &[&[line(Some(row(1)), &[(V, 7)])]])]), ["I12"], "it covers what it replaced");
    let late = answer(200_000_000, &[&[]]);
    assert_eq!(rules(&[change(10, 1, &[expiring(NOW + 1)])], &[late]), ["I2"; 0], "it may have been purged");
}

#[test]
fn a_later_quorum_read_does_not_see_less() {
    let mut changes = [change(10, 1, &[put(row(1), V, 1)]), change(20, 3, &[put(row(1), V, 2)])];
    changes[1].ending = Ending::Unknown;
    let shows = |began, value| answer(began, &[&[line(Some(row(1)), &[(V, value)])]]);
    assert_eq!(rules(&changes, &[shows(5, 1), shows(9, 2)]), ["I2"; 0]);
    assert_eq!(rules(&changes, &[shows(5, 2), shows(9, 1)]), ["I4"]);
    assert_eq!(rules(&changes, &[shows(5, 2), shows(6, 1)]), ["I2"; 0], "they overlap");
}

#[test]
fn a_statement_shows_in_a_row_wholly_or_not_at_all() {
    let mut both = change(20, 3, &[put(row(1), V, 3), put(row(1), X, 4)]);
    both.ending = Ending::Unknown;
    let changes = [change(10, 1, &[put(row(1), V, 1), put(row(1), X, 2)]), both];
    let shows = |v, x| rules(&changes, &[answer(9, &[&[line(Some(row(1)), &[(V, v), (X, x)])]])]);
    assert_eq!(shows(1, 2), ["I2"; 0]);
    assert_eq!(shows(3, 4), ["I2"; 0]);
    assert_eq!(shows(3, 2), ["I43"]);
    assert_eq!(shows(1, 4), ["I43"]);
}

#[test]
fn elements_of_collections_have_lives_of_their_own() {
    let of = |column, key, value| put(row(1), Cell::Element(column, key), value);
    let overwrite = [Effect::Delete { area: Area::Collection(Some(row(1)), Column::M), at: 19 }, of(Column::M, 2, 9)];
    let changes =
        [change(10, 1, &[of(Column::M, 1, 5), of(Column::T, 3, 1), of(Column::L, 8, 8)]), change(20, 3, &overwrite)];
    let (set, list) = ((Cell::Element(Column::T, 3), 1), (Cell::Element(Column::L, 8), 8));
    let map = |key, value| (Cell::Element(Column::M, key), value);
    let shows = |cells: &[(Cell, i64)]| rules(&changes, &[answer(9, &[&[line(Some(row(1)), cells)]])]);
    assert_eq!(shows(&[set, list, map(2, 9)]), ["I2"; 0]);
    assert_eq!(shows(&[set, list, map(1, 5), map(2, 9)]), ["I12"]);
    assert_eq!(shows(&[list, map(2, 9)]), ["I3"]);
    assert_eq!(shows(&[set, map(2, 9)]), ["I3"]);
    assert_eq!(shows(&[set, list, map(2, 5)]), ["I3"]);
}

#[test]
fn rows_come_in_order_once_and_within_bounds() {
    let changes = [change(10, 1, &[put(row(1), V, 1), put(row(2), V, 2), put(row(3), V, 3)])];
    let of = |c: i32| line(Some(row(c)), &[(V, i64::from(c))]);
    let good = answer(9, &[&[of(1), of(2)], &[of(3)]]);
    let with = |select: Select| rules(&changes, &[Answer { select, ..good.clone() }]);
    assert_eq!(rules(&changes, from_ref(&good)), ["I2"; 0]);
    assert_eq!(rules(&changes, &[answer(9, &[&[of(1), of(3)], &[of(2)]])]), ["I16"], "the order");
    assert_eq!(rules(&changes, &[answer(9, &[&[of(1), of(2)], &[of(2), of(3)]])]), ["I16"], "twice");
    let whole = good.select.clone();
    assert_eq!(with(Select { is_reversed: true, ..whole.clone() }), ["I16"]);
    assert_eq!(with(Select { page_size: Some(1), ..whole.clone() }), ["I16"]);
    assert_eq!(with(Select { limit: Some(2), ..whole.clone() }), ["I16"]);
    assert_eq!(with(Select { partition_limit: Some(2), ..whole.clone() }), ["I16"]);
    assert_eq!(with(Select { rows: RowsOf::In(vec![row(1), row(2)]), ..whole.clone() }), ["I16"]);
    assert_eq!(with(Select { limit: Some(3), ..whole.clone() }), ["I2"; 0]);
    let few = |limit| Answer { select: Select { limit, ..whole.clone() }, ..answer(9, &[&[of(1)]]) };
    assert_eq!(rules(&changes, &[few(Some(1))]), ["I2"; 0]);
    assert_eq!(rules(&changes, &[few(Some(2))]), ["I3"], "there are more within the limit");
    let skips = Answer { select: Select { limit: Some(2), ..whole.clone() }, ..answer(9, &[&[of(1), of(3)]]) };
    assert_eq!(rules(&changes, &[skips]), ["I3"], "the second is left out");
}

#[test]
fn a_static_row_is_by_itself_only_where_there_is_no_other() {
    let of_statics = Effect::Put { row: None, cell: Cell::Value(Column::S), value: 5, expires: None };
    let alone = line(None, &[(Cell::Value(Column::S), 5)]);
    let statics = change(10, 1, &[of_statics]);
    assert_eq!(rules(from_ref(&statics), &[answer(9, &[from_ref(&alone)])]), ["I2"; 0]);
    assert_eq!(rules(from_ref(&statics), &[answer(9, &[&[]])]), ["I3"]);
    let changes = [statics, change(12, 1, &[put(row(1), V, 1)])];
    assert_eq!(rules(&changes, &[answer(9, &[from_ref(&alone)])]), ["I3"], "the row is left out");
    let beside = line(Some(row(1)), &[(Cell::Value(Column::S), 5), (V, 1)]);
    assert_eq!(rules(&changes, &[answer(9, &[from_ref(&beside)])]), ["I2"; 0]);
    let apart = answer(9, &[from_ref(&alone), from_ref(&beside)]);
    assert_eq!(rules(&changes, &[apart]), ["I2"; 0], "the row may have been written between the pages");
    assert_eq!(rules(&changes, &[answer(9, &[&[alone, beside]])]), ["I16"]);
    let without = line(Some(row(1)), &[(V, 1)]);
    assert_eq!(rules(&changes, &[answer(9, &[&[without]])]), ["I3"], "the static value is left out");
}

#[test]
fn a_healed_cluster_shows_all_that_was_acknowledged_and_the_same_everywhere() {
    let mut changes = [change(10, 1, &[put(row(1), V, 1)]), change(20, 3, &[put(row(1), V, 2)])];
    changes[0].consistency = Consistency::One;
    changes[1].ending = Ending::Unknown;
    let shows = |value| answer(9, &[&[line(Some(row(1)), &[(V, value)])]]);
    let rules = |answers: &[Answer]| -> Vec<&str> {
        check_final(&changes, answers, true).into_iter().map(|violation| violation.rule).collect()
    };
    assert_eq!(rules(&[shows(1), shows(1)]), ["I2"; 0]);
    assert_eq!(rules(&[shows(2), shows(2)]), ["I2"; 0]);
    assert_eq!(rules(&[shows(1), shows(2)]), ["I10"]);
    assert_eq!(rules(&[answer(9, &[&[]])]), ["I3"], "acknowledged at ONE");
}

#[test]
fn lines_are_made_of_what_the_statement_asks_for() {
    let select = Select { columns: vec![Column::V, Column::T], ..Select::whole(PARTITION, None) };
    let bytes = |bytes: &[u8]| Some(henge_base::Bytes::copy_from_slice(bytes));
    let int = |value: i32| bytes(&value.to_be_bytes());
    let set = |elements: &[i32]| {
        let mut out = (elements.len() as i32).to_be_bytes().to_vec();
        elements.iter().for_each(|e| out.extend([4_i32.to_be_bytes(), e.to_be_bytes()].concat()));
        bytes(&out)
    };
    let decode = |v, t| super::answer::decode(&select, &[int(0), bytes(b"a"), int(1), int(2), v, t]);
    let found = decode(bytes(&7_i64.to_be_bytes()), set(&[1, 3])).expect("a line");
    assert_eq!((found.partition, found.row), (PARTITION, Some(Row::new(1, 2))));
    let cells = [(V, 7), (Cell::Element(Column::T, 1), 1), (Cell::Element(Column::T, 3), 1)];
    assert_eq!(found.cells, BTreeMap::from(cells));
    assert_eq!(decode(int(7), None), None, "too short");
    assert_eq!(decode(None, set(&[3, 1])), None, "out of order");
    assert_eq!(decode(None, set(&[1, 1])), None, "twice");
    assert_eq!(decode(None, set(&[])), None, "an empty set is null");
}
