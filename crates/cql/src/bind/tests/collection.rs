//! Tests of writes to collections.

use super::*;
use crate::context::BoundValue;

/// Cells as (path, value); tombstones have no value.
fn elements(row: &Row) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let value = |cell: &henge_model::Cell| match &cell.kind {
        CellKind::Live { value } => Some(value.to_vec()),
        _ => None,
    };
    row.cells.iter().map(|cell| (cell.path.to_vec(), value(cell))).collect()
}

#[test]
fn a_collection_that_is_replaced_keeps_what_comes_with_it() {
    let (_, row) = &bind_rows("UPDATE many SET m = {'b': 2, 'a': 1} WHERE k = 1", &[])[0];
    let replaced = &row.cells[0];
    assert!(matches!(replaced.kind, CellKind::ComplexDeletion { .. }) && replaced.timestamp == 76, "{replaced:?}");
    let rest: Vec<_> = elements(row)[1..].to_vec();
    assert_eq!(rest, [(b"a".to_vec(), Some(int(1).to_vec())), (b"b".to_vec(), Some(int(2).to_vec()))]);
    assert!(row.cells[1..].iter().all(|cell| cell.timestamp == 77));
    let (_, row) = &bind_rows("DELETE m FROM many WHERE k = 1", &[])[0];
    assert_eq!((row.cells.len(), row.cells[0].timestamp), (1, 77));
}

#[test]
fn parts_of_a_collection_are_cells_of_their_own() {
    let (_, row) = &bind_rows("UPDATE many SET m['b'] = 2, m['a'] = null, m = m - {'c'} WHERE k = 1", &[])[0];
    let b = (b"b".to_vec(), Some(int(2).to_vec()));
    assert_eq!(elements(row), [(b"a".to_vec(), None), b, (b"c".to_vec(), None)]);
    assert!(bind_rows("UPDATE many SET m['a'] = ? WHERE k = 1", &[BoundValue::Unset]).is_empty());
    assert!(bind_error("UPDATE many SET m[?] = 1 WHERE k = 1", &[BoundValue::Null]).contains("null"));
    let long = vec![b'x'; 65_536];
    let (_, row) = &bind_rows("UPDATE many SET m[?] = 1 WHERE k = 1", &[BoundValue::Value(&long)])[0];
    assert_eq!(row.cells[0].path, long);
}

#[test]
fn equal_elements_have_one_name() {
    let (_, a) = &bind_rows("UPDATE many SET s = s + {1.50, 20} WHERE k = 1", &[])[0];
    let (_, b) = &bind_rows("UPDATE many SET s = s + {1.5, 2.0E+1} WHERE k = 1", &[])[0];
    assert_eq!(elements(a), elements(b));
    assert_eq!(henge_model::DataType::Decimal.literal(&a.cells[0].path), "20");
}

/// The elements of the list [5, 6, 5] after a change, or the error.
fn list_after(change: &str, values: &[BoundValue<'_>]) -> Result<Vec<i32>, String> {
    let (bound, mut row) = bind_rows("UPDATE many SET l = [5, 6, 5] WHERE k = 1", &[]).remove(0);
    let view = RowView::parse(bound.key.bytes(), &bound.row).unwrap();
    let plan = modify(&format!("UPDATE many SET {change} WHERE k = 1"));
    let mut context = context(values);
    (context.now_us, context.timestamp) = (context.now_us + 1, context.timestamp + 1);
    let keys = plan.row_keys(&context).unwrap();
    let mut out = Vec::new();
    context.before = Some(&view);
    plan.bind_row(keys[0].0.clone(), keys[0].1, &context, &mut out).map_err(|e| e.to_string())?;
    for written in &out {
        row.cells.extend(RowView::parse(written.key.bytes(), &written.row).unwrap().to_row().cells);
    }
    row.normalize();
    row.cells.sort_by(|a, b| henge_model::DataType::Timeuuid.compare(&a.path, &b.path));
    let values = elements(&row).into_iter().filter_map(|(_, value)| value);
    Ok(values.map(|value| i32::from_be_bytes(value.try_into().unwrap())).collect())
}

#[test]
fn elements_of_a_list_are_found_in_the_row_as_it_is() {
    let plan = modify("UPDATE many SET l = l - [5], l[0] = 9 WHERE k = 1");
    assert!(plan.reads_rows());
    let keys = plan.row_keys(&context(&[])).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(list_after("l[1] = 9", &[]), Ok(vec![5, 9, 5]));
    assert_eq!(list_after("l = l - [5]", &[]), Ok(vec![6]));
    let refused = plan.bind_row(keys[0].0.clone(), keys[0].1, &context(&[]), &mut Vec::new()).unwrap_err().to_string();
    assert!(refused.contains("null"), "{refused}");
}

#[test]
fn changes_of_a_list_see_those_before_them() {
    assert_eq!(list_after("l = l - [5], l[0] = 9", &[]), Ok(vec![9]));
    assert_eq!(list_after("l[0] = 9, l = l - [9]", &[]), Ok(vec![6, 5]));
    assert_eq!(list_after("l = l + [7], l = l - [7]", &[]), Ok(vec![5, 6, 5]));
    assert_eq!(list_after("l = l - [7], l = l + [7]", &[]), Ok(vec![5, 6, 5, 7]));
    assert_eq!(list_after("l = l + [7], l[3] = 8", &[]), Ok(vec![5, 6, 5, 8]));
    assert_eq!(list_after("l[0] = null, l[0] = 9", &[]), Ok(vec![9, 5]));
    let message = "List index 1 out of bound, list has size 1".to_owned();
    assert_eq!(list_after("l = l - [5], l[1] = 9", &[]), Err(message));
}

#[test]
fn many_changes_of_a_list_are_those_of_a_plain_list() {
    for seed in 0..200 {
        let mut random = henge_base::Random::new(seed);
        // Of values that one statement gives an element, the greatest stays.
        let mut plain = vec![(5, false), (6, false), (5, false)];
        let mut changes = Vec::new();
        for _ in 0..random.between(1, 30) {
            let value = random.below(9) as i32;
            let index = random.below(plain.len().max(1) as u64) as usize;
            match random.below(5) {
                0 if !plain.is_empty() => {
                    changes.push(format!("l[{index}] = {value}"));
                    let (old, is_new) = plain[index];
                    plain[index] = (if is_new { value.max(old) } else { value }, true);
                }
                1 if !plain.is_empty() => {
                    changes.push(format!("l[{index}] = null"));
                    plain.remove(index);
                }
                2 => {
                    changes.push(format!("l = l - [{value}, 5]"));
                    plain.retain(|(element, _)| *element != value && *element != 5);
                }
                3 => {
                    changes.push(format!("l = [{value}, 1] + l"));
                    plain.splice(0..0, [(value, true), (1, true)]);
                }
                _ => {
                    changes.push(format!("l = l + [{value}, 2]"));
                    plain.extend([(value, true), (2, true)]);
                }
            }
        }
        let expected: Vec<i32> = plain.into_iter().map(|(element, _)| element).collect();
        assert_eq!(list_after(&changes.join(", "), &[]), Ok(expected), "seed {seed}: {changes:?}");
    }
}

#[test]
fn what_is_prepended_last_comes_first() {
    assert_eq!(list_after("l = [1, 2] + l, l = [3] + l", &[]), Ok(vec![3, 1, 2, 5, 6, 5]));
    assert_eq!(list_after("l = l + [1, 2], l = l + [3]", &[]), Ok(vec![5, 6, 5, 1, 2, 3]));
}

#[test]
fn what_is_unset_changes_nothing_or_is_refused() {
    let unset = [BoundValue::Unset];
    for change in ["l = l - ?", "l = l + ?", "l = ? + l", "l[0] = ?"] {
        assert!(matches!(list_after(change, &unset).as_deref(), Ok([] | [5, 6, 5])), "{change}");
    }
    assert_eq!(list_after("l[?] = 1", &unset), Err("Invalid unset value for list index".to_owned()));
    assert_eq!(list_after("l[?] = 1", &[BoundValue::Null]), Err("Invalid null value for list index".to_owned()));
    assert_eq!(bind_error("UPDATE many SET m[?] = 1 WHERE k = 1", &unset), "Invalid unset map key");
    assert_eq!(bind_error("DELETE m[?] FROM many WHERE k = 1", &unset), "Invalid unset map key");
    assert!(bind_rows("DELETE s[?] FROM many WHERE k = 1", &unset).is_empty());
    assert_eq!(bind_error("DELETE s[?] FROM many WHERE k = 1", &[BoundValue::Null]), "Invalid null set element");
    assert!(bind_rows("DELETE l[?] FROM many WHERE k = 1", &unset).is_empty());
}
