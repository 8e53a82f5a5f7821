//! Normalization of sets and maps: elements ascend without duplicates, in whatever order a client sent them.

use super::parts::{part_type, parts, put_parts};
use crate::DataType;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::cmp::Ordering;

type OwnedParts<'a> = SmallVec<[Option<Cow<'a, [u8]>>; 8]>;

/// The value with every set and map in it sorted, at any depth; borrowed if nothing changes or the bytes are not a
/// value of the type.
pub(super) fn sort_nested<'a>(data_type: &DataType, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    let data_type = data_type.unfrozen();
    if !holds_sets(data_type) {
        return Cow::Borrowed(bytes);
    }
    let Ok(found) = parts(data_type, bytes) else { return Cow::Borrowed(bytes) };
    let mut changed = false;
    let mut all = OwnedParts::with_capacity(found.len());
    for (i, part) in found.into_iter().enumerate() {
        let part = part.map(|part| sort_nested(part_type(data_type, i), part));
        changed |= matches!(part, Some(Cow::Owned(_)));
        all.push(part);
    }
    changed |= match data_type {
        DataType::Set(element) => sort_set(element, &mut all),
        DataType::Map(key, _) => sort_map(key, &mut all),
        _ => false,
    };
    if !changed {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    put_parts(data_type, all.iter().map(Option::as_deref), &mut out);
    Cow::Owned(out)
}

/// True if values of the type can hold a set or a map, at any depth.
fn holds_sets(data_type: &DataType) -> bool {
    match data_type.unfrozen() {
        DataType::Set(_) | DataType::Map(..) => true,
        DataType::List(element) | DataType::Vector(element, _) => holds_sets(element),
        DataType::Tuple(fields) => fields.iter().any(holds_sets),
        DataType::Udt(udt) => udt.fields.iter().any(|(_, field)| holds_sets(field)),
        _ => false,
    }
}

fn compare(of: &DataType, a: &Option<Cow<'_, [u8]>>, b: &Option<Cow<'_, [u8]>>) -> Ordering {
    of.compare(a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default())
}

/// Sorts the elements. Of equal ones the first stays, as in Cassandra. True if anything changed.
fn sort_set(element: &DataType, parts: &mut OwnedParts<'_>) -> bool {
    if parts.windows(2).all(|pair| compare(element, &pair[0], &pair[1]).is_lt()) {
        return false;
    }
    parts.sort_by(|a, b| compare(element, a, b));
    parts.dedup_by(|next, kept| compare(element, next, kept).is_eq());
    true
}

/// Sorts the entries. Of equal keys the first stays, with the last one's value, as in Cassandra. True if anything
/// changed.
fn sort_map(key: &DataType, parts: &mut OwnedParts<'_>) -> bool {
    let mut neighbours = parts.iter().step_by(2).zip(parts.iter().skip(2).step_by(2));
    if neighbours.all(|(one, next)| compare(key, one, next).is_lt()) {
        return false;
    }
    let mut given = std::mem::take(parts).into_iter();
    let mut entries = Vec::with_capacity(given.len() / 2);
    while let (Some(key), Some(value)) = (given.next(), given.next()) {
        entries.push((key, value));
    }
    entries.sort_by(|a, b| compare(key, &a.0, &b.0));
    entries.dedup_by(|next, kept| {
        let same = compare(key, &next.0, &kept.0).is_eq();
        if same {
            kept.1 = next.1.take();
        }
        same
    });
    parts.extend(entries.into_iter().flat_map(|(key, value)| [key, value]));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(data_type: DataType) -> Box<DataType> {
        Box::new(data_type)
    }

    /// A collection of one-byte elements.
    fn collection(count: u8, elements: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 0, 0, count];
        elements.iter().for_each(|element| out.extend([0, 0, 0, 1, *element]));
        out
    }

    /// A tuple or list whose parts have lengths of four bytes.
    fn with_lengths(parts: &[&[u8]]) -> Vec<u8> {
        let of_one = |part: &&[u8]| [&(part.len() as i32).to_be_bytes()[..], part].concat();
        parts.iter().map(of_one).collect::<Vec<_>>().concat()
    }

    #[test]
    fn sets_ascend_and_hold_nothing_twice() {
        let set = DataType::Frozen(of(DataType::Set(of(DataType::Blob))));
        assert_eq!(*sort_nested(&set, &collection(3, &[2, 1, 2])), collection(2, &[1, 2]));
        assert!(matches!(sort_nested(&set, &collection(2, &[1, 2])), Cow::Borrowed(_)));
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let map = DataType::Map(of(DataType::Blob), of(DataType::Blob));
        assert_eq!(*sort_nested(&map, &collection(3, &[2, 8, 1, 9, 2, 7])), collection(2, &[1, 9, 2, 7]));
        assert!(matches!(sort_nested(&map, &collection(2, &[1, 9, 2, 7])), Cow::Borrowed(_)));
    }

    #[test]
    fn sets_are_sorted_inside_lists_tuples_and_vectors() {
        let set = || DataType::Frozen(of(DataType::Set(of(DataType::Blob))));
        let (given, wanted) = (collection(2, &[2, 1]), collection(2, &[1, 2]));
        let list = [&[0, 0, 0, 1], &with_lengths(&[&given])[..]].concat();
        assert_eq!(sort_nested(&DataType::List(of(set())), &list)[8..], wanted);
        let tuple = DataType::Tuple(vec![DataType::Blob, set(), DataType::Blob].into());
        assert_eq!(*sort_nested(&tuple, &with_lengths(&[b"a", &given])), with_lengths(&[b"a", &wanted]));
        let vector = DataType::Vector(of(set()), 1);
        assert_eq!(sort_nested(&vector, &[&[given.len() as u8], &given[..]].concat())[1..], wanted);
    }

    #[test]
    fn what_is_no_value_stays_as_it_is() {
        let set = DataType::Set(of(DataType::Blob));
        for bytes in [&b""[..], b"\xff", &collection(3, &[2, 1])] {
            assert_eq!(*sort_nested(&set, bytes), *bytes);
        }
    }
}
