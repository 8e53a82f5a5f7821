//! The notations of the protocol: `[string]`, `[bytes]`, `[value]` and the rest.

use crate::{ProtocolError, Version};
use henge_base::Reader;
use henge_model::{BoundValue, Consistency};
use std::net::{IpAddr, SocketAddr};

/// Decoding of the protocol's notations. Memory is reserved only for bytes that have arrived.
pub(crate) trait ReadNotation<'a> {
    /// `[string]`: UTF-8 after a 2-byte length.
    fn string(&mut self) -> Result<&'a str, ProtocolError>;
    /// `[long string]`: UTF-8 after a 4-byte length.
    fn long_string(&mut self) -> Result<&'a str, ProtocolError>;
    /// `[bytes]`: any negative length is null.
    fn bytes(&mut self) -> Result<Option<&'a [u8]>, ProtocolError>;
    /// `[value]`: -1 is null, -2 unset from version 4 on, anything below an error.
    fn value(&mut self, version: Version) -> Result<BoundValue<'a>, ProtocolError>;
    /// `[short bytes]`: bytes after a 2-byte length.
    fn short_bytes(&mut self) -> Result<&'a [u8], ProtocolError>;
    /// `[string list]`: strings after a 2-byte count.
    fn string_list(&mut self) -> Result<Vec<&'a str>, ProtocolError>;
    /// Skips a `[bytes map]`: keys and values after a 2-byte count.
    fn skip_bytes_map(&mut self) -> Result<(), ProtocolError>;
    /// `[inetaddr]`: an IP address after a 1-byte length.
    fn address(&mut self) -> Result<IpAddr, ProtocolError>;
    /// `[inet]`: an address, then a 4-byte port.
    fn inet(&mut self) -> Result<SocketAddr, ProtocolError>;
    /// `[consistency]`: a 2-byte number.
    fn consistency(&mut self) -> Result<Consistency, ProtocolError>;
}

impl<'a> ReadNotation<'a> for Reader<'a> {
    fn string(&mut self) -> Result<&'a str, ProtocolError> {
        let length = self.u16()?;
        utf8_text(self.take(usize::from(length))?)
    }

    fn long_string(&mut self) -> Result<&'a str, ProtocolError> {
        let length = self.i32()?;
        let length = usize::try_from(length)
            .map_err(|_| ProtocolError::new(format!("A string cannot have the length {length}")))?;
        utf8_text(self.take(length)?)
    }

    fn bytes(&mut self) -> Result<Option<&'a [u8]>, ProtocolError> {
        match usize::try_from(self.i32()?) {
            Ok(length) => Ok(Some(self.take(length)?)),
            Err(_) => Ok(None),
        }
    }

    fn value(&mut self, version: Version) -> Result<BoundValue<'a>, ProtocolError> {
        match self.i32()? {
            -1 => Ok(BoundValue::Null),
            -2 if version >= Version::V4 => Ok(BoundValue::Unset),
            length => match usize::try_from(length) {
                Ok(length) => Ok(BoundValue::Value(self.take(length)?)),
                Err(_) => Err(ProtocolError::new(format!("A value cannot have the length {length}"))),
            },
        }
    }

    fn short_bytes(&mut self) -> Result<&'a [u8], ProtocolError> {
        let length = self.u16()?;
        Ok(self.take(usize::from(length))?)
    }

    fn string_list(&mut self) -> Result<Vec<&'a str>, ProtocolError> {
        let count = self.u16()?;
        (0..count).map(|_| self.string()).collect()
    }

    fn skip_bytes_map(&mut self) -> Result<(), ProtocolError> {
        for _ in 0..self.u16()? {
            self.string()?;
            self.bytes()?;
        }
        Ok(())
    }

    fn address(&mut self) -> Result<IpAddr, ProtocolError> {
        match self.u8()? {
            4 => Ok(IpAddr::from(self.array::<4>()?)),
            16 => Ok(IpAddr::from(self.array::<16>()?)),
            size => Err(ProtocolError::new(format!("An address cannot have {size} bytes"))),
        }
    }

    fn inet(&mut self) -> Result<SocketAddr, ProtocolError> {
        let address = self.address()?;
        let port = self.i32()?;
        let port = u16::try_from(port).map_err(|_| ProtocolError::new(format!("{port} is not a port")))?;
        Ok(SocketAddr::new(address, port))
    }

    fn consistency(&mut self) -> Result<Consistency, ProtocolError> {
        let code = self.u16()?;
        Consistency::from_code(code).ok_or_else(|| ProtocolError::new(format!("There is no consistency level {code}")))
    }
}

fn utf8_text(bytes: &[u8]) -> Result<&str, ProtocolError> {
    std::str::from_utf8(bytes).map_err(|_| ProtocolError::new("A string is not UTF-8"))
}

/// The longest prefix of `text` that has at most `limit` bytes and ends between characters.
pub(crate) fn truncate_text(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit.min(text.len()))]
}

/// A count or length for a 2-byte notation; an error if it exceeds that. `what` names the thing counted.
pub(crate) fn short_count(count: usize, what: &str) -> Result<u16, ProtocolError> {
    u16::try_from(count).map_err(|_| ProtocolError::new(format!("{count} is too much for {what}: at most 65535")))
}

/// Appends a `[short]`.
pub(crate) fn put_short(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends an `[int]`.
pub(crate) fn put_int(out: &mut Vec<u8>, value: i32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a `[long]`.
pub(crate) fn put_long(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a `[string]`, cut after at most 65535 bytes.
pub(crate) fn put_string(out: &mut Vec<u8>, text: &str) {
    let text = truncate_text(text, usize::from(u16::MAX));
    put_short(out, text.len() as u16);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a `[long string]`. Its length fits, for bodies are limited to [`crate::BODY_BYTES_MAX`].
pub(crate) fn put_long_string(out: &mut Vec<u8>, text: &str) {
    put_int(out, text.len() as i32);
    out.extend_from_slice(text.as_bytes());
}

/// Appends `[bytes]`; null has the length -1.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            put_int(out, bytes.len() as i32);
            out.extend_from_slice(bytes);
        }
        None => put_int(out, -1),
    }
}

/// Appends a `[value]`; null has the length -1, unset -2.
pub(crate) fn put_value(out: &mut Vec<u8>, value: BoundValue<'_>) {
    match value {
        BoundValue::Null => put_int(out, -1),
        BoundValue::Unset => put_int(out, -2),
        BoundValue::Value(bytes) => put_bytes(out, Some(bytes)),
    }
}

/// Appends `[short bytes]`, cut after at most 65535 bytes; only ids are sent so, and they are short.
pub(crate) fn put_short_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
    put_short(out, bytes.len() as u16);
    out.extend_from_slice(bytes);
}

/// Appends a `[string list]`, without the entries after the first 65535.
pub(crate) fn put_string_list<S: AsRef<str>>(out: &mut Vec<u8>, list: &[S]) {
    let list = &list[..list.len().min(usize::from(u16::MAX))];
    put_short(out, list.len() as u16);
    for text in list {
        put_string(out, text.as_ref());
    }
}

/// Appends an `[inetaddr]`.
pub(crate) fn put_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => {
            out.push(4);
            out.extend_from_slice(&v4.octets());
        }
        IpAddr::V6(v6) => {
            out.push(16);
            out.extend_from_slice(&v6.octets());
        }
    }
}

/// Appends an `[inet]`.
pub(crate) fn put_inet(out: &mut Vec<u8>, address: SocketAddr) {
    put_address(out, address.ip());
    put_int(out, i32::from(address.port()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_exists_from_version_4_on() {
        let unset = (-2i32).to_be_bytes();
        assert_eq!(Reader::new(&unset).value(Version::V4), Ok(BoundValue::Unset));
        assert!(Reader::new(&unset).value(Version::V3).is_err());
        assert!(Reader::new(&(-3i32).to_be_bytes()).value(Version::V5).is_err());
        assert_eq!(Reader::new(&unset).bytes(), Ok(None));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let mut out = Vec::new();
        put_string(&mut out, &"é".repeat(40_000));
        assert_eq!(Reader::new(&out).string().map(str::len), Ok(65_534));
    }
}
