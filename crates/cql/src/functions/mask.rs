//! Masking functions: values that reveal nothing, or little, of the stored value.

use super::time;
use crate::collection;
use crate::error::Error;
use henge_model::DataType;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::borrow::Cow;

/// The part of a text that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaskedPart {
    Inner,
    Outer,
}

/// The value that `mask_default` returns for a type.
pub(super) fn default(data_type: &DataType) -> Result<Vec<u8>, Error> {
    Ok(match data_type.unfrozen() {
        DataType::Ascii | DataType::Text => b"****".to_vec(),
        DataType::Blob | DataType::Empty => Vec::new(),
        DataType::Boolean | DataType::Tinyint | DataType::Varint => vec![0],
        DataType::Smallint => vec![0; 2],
        DataType::Int | DataType::Float | DataType::Inet => vec![0; 4],
        DataType::Date => (1u32 << 31).to_be_bytes().to_vec(),
        DataType::Bigint | DataType::Counter | DataType::Double | DataType::Time | DataType::Timestamp => vec![0; 8],
        DataType::Decimal => vec![0; 5],
        DataType::Duration => vec![0; 3],
        DataType::Uuid => vec![0; 16],
        DataType::Timeuuid => time::timeuuid_bound(&[0; 8], false)?,
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) => vec![0; 4],
        DataType::Tuple(fields) => parts(data_type, fields.iter())?,
        DataType::Vector(element, n) => parts(data_type, (0..*n).map(|_| &**element))?,
        DataType::Udt(user) => {
            // A user type's value is encoded like a tuple's.
            let tuple = DataType::Tuple(user.fields.iter().map(|(_, field)| field.clone()).collect());
            parts(&tuple, user.fields.iter().map(|(_, field)| field))?
        }
        DataType::Frozen(inner) => return default(inner),
    })
}

fn parts<'t>(of: &DataType, types: impl Iterator<Item = &'t DataType>) -> Result<Vec<u8>, Error> {
    let parts: Result<Vec<_>, Error> = types.map(|part| Ok(Some(Cow::Owned(default(part)?)))).collect();
    collection::build(of, &parts?)
}

/// Replaces the inner or outer characters of a text. Arguments: the text, the number of characters at its beginning,
/// that at its end, and the replacement. Null means 0 for the numbers and `*` for the replacement.
pub(super) fn text(
    part: MaskedPart,
    data_type: &DataType,
    arguments: &[Option<&[u8]>],
) -> Result<Option<Vec<u8>>, Error> {
    let argument = |i: usize| arguments.get(i).copied().flatten();
    let Some(value) = argument(0) else { return Ok(None) };
    let value = std::str::from_utf8(value).map_err(|_| Error::invalid("not valid UTF-8"))?;
    let count = |i: usize| -> usize {
        let count = argument(i).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_be_bytes);
        usize::try_from(count).unwrap_or(0)
    };
    let (begin, end) = (count(1), count(2));
    let mask = match argument(3) {
        None => '*',
        Some(given) => padding(given, part)?,
    };
    let mask = if *data_type == DataType::Ascii && !mask.is_ascii() { '?' } else { mask };
    let length = value.chars().count();
    let shown = |(i, c): (usize, char)| {
        let at_end = i < begin || i >= length.saturating_sub(end);
        if at_end == (part == MaskedPart::Inner) { c } else { mask }
    };
    Ok(Some(value.chars().enumerate().map(shown).collect::<String>().into_bytes()))
}

fn padding(given: &[u8], part: MaskedPart) -> Result<char, Error> {
    let function = if part == MaskedPart::Inner { "mask_inner" } else { "mask_outer" };
    let text = std::str::from_utf8(given).map_err(|_| Error::invalid("not valid UTF-8"))?;
    let mut all = text.chars();
    match (all.next(), all.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(Error::invalid(format!(
            "The padding argument for function system.{function} should be single-character, but '{text}' has {} characters.",
            text.chars().count()
        ))),
    }
}

/// A hash of the value's bytes; SHA-256 unless `algorithm` names another.
pub(super) fn hash(value: &[u8], algorithm: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let name = String::from_utf8_lossy(algorithm.unwrap_or(b"SHA-256"));
    Ok(match name.to_uppercase().as_str() {
        "MD5" => Md5::digest(value).to_vec(),
        "SHA" | "SHA1" | "SHA-1" => Sha1::digest(value).to_vec(),
        "SHA-256" => Sha256::digest(value).to_vec(),
        "SHA-384" => Sha384::digest(value).to_vec(),
        "SHA-512" => Sha512::digest(value).to_vec(),
        _ => return Err(Error::invalid(format!("Hash algorithm not found: {name}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::hex;

    fn mask_text(part: MaskedPart, value: &str, begin: i32, end: i32) -> String {
        let (begin, end) = (begin.to_be_bytes(), end.to_be_bytes());
        let arguments = [Some(value.as_bytes()), Some(&begin[..]), Some(&end[..])];
        String::from_utf8(text(part, &DataType::Text, &arguments).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn ends_are_shown_or_hidden() {
        assert_eq!(mask_text(MaskedPart::Inner, "Alice", 1, 1), "A***e");
        assert_eq!(mask_text(MaskedPart::Outer, "Alice", 1, 1), "*lic*");
        assert_eq!(mask_text(MaskedPart::Inner, "héé", -1, 1), "**é");
        assert_eq!(mask_text(MaskedPart::Outer, "ab", 100, 0), "**");
        assert!(text(MaskedPart::Inner, &DataType::Text, &[Some(b"a"), None, None, Some(b"##")]).is_err());
    }

    #[test]
    fn every_type_has_a_value_that_shows_nothing() {
        for data_type in [
            DataType::Tuple(vec![DataType::Int, DataType::Text].into()),
            DataType::Vector(Box::new(DataType::Float), 2),
            DataType::Timeuuid,
            DataType::Duration,
            DataType::Map(Box::new(DataType::Int), Box::new(DataType::Int)),
        ] {
            assert_eq!(data_type.validate(&default(&data_type).unwrap()), Ok(()), "{data_type}");
        }
    }

    #[test]
    fn hashes_by_name() {
        assert_eq!(hex(&hash(b"Alice", Some(b"md5")).unwrap()), "64489c85dc2fe0787b85cd87214b3810");
        assert!(hex(&hash(b"", None).unwrap()).starts_with("e3b0c442"));
        assert!(hash(b"", Some(b"nothing")).is_err());
    }
}
