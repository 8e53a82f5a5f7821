use super::*;
use crate::sample::{live, table};
use crate::{ColumnId, DataType, Key, Marker, Order, PartitionKey, Row, RowView, Table, encode_row};
use henge_base::Bytes;
use proptest::prelude::*;

fn index(column: u32, part: IndexedPart) -> Index {
    Index { id: IndexId(3), name: "i".to_owned(), column: ColumnId(column), part, kind: IndexKind::Plain }
}

fn sample() -> Table {
    let text = DataType::Text;
    let map = DataType::Map(Box::new(text.clone()), Box::new(DataType::Int));
    table(&[DataType::Int, text.clone()], &[(DataType::Int, Order::Descending)], &[], &[DataType::Int, map, text])
}

fn key(table: &Table) -> Key {
    let partition = PartitionKey::from_components(&[&[0, 0, 0, 1], b"p"]).unwrap();
    Key::row(table, &partition, &[&[0, 0, 0, 9]]).unwrap()
}

fn terms(index: &Index, table: &Table, row: &Row) -> Vec<Bytes> {
    let (key, mut bytes, mut found) = (key(table), Vec::new(), Vec::new());
    encode_row(key.bytes(), row, &mut bytes);
    index.each_term(table, key.bytes(), &RowView::parse(key.bytes(), &bytes).unwrap(), &mut |term| found.push(term));
    found
}

fn element(column: u32, path: &'static [u8], value: &'static [u8]) -> crate::Cell {
    crate::Cell { path: Bytes::from_static(path), ..live(column, 5, value) }
}

#[test]
fn a_row_is_found_by_what_its_index_holds() {
    let table = sample();
    let cells = vec![live(3, 5, &[0, 0, 0, 7]), element(4, b"a", &[0, 0, 0, 1]), element(4, b"b", &[0, 0, 0, 2])];
    let row = Row { cells, ..Row::default() };
    let value = index(3, IndexedPart::Value);
    assert_eq!(terms(&value, &table, &row), [value.term(&table, &[0, 0, 0, 7]).unwrap()]);
    let keys = index(4, IndexedPart::Keys);
    assert_eq!(terms(&keys, &table, &row), [keys.term(&table, b"a").unwrap(), keys.term(&table, b"b").unwrap()]);
    let values = index(4, IndexedPart::Values);
    assert_eq!(terms(&values, &table, &row)[1], values.term(&table, &[0, 0, 0, 2]).unwrap());
    let entries = index(4, IndexedPart::Entries);
    assert_eq!(terms(&entries, &table, &row)[0], entries.map_entry_term(&table, b"a", &[0, 0, 0, 1]).unwrap());
    for (column, value) in [(0, &[0, 0, 0, 1][..]), (1, b"p"), (2, &[0, 0, 0, 9])] {
        let of_key = index(column, IndexedPart::Value);
        assert_eq!(terms(&of_key, &table, &row), [of_key.term(&table, value).unwrap()]);
    }
}

#[test]
fn a_deleted_row_is_found_by_nothing() {
    let table = sample();
    let deletion = crate::Deletion { timestamp: 9, local_seconds: 1 };
    let row = Row { deletion: Some(deletion), ..Row::default() };
    for column in 0..4 {
        assert_eq!(terms(&index(column, IndexedPart::Value), &table, &row), Vec::<Bytes>::new());
    }
    let marker = Some(Marker { timestamp: 10, expiry: None });
    assert_eq!(terms(&index(2, IndexedPart::Value), &table, &Row { marker, ..row }).len(), 1);
}

#[test]
fn texts_are_compared_as_the_options_say() {
    let all = Analysis { ignores_case: true, normalizes: true, folds_to_ascii: true };
    let cases = [("ABC", "abc"), ("e\u{301}", "e"), ("Straße", "strasse"), ("Łódź", "lodz"), ("漢", "漢")];
    for (text, compared) in cases {
        assert_eq!(&*all.apply(text.as_bytes()), compared.as_bytes(), "{text}");
    }
    let normalizes = Analysis { normalizes: true, ..Analysis::default() };
    assert_eq!(&*normalizes.apply("e\u{301}A".as_bytes()), "éA".as_bytes());
    assert_eq!(&*all.apply(&[0xff, b'A']), &[0xff, b'A'], "bytes that are no text stay");
}

proptest! {
    #[test]
    fn entries_read_back_and_sort_by_term_then_row(a: i32, b: i32, text in "[a-c\\x00]{0,3}") {
        let table = sample();
        let (index, row) = (index(3, IndexedPart::Value), key(&table));
        let term = |value: i32| index.term(&table, &value.to_be_bytes()).unwrap();
        let entry = |value: i32| IndexEntry::key(table.storage_id, index.id, &term(value), row.bytes());
        prop_assert_eq!(entry(a).cmp(&entry(b)), a.cmp(&b));
        let (first, second) = (entry(a), term(a));
        let (found, base) = IndexEntry::parse(&first).unwrap();
        prop_assert_eq!((found, &base[..]), (&second[..], row.bytes()));
        let (low, high) = IndexEntry::range(table.storage_id, index.id, &Terms::One(term(a)), row.bytes(), &[row.bytes(), &[0]].concat());
        prop_assert!(low <= first && first < high);
        let between = Terms::from_bounds(Some(term(a.min(b))), Some(term(a.max(b))));
        let (low, high) = IndexEntry::range(table.storage_id, index.id, &between, &[], &[]);
        prop_assert!(between.contains(&term(a)) && between.contains(&term(b)));
        prop_assert!(low <= first && first < high);
        let of_text = self::index(5, IndexedPart::Value);
        let entry = IndexEntry::key(table.storage_id, of_text.id, &of_text.term(&table, text.as_bytes()).unwrap(), row.bytes());
        prop_assert_eq!(IndexEntry::parse(&entry).unwrap().1, row.to_bytes());
    }

    #[test]
    fn values_that_begin_alike_share_a_term(tail in 0..9_u8, other in 0..9_u8) {
        let (table, index) = (sample(), index(5, IndexedPart::Value));
        let long = |tail: u8| [&[b'x'; 2_000][..], &[tail]].concat();
        prop_assert_eq!(index.term(&table, &long(tail)), index.term(&table, &long(other)));
    }

    #[test]
    fn any_bytes_are_taken_for_an_entry_without_panic(bytes: Vec<u8>) {
        let _ = IndexEntry::parse(&bytes);
    }
}
