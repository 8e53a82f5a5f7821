//! Conditions with bound values, of a row that does not exist.

use super::*;
use henge_model::ColumnId;

struct NoRow;

impl RowValues for NoRow {
    fn exists(&self) -> bool {
        false
    }

    fn value(&self, _: ColumnId) -> Option<&[u8]> {
        None
    }
}

fn holds(condition: &str, value: BoundValue<'_>) -> Result<bool, String> {
    let plan = modify(&format!("UPDATE sets SET v = 1 WHERE k = {{1}} AND c = {{1: 1}} IF {condition}"));
    plan.condition.as_ref().unwrap().holds(&NoRow, &context(&[value])).map_err(|error| error.to_string())
}

#[test]
fn no_collection_contains_an_unset_value_and_a_frozen_one_does_not_take_it() {
    assert_eq!(holds("l CONTAINS ?", BoundValue::Unset), Ok(false));
    assert_eq!(holds("f CONTAINS ?", BoundValue::Unset), Err("Invalid 'unset' value in condition".to_owned()));
}

#[test]
fn index_of_a_frozen_list_is_looked_at_only_if_there_is_a_list() {
    let minus_one = BoundValue::Value(&[255; 4]);
    assert_eq!(holds("l[?] = [3]", minus_one), Err("Invalid negative list index -1".to_owned()));
    assert_eq!(holds("f[?] = 3", minus_one), Ok(false));
}
