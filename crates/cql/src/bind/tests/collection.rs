//! What is written to collections.

use super::*;

/// Cells as (path, value), tombstones without a value.
fn elements(row: &Row) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let value = |cell: &henge_model::Cell| match &cell.kind {
        CellKind::Live { value } => Some(value.to_vec()),
        _ => None,
    };
    row.cells.iter().map(|cell| (cell.path.to_vec(), value(cell))).collect()
}

#[test]
fn a_collection_that_is_replaced_keeps_what_comes_with_it() {
    let (_, row) = &written("UPDATE many SET m = {'b': 2, 'a': 1} WHERE k = 1", &[])[0];
    let replaced = &row.cells[0];
    assert!(matches!(replaced.kind, CellKind::ComplexDeletion { .. }) && replaced.timestamp == 76, "{replaced:?}");
    let rest: Vec<_> = elements(row)[1..].to_vec();
    assert_eq!(rest, [(b"a".to_vec(), Some(int(1).to_vec())), (b"b".to_vec(), Some(int(2).to_vec()))]);
    assert!(row.cells[1..].iter().all(|cell| cell.timestamp == 77));
    let (_, row) = &written("DELETE m FROM many WHERE k = 1", &[])[0];
    assert_eq!((row.cells.len(), row.cells[0].timestamp), (1, 77));
}

#[test]
fn parts_of_a_collection_are_cells_of_their_own() {
    let (_, row) = &written("UPDATE many SET m['b'] = 2, m['a'] = null, m = m - {'c'} WHERE k = 1", &[])[0];
    let b = (b"b".to_vec(), Some(int(2).to_vec()));
    assert_eq!(elements(row), [(b"a".to_vec(), None), b, (b"c".to_vec(), None)]);
    assert!(written("UPDATE many SET m['a'] = ? WHERE k = 1", &[BoundValue::Unset]).is_empty());
    assert!(refused("UPDATE many SET m[?] = 1 WHERE k = 1", &[BoundValue::Null]).contains("null"));
    let long = vec![b'x'; 65_536];
    assert!(refused("UPDATE many SET m[?] = 1 WHERE k = 1", &[BoundValue::Value(&long)]).contains("65535"));
}

#[test]
fn equal_elements_have_one_name() {
    let (_, a) = &written("UPDATE many SET s = s + {1.50, 20} WHERE k = 1", &[])[0];
    let (_, b) = &written("UPDATE many SET s = s + {1.5, 2.0E+1} WHERE k = 1", &[])[0];
    assert_eq!(elements(a), elements(b));
    assert_eq!(henge_model::DataType::Decimal.literal(&a.cells[0].path), "20");
}

#[test]
fn elements_of_a_list_are_found_in_the_row_as_it_is() {
    let (bound, before) = &written("UPDATE many SET l = [5, 6, 5] WHERE k = 1", &[])[0];
    let view = RowView::parse(bound.key.bytes(), &bound.row).unwrap();
    let plan = modify("UPDATE many SET l = l - [5], l[1] = 9 WHERE k = 1");
    assert!(plan.reads_rows());
    let keys = plan.row_keys(&context(&[])).unwrap();
    assert_eq!(keys, [(bound.key.clone(), bound.token)]);
    let mut out = Vec::new();
    plan.bind_row(keys[0].0.clone(), keys[0].1, &BindContext { before: Some(&view), ..context(&[]) }, &mut out)
        .unwrap();
    let change = RowView::parse(out[0].key.bytes(), &out[0].row).unwrap().to_row();
    let places: Vec<_> = elements(before).into_iter().map(|(path, _)| path).collect();
    let nine = Some(int(9).to_vec());
    assert_eq!(elements(&change), [(places[1].clone(), None), (places[2].clone(), nine), (places[3].clone(), None)]);
    let refused = plan.bind_row(keys[0].0.clone(), keys[0].1, &context(&[]), &mut out).unwrap_err().to_string();
    assert!(refused.contains("null"), "{refused}");
}
