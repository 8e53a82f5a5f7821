//! Tests of literals as values of their columns' types.

use super::*;

#[test]
fn values_are_checked_and_folded_when_prepared() {
    let k = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    for value in [
        "l = [1, 2]",
        "m = {'a': 1}",
        "m = {}",
        "t = (1, 'x')",
        "e = [1.0, 2]",
        "ts = '2020-01-01'",
        "d = 1.5",
        "n = 12345678901234567890",
        "b = 0xff",
        "f = -Infinity",
        "big = 5",
        "dt = '2020-02-29'",
        "ts = toTimestamp(now())",
        "big = (bigint) ?",
        "b = intAsBlob(5)",
        "ts = currentTimestamp()",
        "big = 1 + 1",
        "big = -(5) * (2 + 3)",
        "dt = '2020-02-29' + 1mo",
        "big = CAST((int) 5 AS bigint)",
        "l = fromJson('[1, 2]')",
    ] {
        assert!(
            prepare_text(&format!("UPDATE types SET {value} WHERE k = {k}")).is_ok(),
            "{value}: {:?}",
            prepare_text(&format!("UPDATE types SET {value} WHERE k = {k}"))
        );
    }
    for value in [
        "l = {1}",
        "l = ['a']",
        "m = [1]",
        "e = [1.0]",
        "ts = 'soon'",
        "d = 'x'",
        "b = 'x'",
        "big = 1.5",
        "big = 99999999999999999999",
        "dt = '2021-02-29'",
        "ts = now()",
        "l = [null]",
        "l = [?, 1]",
        "big = (text) 'x'",
        "t = (1, 2)",
        "t = {a: 1}",
        "big = 1.5 + 1",
    ] {
        let e = error(&format!("UPDATE types SET {value} WHERE k = {k}"));
        assert_eq!(e.kind, ErrorKind::Invalid, "{value}: {e}");
    }
}
