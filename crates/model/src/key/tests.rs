//! Keys sort as rows do and decode to the values they were made of.

use super::*;
use crate::DataType;
use crate::sample::table;
use proptest::prelude::*;
use std::cmp::Ordering;

fn partition() -> PartitionKey {
    PartitionKey::from_components(&[b"p\0q"]).unwrap()
}

#[test]
fn the_layout_is_as_documented() {
    let table =
        table(&[DataType::Int], &[(DataType::Int, Order::Ascending), (DataType::Text, Order::Descending)], &[], &[]);
    let partition = PartitionKey::from_components(&[&1i32.to_be_bytes()]).unwrap();
    let key = Key::row(&table, &partition, &[&(-2i32).to_be_bytes(), b""]).unwrap();
    let token = (-4_069_959_284_402_364_209i64 as u64 ^ (1 << 63)).to_be_bytes();
    let pk = [0, 0xff, 0, 0xff, 0, 0xff, 1, 0, 0];
    let clustering = [0x41, 0x7f, 0xff, 0xff, 0xfe, 0xbf];
    assert_eq!(key.bytes(), [&[0, 0, 0, 7][..], &token, &pk, &clustering, &[2]].concat());
    assert_eq!(Key::token(key.bytes()), Some(partition.token()));
    assert_eq!(Key::storage_id(key.bytes()), Some(StorageId(7)));
    assert_eq!(Key::partition(key.bytes()), Some(12 + pk.len()));
    assert_eq!(Key::partition_key(key.bytes()), Ok(partition));
}

#[test]
fn composite_partition_keys_come_apart() {
    let key = PartitionKey::from_components(&[&1i32.to_be_bytes(), b"a", b""]).unwrap();
    assert_eq!(key.bytes(), [0, 4, 0, 0, 0, 1, 0, 0, 1, b'a', 0, 0, 0, 0]);
    assert_eq!(key.components(3), Ok(vec![&[0, 0, 0, 1][..], b"a", b""]));
    assert_eq!(key.components(2), Err(KeyError::Malformed));
    assert_eq!(key.components(4), Err(KeyError::Malformed));
    assert_eq!(PartitionKey::from_components(&[b""]), Err(KeyError::Empty));
    assert_eq!(PartitionKey::from_components(&[]), Err(KeyError::Empty));
    assert_eq!(PartitionKey::from_components(&[&[0; 65_536]]), Err(KeyError::TooLong(65_536)));
    assert_eq!(PartitionKey::from_components(&[&[0; 65_530], b"12"]), Err(KeyError::TooLong(65_538)));
}

#[test]
fn the_static_row_comes_first_and_prefixes_hold_their_rows() {
    let table =
        table(&[DataType::Text], &[(DataType::Blob, Order::Ascending), (DataType::Int, Order::Descending)], &[], &[]);
    let (pk, one) = (partition(), 1i32.to_be_bytes());
    let fixed = Key::static_row(&table, &pk);
    let rows = [&b""[..], b"\0", b"a"].map(|c| Key::row(&table, &pk, &[c, &one]).unwrap());
    assert!(rows.iter().all(|row| fixed < *row) && rows.is_sorted());
    let prefix = Key::clustering_prefix(&table, &pk, &[b"a"]).unwrap();
    assert_eq!(rows.map(|row| row.bytes().starts_with(&prefix)), [false, false, true]);
    assert!(fixed.bytes().starts_with(&Key::partition_prefix(&table, &pk)));
    assert_eq!(Key::kind(fixed.bytes()), Some(KeyKind::Static));
    assert_eq!(Key::decode(&table, fixed.bytes()), Ok((vec![Bytes::from_static(b"p\0q")], vec![], KeyKind::Static)));
}

#[test]
fn components_have_to_fit_the_table() {
    let table = table(&[DataType::Text], &[(DataType::Int, Order::Ascending)], &[], &[]);
    let mut out = b"kept".to_vec();
    assert_eq!(Key::row(&table, &partition(), &[]), Err(KeyError::Components { expected: 1, actual: 0 }));
    assert!(matches!(Key::put_row(&table, &partition(), &[b"abc"], &mut out), Err(KeyError::Value(_))));
    assert_eq!(out, b"kept");
    assert!(Key::clustering_prefix(&table, &partition(), &[b"", b""]).is_err());
}

#[test]
fn rows_of_dense_tables_may_end_early_and_come_first() {
    let mut dense =
        table(&[DataType::Text], &[(DataType::Int, Order::Ascending), (DataType::Int, Order::Descending)], &[], &[]);
    let one = 1i32.to_be_bytes();
    assert!(Key::row(&dense, &partition(), &[&one]).is_err());
    dense.options.compact_storage = Some(crate::CompactStorage::Dense);
    let short = Key::row(&dense, &partition(), &[&one]).unwrap();
    let long = [i32::MAX, -1].map(|d| Key::row(&dense, &partition(), &[&one, &d.to_be_bytes()]).unwrap());
    assert!(short < long[0] && long[0] < long[1]);
    assert!(Key::row(&dense, &partition(), &[]).is_err());
    // Its key still decodes after the table is made an ordinary one.
    dense.options.compact_storage = None;
    let (_, clustering, kind) = Key::decode(&dense, short.bytes()).unwrap();
    assert_eq!((clustering, kind), (vec![Bytes::copy_from_slice(&one)], KeyKind::Row));
    let mut none = Key::partition_prefix(&dense, &partition());
    none.push(KeyKind::Row as u8);
    assert_eq!(Key::decode(&dense, &none), Err(KeyError::Malformed));
}

#[test]
fn ends_of_prefixes_and_tables() {
    assert_eq!(Key::prefix_end(&[1, 2]), [1, 3]);
    assert_eq!(Key::prefix_end(&[1, 0xff, 0xff]), [2]);
    assert_eq!(Key::prefix_end(&[0xff]), []);
    let whole = Key::table_range(StorageId(7), Token::MIN, Token::MIN);
    assert_eq!(whole, Key::table_range(StorageId(7), Token::MIN, Token::MAX));
    assert_eq!(whole, ([0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1].to_vec(), [0, 0, 0, 8].to_vec()));
}

/// Strategy for a type, a direction, and values of the type.
fn typed_column() -> impl Strategy<Value = (DataType, Order, BoxedStrategy<Vec<u8>>)> {
    let bytes =
        |n: usize| prop::collection::vec(prop_oneof![Just(0u8), Just(0xff), Just(0x80), any::<u8>()], n).boxed();
    let text = "[\\x00ab\u{e9}]{0,4}".prop_map(String::into_bytes).boxed();
    let ascii = "[\\x00ab]{0,4}".prop_map(String::into_bytes).boxed();
    let blob = prop::collection::vec(prop_oneof![Just(0u8), Just(0xff), Just(1)], 0..5).boxed();
    let inet = prop_oneof![bytes(4), bytes(16)].boxed();
    let boolean = prop_oneof![Just(vec![0]), Just(vec![1])].boxed();
    let float = any::<f32>().prop_map(|v| v.to_be_bytes().to_vec()).boxed();
    let double = any::<f64>().prop_map(|v| v.to_be_bytes().to_vec()).boxed();
    let timeuuid = bytes(16)
        .prop_map(|mut v| {
            v[6] = 0x10 | v[6] & 0xf;
            v
        })
        .boxed();
    let uuid = (bytes(16), prop_oneof![Just(0x10u8), Just(0x40), Just(0xf0)]);
    let uuid = uuid
        .prop_map(|(mut v, version)| {
            v[6] = version | v[6] & 0xf;
            v
        })
        .boxed();
    let pair = DataType::Tuple(vec![DataType::Int, DataType::Text].into());
    let pairs = (prop::option::of(bytes(4)), text.clone());
    let pairs = pairs.prop_map(|(a, b)| {
        let part = |p: Option<Vec<u8>>| {
            [p.as_ref().map_or(-1, |p| p.len() as i32).to_be_bytes().to_vec(), p.unwrap_or_default()].concat()
        };
        [part(a), part(Some(b))].concat()
    });
    let set = DataType::Frozen(Box::new(DataType::Set(Box::new(DataType::Smallint))));
    let sets = prop::collection::vec(bytes(2), 0..4).prop_map(|elements| {
        let mut out = (elements.len() as i32).to_be_bytes().to_vec();
        elements.iter().for_each(|e| out.extend([&[0, 0, 0, 2][..], e].concat()));
        out
    });
    let choices = vec![
        (DataType::Text, text),
        (DataType::Ascii, ascii),
        (DataType::Blob, blob),
        (DataType::Inet, inet),
        (DataType::Int, bytes(4)),
        (DataType::Bigint, bytes(8)),
        (DataType::Smallint, bytes(2)),
        (DataType::Tinyint, bytes(1)),
        (DataType::Boolean, boolean),
        (DataType::Uuid, uuid),
        (DataType::Timeuuid, timeuuid),
        (DataType::Timestamp, bytes(8)),
        (DataType::Date, bytes(4)),
        (DataType::Time, bytes(8)),
        (DataType::Float, float),
        (DataType::Double, double),
        (pair, pairs.boxed()),
        (set, sets.boxed()),
        (
            DataType::Vector(Box::new(DataType::Float), 2),
            (any::<f32>(), any::<f32>()).prop_map(|(a, b)| [a.to_be_bytes(), b.to_be_bytes()].concat()).boxed(),
        ),
    ];
    (prop::sample::select(choices), any::<bool>()).prop_map(|((data_type, values), down)| {
        // Composites are never empty bytes; the empty value of any other type sorts first.
        let values = if data_type.unfrozen().is_complex() {
            values
        } else {
            prop_oneof![9 => values, 1 => Just(vec![])].boxed()
        };
        (data_type, if down { Order::Descending } else { Order::Ascending }, values)
    })
}

type ClusteringCase = (Vec<(DataType, Order)>, Vec<Vec<u8>>, Vec<Vec<u8>>);

fn two_rows() -> impl Strategy<Value = ClusteringCase> {
    prop::collection::vec(typed_column(), 1..4).prop_flat_map(|columns| {
        let values: Vec<_> = columns.iter().map(|(_, _, values)| values.clone()).collect();
        let types: Vec<_> = columns.into_iter().map(|(data_type, order, _)| (data_type, order)).collect();
        // The first columns are often equal, so that the later ones decide.
        (Just(types), values.clone(), values, 0usize..3).prop_map(|(types, a, b, shared)| {
            let b = a.iter().zip(b).enumerate().map(|(i, (a, b))| if i < shared { a.clone() } else { b }).collect();
            (types, a, b)
        })
    })
}

fn refs(values: &[Vec<u8>]) -> Vec<&[u8]> {
    values.iter().map(Vec::as_slice).collect()
}

proptest! {
    #[test]
    fn keys_sort_as_their_values((types, a, b) in two_rows()) {
        let table = table(&[DataType::Text], &types, &[], &[]);
        let key = |values: &[Vec<u8>]| Key::row(&table, &partition(), &refs(values)).unwrap();
        let mut expected = Ordering::Equal;
        for (i, (data_type, order)) in types.iter().enumerate() {
            let column = data_type.compare(&a[i], &b[i]);
            prop_assert_eq!(data_type.compare(&b[i], &a[i]), column.reverse());
            expected = expected.then(if *order == Order::Descending { column.reverse() } else { column });
        }
        prop_assert_eq!(key(&a).cmp(&key(&b)), expected);
        for shared in 0..=types.len() {
            let prefix = Key::clustering_prefix(&table, &partition(), &refs(&a[..shared])).unwrap();
            let within = (0..shared).all(|i| types[i].0.compare(&a[i], &b[i]).is_eq());
            prop_assert_eq!(key(&b).bytes().starts_with(&prefix), within);
            prop_assert_eq!(key(&b).bytes() >= &prefix[..] && key(&b).bytes() < &Key::prefix_end(&prefix)[..], within);
        }
    }

    #[test]
    fn keys_give_their_values_back(
        (types, values, _) in two_rows(),
        partition in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 1..5), 1..3),
    ) {
        let table = table(&vec![DataType::Blob; partition.len()], &types, &[], &[]);
        let pk = PartitionKey::from_components(&refs(&partition)).unwrap();
        let key = Key::row(&table, &pk, &refs(&values)).unwrap();
        let owned = |values: Vec<Vec<u8>>| values.into_iter().map(Bytes::from).collect::<Vec<_>>();
        prop_assert_eq!(Key::decode(&table, key.bytes()), Ok((owned(partition), owned(values), KeyKind::Row)));
        prop_assert_eq!(Key::partition_prefix(&table, &pk).len(), Key::partition(key.bytes()).unwrap());
    }

    #[test]
    fn any_bytes_are_read_without_panic((types, values, _) in two_rows(), bytes: Vec<u8>, cut: prop::sample::Index) {
        let table = table(&[DataType::Int, DataType::Text], &types, &[], &[]);
        let pk = PartitionKey::from_components(&[b"\0\0\0\x01", b"a"]).unwrap();
        let _ = Key::decode(&table, &bytes);
        let mut key = Key::row(&table, &pk, &refs(&values)).unwrap().bytes().to_vec();
        let cut = cut.index(key.len());
        key.truncate(cut);
        prop_assert!(Key::decode(&table, &key).is_err());
        let mixed = [&Key::partition_prefix(&table, &pk)[..], &bytes, &[2]].concat();
        let _ = Key::decode(&table, &mixed);
        let (_, _, _) = (Key::partition(&bytes), Key::token(&bytes), Key::kind(&bytes));
        let _ = Key::partition_key(&bytes);
        let _ = PartitionKey::from_bytes(bytes.into()).map(|key| key.components(2).map(|c| c.len()));
    }
}
