//! Tests of bound collections: they are sorted, and nulls are refused.

use super::*;
use crate::context::BoundValue;

/// An encoded collection of these parts, of which `each` form an element; a map has two, key and value.
fn collection(parts: &[Option<&[u8]>], each: usize) -> Vec<u8> {
    let mut out = ((parts.len() / each) as i32).to_be_bytes().to_vec();
    for part in parts {
        out.extend(part.map_or(-1, |part| part.len() as i32).to_be_bytes());
        out.extend(part.unwrap_or_default());
    }
    out
}

fn ints(values: &[i32], each: usize) -> Vec<u8> {
    let values: Vec<[u8; 4]> = values.iter().map(|value| value.to_be_bytes()).collect();
    collection(&values.iter().map(|value| Some(&value[..])).collect::<Vec<_>>(), each)
}

#[test]
fn sets_and_maps_are_the_keys_that_their_literals_are() {
    let (set, map) = (ints(&[2, 1, 2], 1), ints(&[2, 8, 1, 9, 2, 7], 2));
    let values = [BoundValue::Value(&set), BoundValue::Value(&map)];
    let bound = bind_rows("INSERT INTO sets (k, c, v) VALUES (?, ?, 1)", &values);
    let literal = bind_rows("INSERT INTO sets (k, c, v) VALUES ({1, 2}, {1: 9, 2: 7}, 1)", &[]);
    assert_eq!((&bound[0].0.key, &bound[0].1), (&literal[0].0.key, &literal[0].1));
    let plan = select("SELECT v FROM sets WHERE k = ? AND c = ?");
    assert!(plan.single_row_key(&values).is_none(), "a value that has to be sorted takes the long way");
    let wanted = partitions("SELECT v FROM sets WHERE k = {1, 2} AND c = {1: 9, 2: 7}", &[]);
    assert_eq!(partitions("SELECT v FROM sets WHERE k = ? AND c = ?", &values), wanted);
    let list = collection(&[Some(&set)], 1);
    let of_list = partitions("SELECT v FROM sets WHERE k IN ? AND c = ?", &[BoundValue::Value(&list), values[1]]);
    assert_eq!(of_list, wanted);
}

#[test]
fn sets_inside_of_tuples_are_in_order_too() {
    let tuple = collection(&[Some(&ints(&[2, 1], 1)), Some(&int(7))], 1)[4..].to_vec();
    let bound = bind_rows("INSERT INTO sets (k, c, t) VALUES ({1}, {}, ?)", &[BoundValue::Value(&tuple)]);
    let literal = bind_rows("INSERT INTO sets (k, c, t) VALUES ({1}, {}, ({2, 1}, 7))", &[]);
    assert_eq!(bound[0].1, literal[0].1);
}

#[test]
fn null_in_a_collection_is_refused() {
    let (set, list) = (collection(&[Some(&int(1)), None], 1), collection(&[None], 1));
    let map = collection(&[Some(&int(1)), None], 2);
    let nested = collection(&[Some(&list)], 1);
    let tuple = collection(&[Some(&set), Some(&int(1))], 1)[4..].to_vec();
    for (text, value) in [
        ("INSERT INTO sets (k, c, v) VALUES (?, {}, 1)", &set),
        ("INSERT INTO sets (k, c, v) VALUES ({1}, ?, 1)", &map),
        ("INSERT INTO sets (k, c, t) VALUES ({1}, {}, ?)", &tuple),
        ("INSERT INTO sets (k, c, l) VALUES ({1}, {}, ?)", &list),
        ("INSERT INTO sets (k, c, l) VALUES ({1}, {}, ?)", &nested),
        ("INSERT INTO sets (k, c, f) VALUES ({1}, {}, ?)", &list),
        ("UPDATE many SET l = ? WHERE k = 1", &list),
        ("UPDATE many SET l = l + ? WHERE k = 1", &list),
        ("UPDATE many SET l = ? + l WHERE k = 1", &list),
        ("UPDATE many SET s = s + ? WHERE k = 1", &list),
        ("UPDATE many SET s = s - ? WHERE k = 1", &list),
        ("UPDATE many SET m = ? WHERE k = 1", &collection(&[None, Some(&int(1))], 2)),
    ] {
        let message = bind_error(text, &[BoundValue::Value(value)]);
        assert!(message.contains("null is not supported inside collections"), "{text}: {message}");
    }
}

#[test]
fn null_is_chosen_and_removed_like_any_value() {
    let list = collection(&[None], 1);
    assert!(bind_rows("UPDATE many SET l = l - ? WHERE k = 1", &[BoundValue::Value(&list)]).is_empty());
    let message = bind_error("UPDATE kv SET v = 1 WHERE k IN ?", &[BoundValue::Value(&list)]);
    assert_eq!(message, "Invalid null value in condition for column k");
}

#[test]
fn drivers_write_null_elements_of_lists_as_empty_ones() {
    let list = collection(&[Some(b"")], 1);
    let message = bind_error("UPDATE many SET l = ? WHERE k = 1", &[BoundValue::Value(&list)]);
    assert!(message.contains("null is not supported inside collections"), "{message}");
    assert_eq!(bind_rows("UPDATE many SET s = ? WHERE k = 1", &[BoundValue::Value(&list)]).len(), 1);
}

#[test]
fn literals_of_collections_hold_no_markers() {
    for (text, literal) in [
        ("UPDATE many SET l = [1, ?] WHERE k = 1", "list literal for l"),
        ("UPDATE many SET s = s + {?} WHERE k = 1", "set literal for s"),
        ("UPDATE many SET m = {'a': ?} WHERE k = 1", "map literal for m"),
        ("UPDATE many SET l = [blobasint(?)] WHERE k = 1", "list literal for l"),
        ("SELECT v FROM sets WHERE k = {?}", "set literal for k"),
        ("INSERT INTO sets (k, c, t) VALUES ({1}, {}, ({?}, 1))", "set literal for t[0]"),
    ] {
        let wanted = format!("Invalid {literal}: bind variables are not supported inside collection literals");
        assert_eq!(crate::fixture::error(text).message, wanted, "{text}");
    }
    assert!(prepare_text("INSERT INTO sets (k, c, t) VALUES (?, {}, ({1}, ?))").is_ok());
    assert!(prepare_text("SELECT (list<int>)[?] FROM kv").is_ok());
}
