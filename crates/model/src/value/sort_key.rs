//! Values as key components: bytes that sort as values do, mark their own end, and can be decoded.
//!
//! A component is a marker byte; then, unless the value is empty or null, a body:
//!
//! | Type | Body |
//! |---|---|
//! | integers, timestamp | big-endian, sign flipped |
//! | date, time, boolean | unchanged; a boolean is 00 or 01 |
//! | float, double | sign flipped, or all bits of a negative number; NaN is made one value, the greatest |
//! | uuid, timeuuid | version, time, rest, as the order of the type needs |
//! | text, ascii, blob, inet | 00 written as 00 FF, then 00 00 |
//! | varint | sign and length, then two's complement |
//! | decimal | sign, exponent, digits in pairs, 00 |
//! | composites | a component for each part, then the end marker |

use super::ValueError;
use super::fixed::{from_sortable, to_sortable};
use super::number::{Decimal, shortest_varint};
use super::parts::{fixed_length, is_composite, part_type, parts, put_parts};
use super::validate::check_length;
use crate::DataType;
use crate::limits::NUMBER_BYTES_MAX;
use henge_base::{Reader, TruncatedInput};
use smallvec::SmallVec;

/// A buffer for decoded components; those of typical keys fit without an allocation.
pub(crate) type Scratch = SmallVec<[u8; 128]>;

const NULL_MARKER: u8 = 0x3e;
const END_MARKER: u8 = 0x3d;
const EMPTY_MARKER: u8 = 0x40;
const VALUE_MARKER: u8 = 0x41;

/// A reader of key bytes that inverts those of descending columns.
#[derive(Clone, Copy)]
pub(crate) struct MaskedReader<'a> {
    reader: Reader<'a>,
    mask: u8,
}

impl<'a> MaskedReader<'a> {
    pub(crate) fn new(reader: Reader<'a>, inverted: bool) -> Self {
        MaskedReader { reader, mask: if inverted { 0xff } else { 0 } }
    }

    /// The reader of the bytes left, not inverted.
    pub(crate) fn reader(&self) -> Reader<'a> {
        self.reader
    }

    fn u8(&mut self) -> Result<u8, TruncatedInput> {
        Ok(self.reader.u8()? ^ self.mask)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TruncatedInput> {
        Ok(self.reader.array::<N>()?.map(|b| b ^ self.mask))
    }

    fn take(&mut self, count: usize, out: &mut Scratch) -> Result<(), TruncatedInput> {
        let start = out.len();
        out.extend_from_slice(self.reader.take(count)?);
        if self.mask != 0 {
            out[start..].iter_mut().for_each(|b| *b = !*b);
        }
        Ok(())
    }
}

/// True if columns of the type may be part of a primary key: it has an order and is stored as one value.
pub(super) fn can_be_key(data_type: &DataType) -> bool {
    match data_type {
        DataType::Duration | DataType::Counter | DataType::Empty => false,
        DataType::Frozen(inner) => parts_can_be_key(inner.unfrozen()),
        DataType::Tuple(_) | DataType::Vector(..) => parts_can_be_key(data_type),
        other => !other.is_complex(),
    }
}

fn parts_can_be_key(data_type: &DataType) -> bool {
    // Inside a frozen value everything is frozen, whether marked so or not.
    match data_type.unfrozen() {
        DataType::Duration | DataType::Counter | DataType::Empty => false,
        DataType::List(t) | DataType::Set(t) | DataType::Vector(t, _) => parts_can_be_key(t),
        DataType::Map(k, v) => parts_can_be_key(k) && parts_can_be_key(v),
        DataType::Tuple(fields) => fields.iter().all(parts_can_be_key),
        DataType::Udt(udt) => udt.fields.iter().all(|(_, t)| parts_can_be_key(t)),
        _ => true,
    }
}

pub(super) fn put_component(data_type: &DataType, value: &[u8], out: &mut Vec<u8>) -> Result<(), ValueError> {
    if value.is_empty() {
        out.push(EMPTY_MARKER);
        return Ok(());
    }
    out.push(VALUE_MARKER);
    put_body(data_type.unfrozen(), value, out)
}

fn put_body(data_type: &DataType, value: &[u8], out: &mut Vec<u8>) -> Result<(), ValueError> {
    match data_type {
        DataType::Duration | DataType::Counter | DataType::Empty => {
            return Err(ValueError::NotAKey(data_type.to_string()));
        }
        DataType::Text | DataType::Ascii | DataType::Blob | DataType::Inet => put_escaped(value, out),
        DataType::Varint => put_varint(shortest_varint(value), out),
        DataType::Decimal => {
            let decimal = Decimal::parse(value)
                .ok_or(ValueError::Content("a decimal in a key has one to 4096 bytes of digits"))?;
            put_decimal(&decimal, out);
        }
        composite if is_composite(composite) => put_composite(composite, value, out)?,
        fixed => {
            check_length(fixed, value)?;
            let start = out.len();
            out.extend_from_slice(value);
            to_sortable(fixed, &mut out[start..]);
        }
    }
    Ok(())
}

fn put_composite(data_type: &DataType, value: &[u8], out: &mut Vec<u8>) -> Result<(), ValueError> {
    let mut parts = parts(data_type, value)?;
    if has_fields(data_type) {
        // A missing field and a null one are equal.
        while parts.last() == Some(&None) {
            parts.pop();
        }
    }
    for (i, part) in parts.into_iter().enumerate() {
        match part {
            Some(part) => put_component(part_type(data_type, i), part, out)?,
            None => out.push(NULL_MARKER),
        }
    }
    out.push(END_MARKER);
    Ok(())
}

/// True if trailing parts may be missing: tuples and user types.
fn has_fields(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Tuple(_) | DataType::Udt(_))
}

/// Appends bytes with 00 written as 00 FF and an end of 00 00, so that a prefix sorts first and the end cannot occur
/// inside.
pub(crate) fn put_escaped(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(zero) = rest.iter().position(|b| *b == 0) {
        out.extend_from_slice(&rest[..=zero]);
        out.push(0xff);
        rest = &rest[zero + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

/// Reads the output of [`put_escaped`].
pub(crate) fn take_escaped(reader: &mut MaskedReader<'_>, out: &mut Scratch) -> Result<(), TruncatedInput> {
    loop {
        let rest = reader.reader.rest();
        let zero = rest.iter().position(|b| *b == reader.mask).ok_or(TruncatedInput)?;
        reader.take(zero, out)?;
        match reader.array()? {
            [0, 0] => return Ok(()),
            [0, 0xff] => out.push(0),
            _ => return Err(TruncatedInput),
        }
    }
}

fn put_varint(value: &[u8], out: &mut Vec<u8>) {
    let negative = value[0] & 0x80 != 0;
    let length = value.len() as u32;
    match u8::try_from(length) {
        Ok(short) if short < 0x70 => out.push(if negative { 0x7f - short } else { 0x80 + short }),
        _ => {
            out.push(if negative { 0x00 } else { 0xff });
            out.extend_from_slice(&(if negative { !length } else { length }).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
}

fn take_varint(reader: &mut MaskedReader<'_>, out: &mut Scratch) -> Result<(), TruncatedInput> {
    let length = match reader.u8()? {
        0x00 => !u32::from_be_bytes(reader.array()?),
        0xff => u32::from_be_bytes(reader.array()?),
        head @ 0x80.. => u32::from(head - 0x80),
        head => u32::from(0x7f - head),
    };
    reader.take(length as usize, out)
}

fn put_decimal(decimal: &Decimal, out: &mut Vec<u8>) {
    if decimal.digits.is_empty() {
        out.push(0x80);
        return;
    }
    let start = out.len();
    out.push(0x81);
    out.extend_from_slice(&(decimal.exponent as u64 ^ (1 << 63)).to_be_bytes());
    out.extend(decimal.digits.chunks(2).map(|pair| pair[0] * 10 + pair.get(1).unwrap_or(&0) + 1));
    out.push(0);
    if decimal.negative {
        out[start..].iter_mut().for_each(|b| *b = !*b);
    }
}

fn take_decimal(reader: &mut MaskedReader<'_>, out: &mut Scratch) -> Result<(), ValueError> {
    let negative = match reader.u8()? {
        0x80 => {
            out.extend([0; 5]);
            return Ok(());
        }
        0x81 => false,
        0x7e => true,
        _ => return Err(TruncatedInput.into()),
    };
    let flip = if negative { 0xff } else { 0 };
    let exponent = (u64::from_be_bytes(reader.array::<8>()?.map(|b| b ^ flip)) ^ (1 << 63)) as i64;
    let mut digits = Vec::new();
    loop {
        match reader.u8()? ^ flip {
            0 => break,
            pair @ 1..=100 => digits.extend([(pair - 1) / 10, (pair - 1) % 10]),
            _ => return Err(TruncatedInput.into()),
        }
    }
    if digits.last() == Some(&0) {
        digits.pop();
    }
    // Digits or scales beyond those that a value of allowed size can have are corrupt, and must not be expanded.
    let most = 3 * NUMBER_BYTES_MAX;
    let scale = digits.len() as i64 - exponent;
    let scales = i64::from(i32::MIN) - most as i64..=i64::from(i32::MAX);
    if digits.is_empty() || digits.len() > most || !scales.contains(&scale) {
        return Err(TruncatedInput.into());
    }
    out.extend(Decimal { negative, digits, exponent }.bytes());
    Ok(())
}

/// Reads one component and appends its value in native encoding.
pub(crate) fn take_component(
    data_type: &DataType,
    reader: &mut MaskedReader<'_>,
    out: &mut Scratch,
) -> Result<(), ValueError> {
    match reader.u8()? {
        EMPTY_MARKER => Ok(()),
        VALUE_MARKER => take_body(data_type.unfrozen(), reader, out),
        _ => Err(TruncatedInput.into()),
    }
}

fn take_body(data_type: &DataType, reader: &mut MaskedReader<'_>, out: &mut Scratch) -> Result<(), ValueError> {
    match data_type {
        DataType::Text | DataType::Ascii | DataType::Blob | DataType::Inet => Ok(take_escaped(reader, out)?),
        DataType::Varint => Ok(take_varint(reader, out)?),
        DataType::Decimal => take_decimal(reader, out),
        composite if is_composite(composite) => take_composite(composite, reader, out),
        fixed => {
            let length = fixed_length(fixed).ok_or_else(|| ValueError::NotAKey(fixed.to_string()))?;
            let start = out.len();
            reader.take(length, out)?;
            from_sortable(fixed, &mut out[start..]);
            Ok(())
        }
    }
}

fn take_composite(data_type: &DataType, reader: &mut MaskedReader<'_>, out: &mut Scratch) -> Result<(), ValueError> {
    let mut values = Scratch::new();
    let mut ends: SmallVec<[Option<usize>; 8]> = SmallVec::new();
    loop {
        match reader.u8()? {
            END_MARKER => break,
            NULL_MARKER => ends.push(None),
            EMPTY_MARKER => ends.push(Some(values.len())),
            VALUE_MARKER => {
                take_body(part_type(data_type, ends.len()).unfrozen(), reader, &mut values)?;
                ends.push(Some(values.len()));
            }
            _ => return Err(TruncatedInput.into()),
        }
    }
    if ends.is_empty() && has_fields(data_type) {
        // Without any field it would decode to the empty value, which sorts before one whose fields are all null.
        ends.push(None);
    }
    let mut start = 0;
    let parts: SmallVec<[Option<&[u8]>; 8]> =
        ends.iter().map(|end| end.map(|end| &values[std::mem::replace(&mut start, end)..end])).collect();
    let mut bytes = Vec::with_capacity(values.len() + 4 * parts.len() + 4);
    put_parts(data_type, parts.into_iter(), &mut bytes);
    out.extend_from_slice(&bytes);
    Ok(())
}
