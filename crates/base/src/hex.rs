//! Bytes as text.

/// Hexadecimal digits, two for each byte, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(digit.into(), 16);
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect()
}

/// The bytes of hexadecimal digits, in either case; `None` of other text.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).ok());
    if rest.is_empty() { bytes.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0, 7, 0x80, 0xff]), "000780ff");
    }

    #[test]
    fn digits_are_read_back() {
        assert_eq!(from_hex("000780ff"), Some(vec![0, 7, 0x80, 0xff]));
        assert_eq!(from_hex("Ff"), Some(vec![0xff]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        assert!(["0", "0g", "é0", "+1"].into_iter().all(|text| from_hex(text).is_none()));
    }
}
