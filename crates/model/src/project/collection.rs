//! Collections and user types that are not frozen: several cells become one value.
//!
//! A cell's path is a set's element, a map's key, the time-uuid that orders a list, or the index (2 bytes) of a user
//! type's field.

use super::aspect::{CellAspect, remaining_ttl};
use crate::row_codec::CellView;
use crate::{DataType, RowSink, UserType, field_path};
use smallvec::SmallVec;

type Elements<'a> = SmallVec<[CellView<'a>; 8]>;

/// Pushes the live cells of a column as one value; null if no cell is live.
pub(super) fn push_elements<'a>(
    data_type: &DataType,
    cells: impl Iterator<Item = CellView<'a>>,
    aspect: CellAspect,
    now_seconds: i64,
    sink: &mut dyn RowSink,
) {
    let mut elements: Elements<'a> = cells.filter(|cell| cell.live_value(now_seconds).is_some()).collect();
    if elements.is_empty() {
        return sink.value(None);
    }
    match data_type {
        DataType::Set(of) | DataType::Map(of, _) => elements.sort_by(|a, b| of.compare(a.path, b.path)),
        DataType::List(_) => elements.sort_by(|a, b| DataType::Timeuuid.compare(a.path, b.path)),
        _ => {}
    }
    let mut out = Vec::with_capacity(64);
    match data_type {
        DataType::Udt(udt) => put_fields(udt, &elements, aspect, now_seconds, &mut out),
        _ => put_elements(data_type, &elements, aspect, now_seconds, &mut out),
    }
    sink.value(Some(&out));
}

fn put_elements(
    data_type: &DataType,
    elements: &Elements<'_>,
    aspect: CellAspect,
    now_seconds: i64,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(&(elements.len() as i32).to_be_bytes());
    for cell in elements {
        if aspect == CellAspect::Value && matches!(data_type, DataType::Set(_) | DataType::Map(..)) {
            put_value(Some(cell.path), out);
        }
        if aspect != CellAspect::Value || !matches!(data_type, DataType::Set(_)) {
            put_cell(cell, aspect, now_seconds, out);
        }
    }
}

fn put_fields(udt: &UserType, elements: &Elements<'_>, aspect: CellAspect, now_seconds: i64, out: &mut Vec<u8>) {
    if aspect != CellAspect::Value {
        out.extend_from_slice(&(udt.fields.len() as i32).to_be_bytes());
    }
    for field in 0..udt.fields.len() {
        match elements.iter().find(|cell| cell.path == field_path(field)) {
            Some(cell) => put_cell(cell, aspect, now_seconds, out),
            None => put_value(None, out),
        }
    }
}

fn put_cell(cell: &CellView<'_>, aspect: CellAspect, now_seconds: i64, out: &mut Vec<u8>) {
    match aspect {
        CellAspect::Value => put_value(cell.live_value(now_seconds), out),
        CellAspect::Writetime => put_value(Some(&cell.timestamp.to_be_bytes()), out),
        CellAspect::Ttl => put_value(remaining_ttl(cell, now_seconds).as_ref().map(<[u8; 4]>::as_slice), out),
    }
}

fn put_value(value: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.map_or(-1, |value| value.len() as i32).to_be_bytes());
    out.extend_from_slice(value.unwrap_or_default());
}
