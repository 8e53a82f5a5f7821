//! A frame, and the checks that it must pass.

use crate::primitive::ReadNotation;
use crate::{Flags, Header, ProtocolError, Role, Version};
use henge_base::{Bytes, Reader};

/// One message: its header, and its body decompressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The header. Its length is that of the body as sent, which differs from `body`'s if that was compressed.
    pub header: Header,
    /// The body; a slice of the read buffer unless it was decompressed or assembled from several segments.
    pub body: Bytes,
}

impl Frame {
    /// The message in a request's body, after a custom payload, which is skipped. Version 3 has no custom payloads.
    pub fn message(&self) -> Result<&[u8], ProtocolError> {
        if !self.header.flags.contains(Flags::CUSTOM_PAYLOAD) {
            return Ok(&self.body);
        }
        if self.header.version < Version::V4 {
            return Err(ProtocolError::new("Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4"));
        }
        let mut reader = Reader::new(&self.body);
        reader.skip_bytes_map()?;
        Ok(reader.rest())
    }

    /// The custom payload of a request, in the order in which it was sent; nothing if there is none. It ends where it cannot be read: then
    /// the message cannot be read either.
    pub fn payload(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let has_payload = self.header.flags.contains(Flags::CUSTOM_PAYLOAD) && self.header.version >= Version::V4;
        let mut reader = Reader::new(if has_payload { &self.body } else { &[] });
        let count = reader.u16().unwrap_or_default();
        (0..count).map_while(move |_| {
            let name = reader.string().ok()?;
            Some((name, reader.bytes().ok()?.unwrap_or_default()))
        })
    }
}

/// The checks that a frame must pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameLimits {
    pub(crate) role: Role,
    /// The largest body accepted, in bytes, before and after decompression.
    pub(crate) max_body: usize,
}
