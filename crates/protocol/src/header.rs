//! The header of every message: the nine bytes before its body.

use crate::{Answer, BODY_BYTES_MAX, FrameError, Opcode, Role, Version};

/// Bytes of a header.
pub(crate) const HEADER_LENGTH: usize = 9;

const RESPONSE_BIT: u8 = 0x80;

/// A header's flags; bits without a name are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The body is compressed (v3 and v4).
    pub const COMPRESSED: Flags = Flags(0x01);
    /// A request asks for a trace; a response starts with the trace session's id.
    pub const TRACING: Flags = Flags(0x02);
    /// A custom payload precedes the message (v4 and later).
    pub const CUSTOM_PAYLOAD: Flags = Flags(0x04);
    /// Warnings precede the message (v4 and later).
    pub const WARNINGS: Flags = Flags(0x08);

    /// True if all flags of `other` are set.
    pub fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union of two sets of flags.
    pub fn union(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// A header that was decoded and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The protocol version.
    pub version: Version,
    /// The flags.
    pub flags: Flags,
    /// The stream id, which ties a response to its request; -1 for events.
    pub stream: i16,
    /// The kind of message in the body.
    pub opcode: Opcode,
    /// Length of the body in bytes, as sent.
    pub length: u32,
}

impl Header {
    /// True if the request asks for a trace and is of a kind that can be traced.
    pub fn wants_tracing(&self) -> bool {
        self.flags.contains(Flags::TRACING) && self.opcode.is_traceable()
    }

    /// Version and stream of an answer to this message.
    pub fn answer(&self) -> Answer {
        Answer { version: self.version.number(), stream: self.stream }
    }

    /// Decodes the header at the start of `bytes`; `role` is the reader's, so that the peer's is the other. `None` if
    /// more bytes are needed.
    pub(crate) fn parse(bytes: &[u8], role: Role) -> Result<Option<Header>, FrameError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let Some(version) = Version::from_number(first & !RESPONSE_BIT) else { return refuse_version(bytes) };
        let Some(&[_, flags, s0, s1, opcode, l0, l1, l2, l3]) = bytes.first_chunk::<HEADER_LENGTH>() else {
            return Ok(None);
        };
        let stream = i16::from_be_bytes([s0, s1]);
        let answer = Answer { version: version.number(), stream };
        if (first & RESPONSE_BIT != 0) != (role == Role::Client) {
            return Err(FrameError::fatal(answer, "A message goes in the wrong direction"));
        }
        let opcode = Opcode::from_number(opcode)
            .filter(|o| o.is_request() != (role == Role::Client))
            .ok_or_else(|| FrameError::fatal(answer, format!("Unknown opcode {opcode}")))?;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        if length as usize > BODY_BYTES_MAX {
            return Err(FrameError::fatal(answer, format!("A body cannot have the length {}", length as i32)));
        }
        Ok(Some(Header { version, flags: Flags(flags), stream, opcode, length }))
    }
}

/// Appends a header whose length is zero until it is patched. `role` is the sender's.
pub(crate) fn put_header(out: &mut Vec<u8>, role: Role, version: Version, flags: Flags, stream: i16, opcode: Opcode) {
    let direction = if role == Role::Server { RESPONSE_BIT } else { 0 };
    let [s0, s1] = stream.to_be_bytes();
    out.extend_from_slice(&[version.number() | direction, flags.0, s0, s1, opcode.number(), 0, 0, 0, 0]);
}

/// Refuses a version that is not supported, once its whole header is there, because the answer must carry its stream
/// id. Headers of versions 1 and 2 have 8 bytes, of which one is the stream id.
fn refuse_version(bytes: &[u8]) -> Result<Option<Header>, FrameError> {
    let number = bytes[0] & !RESPONSE_BIT;
    let old = matches!(number, 1 | 2);
    if bytes.len() < HEADER_LENGTH - usize::from(old) {
        return Ok(None);
    }
    let (version, stream) = match old {
        true => (number, i16::from(bytes[2] as i8)),
        false => (Version::NEWEST.number(), i16::from_be_bytes([bytes[2], bytes[3]])),
    };
    let supported = Version::descriptions().join(", ");
    // Drivers search for the first five words and retry with a lower version.
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
