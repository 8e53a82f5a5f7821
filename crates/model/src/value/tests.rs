//! Values: published encodings, Cassandra's orders, literals; numbers of any length in keys.

use super::*;
use crate::UserType;
use num_bigint::BigInt;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn of(t: DataType) -> Box<DataType> {
    Box::new(t)
}

fn udt() -> DataType {
    let fields = vec![("a".to_owned(), DataType::Int), ("b".to_owned(), DataType::Text)];
    DataType::Udt(UserType { keyspace: "k".to_owned(), name: "u".to_owned(), fields: fields.into() })
}

#[test]
fn faults_of_elements_come_before_missing_ones() {
    let cut = |of: &str| Err(ValueError::Truncated(of.to_owned()));
    let map = DataType::Map(of(DataType::Uuid), of(DataType::Int));
    let list = DataType::List(of(DataType::Int));
    let int_and_uuid = DataType::Tuple(vec![DataType::Int, DataType::Uuid].into());
    let cases = [
        (&map, "000000010000000180", Err(ValueError::UuidLength(1))),
        (&map, "0000000100000000", cut("map")),
        (&map, "0000000100000002", cut("map")),
        (&map, "7fffffff00000000", cut("map")),
        (&int_and_uuid, "00000004000000010000000201", cut(&int_and_uuid.to_string())),
        (&int_and_uuid, "0000000101000000", Err(ValueError::Length { expected: "4 or 0 byte int", actual: 1 })),
        // A null in a list is told last.
        (&list, "00000002ffffffff0000000101", Err(ValueError::Length { expected: "4 or 0 byte int", actual: 1 })),
        (&list, "00000002ffffffff00000004", cut("list")),
        (&list, "00000001ffffffff00", Err(ValueError::Trailing("list".to_owned()))),
        (&list, "00000001ffffffff", Err(ValueError::NullElement)),
        (&map, "00000001ffffffff0000000000", Err(ValueError::NullElement)),
    ];
    for (data_type, bytes, outcome) in cases {
        assert_eq!(data_type.validate(&hex(bytes)), outcome, "{data_type} {bytes}");
    }
}

#[test]
fn literals_of_known_bytes() {
    let cases = [
        (DataType::Text, "6f27636c6f636b", "'o''clock'"),
        (DataType::Text, "", "''"),
        (DataType::Blob, "00ff", "0x00ff"),
        (DataType::Boolean, "01", "true"),
        (DataType::Int, "ffffffff", "-1"),
        (DataType::Int, "", "0x"),
        (DataType::Tinyint, "80", "-128"),
        (DataType::Date, "80000001", "'1970-01-02'"),
        (DataType::Time, "0000000000000001", "'00:00:00.000000001'"),
        (DataType::Timestamp, "0000000000000000", "'1970-01-01T00:00:00.000Z'"),
        (DataType::Decimal, "000000027b", "1.23"),
        (DataType::Decimal, "fffffffdff", "-1E+3"),
        (DataType::Decimal, "0000000801", "1E-8"),
        (DataType::Decimal, "0000000301", "0.001"),
        (DataType::Decimal, "0000000200", "0.00"),
        (DataType::Varint, "ff7f", "-129"),
        (DataType::Duration, "020406", "1mo2d3ns"),
        (DataType::Duration, "010000", "-1mo"),
        (DataType::Duration, "000000", "0ns"),
        (DataType::Inet, "7f000001", "'127.0.0.1'"),
        (DataType::Inet, "00000000000000000000000000000001", "'::1'"),
        (DataType::Uuid, "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"),
        (DataType::Float, "3f800000", "1.0"),
        (DataType::Double, "7ff8000000000000", "NaN"),
        (DataType::Double, "fff0000000000000", "-Infinity"),
        (DataType::List(of(DataType::Int)), "00000002000000040000000100000004ffffffff", "[1, -1]"),
        (DataType::Set(of(DataType::Text)), "000000010000000161", "{'a'}"),
        (DataType::Map(of(DataType::Text), of(DataType::Boolean)), "0000000100000001610000000100", "{'a': false}"),
        (DataType::Tuple(vec![DataType::Int, DataType::Text].into()), "ffffffff0000000161", "(null, 'a')"),
        (udt(), "0000000400000005ffffffff", "{a: 5, b: null}"),
        (DataType::Vector(of(DataType::Float), 2), "3f80000040000000", "[1.0, 2.0]"),
        (DataType::Vector(of(DataType::Smallint), 2), "020001020002", "[1, 2]"),
        (DataType::Vector(of(DataType::Text), 2), "0161026263", "['a', 'bc']"),
    ];
    for (data_type, bytes, literal) in cases {
        assert_eq!(data_type.validate(&hex(bytes)), Ok(()), "{data_type} {bytes}");
        assert_eq!(data_type.literal(&hex(bytes)), literal, "{data_type}");
    }
}

#[test]
fn floating_point_is_printed_as_in_java() {
    let double = |v: f64| DataType::Double.literal(&v.to_be_bytes());
    let cases = [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (100.0, "100.0"),
        (123.456, "123.456"),
        (1e7, "1.0E7"),
        (9_999_999.0, "9999999.0"),
        (0.001, "0.001"),
        (1e-4, "1.0E-4"),
        (-1.5e300, "-1.5E300"),
        (0.05, "0.05"),
    ];
    for (value, text) in cases {
        assert_eq!(double(value), text);
    }
    assert_eq!(DataType::Float.literal(&0.1f32.to_be_bytes()), "0.1");
    assert_eq!(double(f64::from(899.438_54_f32)), "899.4385375976562", "of two as near the even one");
}

#[test]
fn what_is_no_value_is_refused() {
    let cases = [
        (DataType::Ascii, "80"),
        (DataType::Text, "ff"),
        (DataType::Int, "000000"),
        (DataType::Bigint, "00000000"),
        (DataType::Tinyint, ""),
        (DataType::Smallint, ""),
        (DataType::Date, ""),
        (DataType::Time, ""),
        (DataType::Time, "00004e94914f0000"),
        (DataType::Boolean, "0000"),
        (DataType::Decimal, "00000000"),
        (DataType::Inet, "0000"),
        (DataType::Timeuuid, "00112233445546778899aabbccddeeff"),
        (DataType::Duration, "0204"),
        (DataType::Duration, "020106"),
        (DataType::Duration, "02040600"),
        (DataType::List(of(DataType::Int)), ""),
        (DataType::List(of(DataType::Int)), "00000001ffffffff"),
        (DataType::List(of(DataType::Int)), "7fffffff"),
        (DataType::Set(of(DataType::Text)), "00000000ff"),
        (DataType::Tuple(vec![DataType::Int].into()), "0000000400000001ffffffff"),
        (DataType::Vector(of(DataType::Float), 2), "3f800000"),
        (DataType::Vector(of(DataType::Float), u32::MAX), "3f800000"),
    ];
    for (data_type, bytes) in cases {
        assert!(data_type.validate(&hex(bytes)).is_err(), "{data_type} {bytes}");
        assert_eq!(data_type.literal(&hex(bytes)), format!("0x{bytes}"));
    }
}

#[test]
fn orders_are_those_of_the_types() {
    let ladders = [
        (DataType::Int, vec!["", "80000000", "ffffffff", "00000000", "00000001"]),
        (DataType::Date, vec!["00000000", "7fffffff", "80000000"]),
        (
            DataType::Double,
            vec![
                "",
                "fff0000000000000",
                "8000000000000000",
                "0000000000000000",
                "7ff0000000000000",
                "7ff8000000000000",
            ],
        ),
        (DataType::Varint, vec!["", "feff", "ff7f", "ff", "00", "01", "7f", "0080"]),
        (
            DataType::Decimal,
            vec![
                "",
                "0000000080",
                "ffffffffff",
                "00000000ff",
                "00000001ff",
                "0000000000",
                "0000000201",
                "0000000101",
                "0000000001",
                "000000000b",
                "ffffff9c01",
            ],
        ),
        (
            DataType::Timeuuid,
            vec![
                "00000001000010008000000000000000",
                "00000001000010000000000000000000",
                "00000000000110000000000000000000",
            ],
        ),
        (
            DataType::Uuid,
            vec![
                "ffffffff000010000000000000000000",
                "00000000000110000000000000000000",
                "00000000000140000000000000000000",
            ],
        ),
        (
            DataType::List(of(DataType::Int)),
            vec![
                "00000000",
                "00000001000000040000000a",
                "00000002000000040000000a0000000400000000",
                "00000001000000040000000b",
            ],
        ),
        (
            DataType::Tuple(vec![DataType::Int, DataType::Int].into()),
            vec!["ffffffff0000000400000000", "0000000480000000", "00000004800000000000000400000000"],
        ),
    ];
    for (data_type, ladder) in ladders {
        for pair in ladder.windows(2) {
            assert!(data_type.compare(&hex(pair[0]), &hex(pair[1])).is_lt(), "{data_type} {pair:?}");
        }
    }
    assert!(DataType::Decimal.compare(&hex("000000010a"), &hex("0000000001")).is_eq());
    assert!(DataType::Tuple(vec![DataType::Int].into()).compare(&hex("ffffffff"), &[]).is_gt());
}

#[test]
fn durations_counters_and_open_collections_are_no_keys() {
    let frozen = |t| DataType::Frozen(of(t));
    let no = [
        DataType::Duration,
        DataType::Counter,
        DataType::Set(of(DataType::Int)),
        frozen(DataType::List(of(DataType::Duration))),
    ];
    assert!(no.iter().all(|t| !t.can_be_key()));
    let yes = [
        DataType::Decimal,
        frozen(DataType::Set(of(DataType::Int))),
        DataType::Tuple(vec![frozen(udt())].into()),
        frozen(udt()),
    ];
    assert!(yes.iter().all(|t| t.can_be_key()));
}

fn key(data_type: &DataType, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    data_type.encode_key(value, &mut out).unwrap();
    out
}

fn back(data_type: &DataType, key: &[u8]) -> Bytes {
    let mut reader = Reader::new(key);
    let value = data_type.decode_key(&mut reader).unwrap();
    assert!(reader.is_empty());
    value
}

fn any_type() -> impl Strategy<Value = DataType> {
    let native = [
        "ascii",
        "bigint",
        "blob",
        "boolean",
        "counter",
        "date",
        "decimal",
        "double",
        "duration",
        "float",
        "inet",
        "int",
        "smallint",
        "text",
        "time",
        "timestamp",
        "timeuuid",
        "tinyint",
        "uuid",
        "varint",
    ];
    let leaf = prop::sample::select(native.to_vec()).prop_map(|name| DataType::native(name).unwrap());
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| DataType::Frozen(of(DataType::Set(of(t))))),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| DataType::Map(of(k), of(v))),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| DataType::Tuple(parts.into())),
            (inner, 1u32..3).prop_map(|(t, n)| DataType::Vector(of(t), n)),
        ]
    })
}

proptest! {
    #[test]
    fn varints_sort_and_come_back(a: i128, b: i64, shift in 0u32..1200) {
        let (a, b) = (BigInt::from(a), BigInt::from(b) << shift);
        let [x, y] = [&a, &b].map(|v| key(&DataType::Varint, &v.to_signed_bytes_be()));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        prop_assert_eq!(back(&DataType::Varint, &y), b.to_signed_bytes_be());
        let padded = [if b < BigInt::ZERO { &[0xff][..] } else { &[0] }, &b.to_signed_bytes_be()].concat();
        prop_assert_eq!(key(&DataType::Varint, &padded), y);
    }

    #[test]
    fn decimals_sort_by_value(a in -2000i64..2000, b: i64, a_scale in -4i32..4, b_scale in -4i32..4) {
        let bytes = |v: i64, scale: i32| [&scale.to_be_bytes()[..], &BigInt::from(v).to_signed_bytes_be()].concat();
        let whole = |v: i64, scale: i32| BigInt::from(v) * BigInt::from(10).pow((4 - scale) as u32);
        let (x, y) = (bytes(a, a_scale), bytes(b, b_scale));
        prop_assert_eq!(DataType::Decimal.compare(&x, &y), whole(a, a_scale).cmp(&whole(b, b_scale)));
        prop_assert!(DataType::Decimal.compare(&back(&DataType::Decimal, &key(&DataType::Decimal, &x)), &x).is_eq());
    }

    #[test]
    fn extreme_decimals_come_back(scale: i32, unscaled in prop::collection::vec(any::<u8>(), 1..12)) {
        let bytes = [&scale.to_be_bytes()[..], &unscaled].concat();
        let normal = back(&DataType::Decimal, &key(&DataType::Decimal, &bytes));
        prop_assert_eq!(key(&DataType::Decimal, &normal), key(&DataType::Decimal, &bytes));
        prop_assert!(DataType::Decimal.validate(&normal).is_ok());
    }

    #[test]
    fn any_bytes_are_taken_without_panic(t in any_type(), a in prop::collection::vec(any::<u8>(), 0..40), b: Vec<u8>) {
        let _ = t.validate(&a);
        let _ = t.literal(&a);
        prop_assert_eq!(t.compare(&a, &b), t.compare(&b, &a).reverse());
        prop_assert!(t.compare(&a, &a).is_eq());
        let _ = t.encode_key(&a, &mut Vec::new());
        let _ = t.decode_key(&mut Reader::new(&a));
        let _ = t.decode_key(&mut Reader::new(&[&[0x41], &a[..]].concat()));
    }

    #[test]
    fn three_values_are_in_one_order(t in any_type(), mut values in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xff)], 0..9), 3)) {
        values.sort_by(|a, b| t.compare(a, b));
        prop_assert!(t.compare(&values[0], &values[2]).is_le());
        prop_assert!(t.compare(&values[0], &values[1]).is_le());
    }
}

#[test]
fn a_tuple_of_nulls_in_a_key_is_not_the_empty_value() {
    let pair = DataType::Frozen(Box::new(DataType::Tuple(vec![DataType::Int, DataType::Text].into())));
    let null = (-1i32).to_be_bytes();
    for value in [&null[..], &[null, null].concat(), &[0xb9, 0x91, 2, 0xff]] {
        let mut key = Vec::new();
        pair.encode_key(value, &mut key).unwrap();
        let back = pair.decode_key(&mut Reader::new(&key)).unwrap();
        assert_eq!(&back[..], &null);
        assert!(pair.compare(value, &back).is_eq() && pair.compare(&back, b"").is_gt());
    }
}
