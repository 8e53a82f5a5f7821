//! The order of values, as Cassandra's comparators define it.

use super::parts::{fixed_length, is_composite, part_type, parts};
use super::sort_key::put_component;
use crate::DataType;
use std::cmp::Ordering;

pub(super) fn compare(data_type: &DataType, a: &[u8], b: &[u8]) -> Ordering {
    let data_type = data_type.unfrozen();
    match data_type {
        DataType::Text | DataType::Ascii | DataType::Blob | DataType::Inet | DataType::Duration => a.cmp(b),
        DataType::Bigint | DataType::Timestamp | DataType::Counter => compare_signed(data_type, a, b),
        DataType::Int | DataType::Smallint | DataType::Tinyint => compare_signed(data_type, a, b),
        DataType::Date | DataType::Time => compare_fixed_length(data_type, a, b, <[u8]>::cmp),
        composite if is_composite(composite) => compare_by_parts(composite, a, b),
        other => compare_by_sort_key(other, a, b),
    }
}

/// Empty bytes first, then bytes of a wrong length, then values by `order`.
fn compare_fixed_length(
    data_type: &DataType,
    a: &[u8],
    b: &[u8],
    order: impl Fn(&[u8], &[u8]) -> Ordering,
) -> Ordering {
    let class = |v: &[u8]| if v.is_empty() { 0 } else { 1 + u8::from(Some(v.len()) == fixed_length(data_type)) };
    class(a).cmp(&class(b)).then_with(|| if class(a) == 2 { order(a, b) } else { a.cmp(b) })
}

fn compare_signed(data_type: &DataType, a: &[u8], b: &[u8]) -> Ordering {
    compare_fixed_length(data_type, a, b, |a, b| (a[0] ^ 0x80).cmp(&(b[0] ^ 0x80)).then_with(|| a[1..].cmp(&b[1..])))
}

fn compare_by_sort_key(data_type: &DataType, a: &[u8], b: &[u8]) -> Ordering {
    let key = |v: &[u8]| {
        let mut out = Vec::with_capacity(24);
        put_component(data_type, v, &mut out).ok().map(|()| out)
    };
    match (a.is_empty(), b.is_empty()) {
        (false, false) => match (key(a), key(b)) {
            (Some(x), Some(y)) => x.cmp(&y),
            (None, None) => a.cmp(b),
            (x, y) => x.is_some().cmp(&y.is_some()),
        },
        (x, y) => y.cmp(&x),
    }
}

fn compare_by_parts(data_type: &DataType, a: &[u8], b: &[u8]) -> Ordering {
    let (a_parts, b_parts) = match (a.is_empty(), b.is_empty(), parts(data_type, a), parts(data_type, b)) {
        (false, false, Ok(x), Ok(y)) => (x, y),
        (false, false, Err(_), Err(_)) => return a.cmp(b),
        (false, false, x, y) => return x.is_ok().cmp(&y.is_ok()),
        (x, y, ..) => return y.cmp(&x),
    };
    let fields = matches!(data_type, DataType::Tuple(_) | DataType::Udt(_));
    let count = a_parts.len().max(b_parts.len());
    for i in 0..count {
        let (x, y) = (a_parts.get(i), b_parts.get(i));
        if !fields && (x.is_none() || y.is_none()) {
            return a_parts.len().cmp(&b_parts.len());
        }
        let order = match (x.copied().flatten(), y.copied().flatten()) {
            (Some(x), Some(y)) => compare(part_type(data_type, i), x, y),
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
