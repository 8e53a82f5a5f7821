//! The nine bytes before every message body.

use crate::{Answer, FrameError, MAX_BODY, Opcode, Role, Version};

/// Bytes of a header.
pub(crate) const HEADER_LENGTH: usize = 9;

const RESPONSE: u8 = 0x80;

/// A header's flags; bits without a name are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The body is compressed (v3 and v4).
    pub const COMPRESSED: Flags = Flags(0x01);
    /// A request wants a trace; a response starts with its session id.
    pub const TRACING: Flags = Flags(0x02);
    /// A custom payload precedes the message (v4 and later).
    pub const CUSTOM_PAYLOAD: Flags = Flags(0x04);
    /// Warnings precede the message (v4 and later).
    pub const WARNINGS: Flags = Flags(0x08);

    /// Whether every flag of `other` is set.
    pub fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of flags.
    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// A header that was read and believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The protocol version.
    pub version: Version,
    /// The flags.
    pub flags: Flags,
    /// Which request it is, or answers; -1 for events.
    pub stream: i16,
    /// What follows.
    pub opcode: Opcode,
    /// Length of the body in bytes, as sent.
    pub length: u32,
}

impl Header {
    /// Whether the sender of this request wants a trace, and the message is one that can be traced.
    pub fn wants_tracing(&self) -> bool {
        self.flags.contains(Flags::TRACING) && self.opcode.is_traceable()
    }

    /// Where an answer to this message goes.
    pub fn answer(&self) -> Answer {
        Answer { version: self.version.number(), stream: self.stream }
    }

    /// Reads the header at the start of `bytes`, sent by the peer of `role`. `None`: more bytes are needed.
    pub(crate) fn parse(bytes: &[u8], role: Role) -> Result<Option<Header>, FrameError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let Some(version) = Version::from_number(first & !RESPONSE) else { return unsupported(bytes) };
        let Some(&[_, flags, s0, s1, opcode, l0, l1, l2, l3]) = bytes.first_chunk::<HEADER_LENGTH>() else {
            return Ok(None);
        };
        let stream = i16::from_be_bytes([s0, s1]);
        let answer = Answer { version: version.number(), stream };
        if (first & RESPONSE != 0) != (role == Role::Client) {
            return Err(FrameError::fatal(answer, "A message goes in the wrong direction"));
        }
        let opcode = Opcode::from_number(opcode)
            .filter(|o| o.is_request() != (role == Role::Client))
            .ok_or_else(|| FrameError::fatal(answer, format!("Unknown opcode {opcode}")))?;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        if length as usize > MAX_BODY {
            return Err(FrameError::fatal(answer, format!("A body cannot have the length {}", length as i32)));
        }
        Ok(Some(Header { version, flags: Flags(flags), stream, opcode, length }))
    }
}

/// Appends a header with a length of zero, to be patched. `role` is the sender's.
pub(crate) fn put_header(out: &mut Vec<u8>, role: Role, version: Version, flags: Flags, stream: i16, opcode: Opcode) {
    let direction = if role == Role::Server { RESPONSE } else { 0 };
    let [s0, s1] = stream.to_be_bytes();
    out.extend_from_slice(&[version.number() | direction, flags.0, s0, s1, opcode.number(), 0, 0, 0, 0]);
}

/// A version nobody here speaks. Its header is waited for, because the answer must carry its stream id;
/// versions 1 and 2 have one of 8 bytes with a stream id of one.
fn unsupported(bytes: &[u8]) -> Result<Option<Header>, FrameError> {
    let number = bytes[0] & !RESPONSE;
    let old = matches!(number, 1 | 2);
    if bytes.len() < HEADER_LENGTH - usize::from(old) {
        return Ok(None);
    }
    let (version, stream) = match old {
        true => (number, i16::from(bytes[2] as i8)),
        false => (Version::NEWEST.number(), i16::from_be_bytes([bytes[2], bytes[3]])),
    };
    let supported = Version::descriptions().join(", ");
    // Drivers look for the first five words and step down a version.
    let text = format!("Invalid or unsupported protocol version ({number}); supported versions are ({supported})");
    Err(FrameError::fatal(Answer { version, stream }, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_version_is_answered_on_its_stream() {
        let error = Header::parse(&[0x42, 0, 1, 2, 5, 0, 0, 0, 0], Role::Server).unwrap_err();
        assert_eq!(error.answer(), Answer { version: 5, stream: 0x0102 });
        let text = "Invalid or unsupported protocol version (66); supported versions are (3/v3, 4/v4, 5/v5)";
        assert_eq!(error.to_string(), text);
        assert!(error.is_fatal());
    }

    #[test]
    fn version_2_is_answered_in_its_own_layout() {
        assert_eq!(Header::parse(&[2, 0, 7, 5, 0, 0, 0], Role::Server), Ok(None));
        let error = Header::parse(&[2, 0, 7, 5, 0, 0, 0, 0], Role::Server).unwrap_err();
        assert_eq!(error.answer(), Answer { version: 2, stream: 7 });
    }

    #[test]
    fn negative_lengths_wrong_directions_and_opcodes_are_fatal() {
        let parse = |bytes: [u8; 9]| Header::parse(&bytes, Role::Server);
        assert!(parse([4, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(parse([0x84, 0, 0, 0, 7, 0, 0, 0, 0]).is_err());
        assert!(parse([4, 0, 0, 0, 8, 0, 0, 0, 0]).is_err());
        assert!(parse([4, 0, 0, 0, 4, 0, 0, 0, 0]).is_err());
        assert!(parse([4, 0, 0, 0, 7, 0, 0, 0, 0]).is_ok());
    }
}
