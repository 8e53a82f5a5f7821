//! Sortable forms of values of fixed length.

use crate::DataType;

/// Turns a fixed-length value into the form whose bytes sort as the values do.
pub(super) fn to_sortable(data_type: &DataType, value: &mut [u8]) {
    match data_type {
        DataType::Boolean => value[0] = u8::from(value[0] != 0),
        DataType::Float | DataType::Double => {
            normalize_nan(data_type, value);
            let negative = value[0] & 0x80 != 0;
            value.iter_mut().for_each(|b| *b ^= if negative { 0xff } else { 0 });
            value[0] ^= if negative { 0 } else { 0x80 };
        }
        DataType::Uuid | DataType::Timeuuid => uuid_to_sortable(data_type, value),
        DataType::Date | DataType::Time => {}
        _ => value[0] ^= 0x80,
    }
}

/// The inverse of [`to_sortable`], up to the values that it equates.
pub(super) fn from_sortable(data_type: &DataType, value: &mut [u8]) {
    match data_type {
        DataType::Float | DataType::Double => {
            let negative = value[0] & 0x80 == 0;
            value.iter_mut().for_each(|b| *b ^= if negative { 0xff } else { 0 });
            value[0] ^= if negative { 0 } else { 0x80 };
        }
        DataType::Uuid | DataType::Timeuuid => uuid_from_sortable(data_type, value),
        DataType::Boolean | DataType::Date | DataType::Time => {}
        _ => value[0] ^= 0x80,
    }
}

/// Replaces every NaN by Java's canonical one, for Java's order equates them.
fn normalize_nan(data_type: &DataType, value: &mut [u8]) {
    let is_nan = match (data_type, &*value) {
        (DataType::Float, &[a, b, c, d]) => f32::from_be_bytes([a, b, c, d]).is_nan(),
        (_, &[a, b, c, d, e, f, g, h]) => f64::from_be_bytes([a, b, c, d, e, f, g, h]).is_nan(),
        _ => false,
    };
    if is_nan {
        value.fill(0);
        value[0] = 0x7f;
        value[1] = if value.len() == 4 { 0xc0 } else { 0xf8 };
    }
}

/// Puts the version first. In version 1, and always in a timeuuid, the time follows from its high bits to its low ones.
/// A timeuuid's second half compares as signed bytes.
fn uuid_to_sortable(data_type: &DataType, value: &mut [u8]) {
    let signed = *data_type == DataType::Timeuuid;
    let Some((high, low)) = value.split_first_chunk_mut::<8>() else { return };
    let bits = u64::from_be_bytes(*high);
    let version = (bits >> 12) & 0xf;
    let sortable = if signed || version == 1 {
        (bits << 48) | ((bits << 16) & 0xffff_0000_0000) | (bits >> 32)
    } else {
        (version << 60) | ((bits >> 16) << 12) | (bits & 0xfff)
    };
    *high = sortable.to_be_bytes();
    low.iter_mut().for_each(|b| *b ^= if signed { 0x80 } else { 0 });
}

fn uuid_from_sortable(data_type: &DataType, value: &mut [u8]) {
    let signed = *data_type == DataType::Timeuuid;
    let Some((high, low)) = value.split_first_chunk_mut::<8>() else { return };
    let sortable = u64::from_be_bytes(*high);
    let version = sortable >> 60;
    let bits = if signed || version == 1 {
        (sortable << 32) | ((sortable >> 16) & 0xffff_0000) | (sortable >> 48)
    } else {
        ((sortable >> 12) << 16) | (version << 12) | (sortable & 0xfff)
    };
    *high = bits.to_be_bytes();
    low.iter_mut().for_each(|b| *b ^= if signed { 0x80 } else { 0 });
}
