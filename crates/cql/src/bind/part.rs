//! Elements and slices of collections, and their timestamps and times to live.

use crate::collection;
use crate::context::BindContext;
use crate::error::Error;
use crate::plan::{EvaluatedValue, Source};
use henge_base::Bytes;
use henge_model::DataType;
use std::borrow::Cow;

/// The times of the elements between two bounds; if `one`, that of the first such element.
pub(super) fn part_times(
    data_type: &DataType,
    times: &Bytes,
    collection: &[u8],
    from: Option<&[u8]>,
    to: Option<&[u8]>,
    one: bool,
) -> Option<Bytes> {
    let of_key = key_type(data_type);
    let within = |key: &[u8]| {
        from.is_none_or(|from| of_key.compare(key, from).is_ge()) && to.is_none_or(|to| of_key.compare(key, to).is_le())
    };
    let chosen: Vec<bool> = entries(data_type, collection).into_iter().map(|(key, _)| within(key)).collect();
    if !data_type.is_complex() {
        return chosen.contains(&true).then(|| times.clone());
    }
    // Elements and their times are in the same order.
    let list_type = DataType::List(Box::new(DataType::Blob));
    let of_all = collection::parts(&list_type, times)?;
    let mut found = of_all.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|((_, time), _)| time);
    if one {
        return found.next().flatten().map(Bytes::copy_from_slice);
    }
    let found: Vec<Option<&[u8]>> = found.collect();
    if found.is_empty() {
        return None;
    }
    let mut list = i32::try_from(found.len()).unwrap_or(i32::MAX).to_be_bytes().to_vec();
    for time in found {
        list.extend(time.map_or(-1, |time| time.len() as i32).to_be_bytes());
        list.extend(time.unwrap_or_default());
    }
    Some(list.into())
}

/// The element of a list of times at an index.
pub(super) fn nth(times: &[u8], place: usize) -> Option<Bytes> {
    let list_type = DataType::List(Box::new(DataType::Blob));
    let of_all = collection::parts(&list_type, times)?;
    of_all.get(place)?.1.map(Bytes::copy_from_slice)
}

/// The greatest of a list of timestamps.
pub(super) fn newest(list: &[u8]) -> Option<Bytes> {
    let timestamps = DataType::List(Box::new(DataType::Bigint));
    let parts = collection::parts(&timestamps, list).unwrap_or_default();
    let newest = parts.into_iter().filter_map(|(of, part)| Some((of, part?))).max_by(|a, b| a.0.compare(a.1, b.1));
    newest.map(|(_, timestamp)| Bytes::copy_from_slice(timestamp))
}

/// The entries of a set or map: each key with its value, which for a set is the element itself.
fn entries<'v>(data_type: &DataType, collection: &'v [u8]) -> Vec<(&'v [u8], &'v [u8])> {
    let parts = collection::parts(data_type, collection).unwrap_or_default();
    let parts: Vec<&[u8]> = parts.into_iter().filter_map(|(_, part)| part).collect();
    match data_type.unfrozen() {
        DataType::Map(..) => parts.chunks_exact(2).map(|entry| (entry[0], entry[1])).collect(),
        _ => parts.into_iter().map(|element| (element, element)).collect(),
    }
}

/// The value of a slice's bound; `None` if the bound is absent or unset. `on` names the collection in messages.
pub(super) fn evaluate_bound<'a>(
    source: Option<&'a Source>,
    on: &str,
    context: &BindContext<'a>,
) -> Result<Option<Cow<'a, [u8]>>, Error> {
    let Some(source) = source else { return Ok(None) };
    match source.evaluate(context)? {
        EvaluatedValue::Unset => Ok(None),
        given => given.require(&format!("slice selection on {on}")).map(Some),
    }
}

pub(super) fn key_type(data_type: &DataType) -> &DataType {
    match data_type.unfrozen() {
        DataType::Map(key, _) | DataType::Set(key) => key,
        other => other,
    }
}

/// The part of a collection between two bounds, both included.
pub(super) fn slice(data_type: &DataType, collection: &[u8], from: Option<&[u8]>, to: Option<&[u8]>) -> Option<Bytes> {
    let of_key = key_type(data_type);
    let within = |key: &[u8]| {
        from.is_none_or(|from| of_key.compare(key, from).is_ge()) && to.is_none_or(|to| of_key.compare(key, to).is_le())
    };
    let found: Vec<(&[u8], &[u8])> =
        entries(data_type, collection).into_iter().filter(|(key, _)| within(key)).collect();
    // An unfrozen collection without elements is null.
    if found.is_empty() && data_type.is_complex() {
        return None;
    }
    let is_map = matches!(data_type.unfrozen(), DataType::Map(..));
    let parts = found.into_iter().flat_map(|(key, selected)| [Some(key), is_map.then_some(selected)]).flatten();
    let parts: Vec<Option<Cow<'_, [u8]>>> = parts.map(|part| Some(Cow::Borrowed(part))).collect();
    collection::build(data_type, &parts).ok().map(Bytes::from)
}
