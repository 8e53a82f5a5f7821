//! Segments of version 5: a header with its own checksum, a payload, a trailer. Integers here are little-endian, unlike
//! everywhere else in the protocol.

use crate::checksum::{crc24, crc32};
use crate::compression::{compress_lz4, decompress_lz4};
use crate::limits::{COMPRESSED_BYTES_MIN, SEGMENT_PAYLOAD_BYTES_MAX};
use bytes::Buf;
use henge_base::{Bytes, BytesMut};

/// Bytes of the trailer, the payload's CRC-32.
pub(crate) const TRAILER_LENGTH: usize = 4;

const LENGTH_BITS: u32 = 17;
const LENGTH_MASK: u64 = (1 << LENGTH_BITS) - 1;
const CRC24_LENGTH: usize = 3;

/// The layout of a connection's segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentFormat {
    /// A header with one length; the payload is not compressed.
    Plain,
    /// A header with two lengths; the payload is an LZ4 block, or stored uncompressed.
    Lz4,
}

/// A corrupt segment; the connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SegmentError {
    #[error("the header of a segment fails its checksum")]
    Header,
    #[error("the payload of a segment fails its checksum")]
    Payload,
    #[error("the payload of a segment cannot be decompressed")]
    Block,
}

/// A segment with valid checksums, its payload decompressed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// True if the payload is complete envelopes, not a slice of one.
    pub self_contained: bool,
    pub payload: Bytes,
}

impl SegmentFormat {
    /// Bytes of a header with its checksum.
    pub(crate) fn header_length(self) -> usize {
        self.fields_length() + CRC24_LENGTH
    }

    fn fields_length(self) -> usize {
        match self {
            SegmentFormat::Plain => 3,
            SegmentFormat::Lz4 => 5,
        }
    }

    /// Takes the next segment off `buffer`; `None` if it has not arrived completely.
    pub(crate) fn take(self, buffer: &mut BytesMut, scratch: &mut BytesMut) -> Result<Option<Segment>, SegmentError> {
        let header_length = self.header_length();
        let Some(header) = buffer.get(..header_length) else { return Ok(None) };
        let fields = self.parse(header)?;
        let (stored_length, trailer_at) = (fields.stored, header_length + fields.stored);
        let Some(trailer) = buffer.get(trailer_at..trailer_at + TRAILER_LENGTH) else { return Ok(None) };
        let expected = little_endian(trailer) as u32;
        if crc32(&buffer[header_length..trailer_at]) != expected {
            return Err(SegmentError::Payload);
        }
        buffer.advance(header_length);
        let stored = buffer.split_to(stored_length);
        buffer.advance(TRAILER_LENGTH);
        let payload = match fields.plain {
            0 => stored.freeze(),
            length => decompress_lz4(&stored, length, scratch).map_err(|_| SegmentError::Block)?,
        };
        Ok(Some(Segment { self_contained: fields.self_contained, payload }))
    }

    fn parse(self, header: &[u8]) -> Result<Fields, SegmentError> {
        let (fields, checksum) = header.split_at(self.fields_length());
        if u64::from(crc24(fields)) != little_endian(checksum) {
            return Err(SegmentError::Header);
        }
        let bits = little_endian(fields);
        let stored = (bits & LENGTH_MASK) as usize;
        let (plain, flag_at) = match self {
            SegmentFormat::Plain => (0, LENGTH_BITS),
            SegmentFormat::Lz4 => (((bits >> LENGTH_BITS) & LENGTH_MASK) as usize, 2 * LENGTH_BITS),
        };
        Ok(Fields { stored, plain, self_contained: (bits >> flag_at) & 1 == 1 })
    }

    /// The header for a payload, in the first [`SegmentFormat::header_length`] bytes.
    fn header(self, fields: &Fields) -> [u8; 8] {
        let flag = u64::from(fields.self_contained);
        let bits = match self {
            SegmentFormat::Plain => fields.stored as u64 | flag << LENGTH_BITS,
            SegmentFormat::Lz4 => {
                fields.stored as u64 | (fields.plain as u64) << LENGTH_BITS | flag << (2 * LENGTH_BITS)
            }
        };
        let mut header = bits.to_le_bytes();
        let (n, checksum) = (self.fields_length(), crc24(&header[..self.fields_length()]).to_le_bytes());
        header[n..n + CRC24_LENGTH].copy_from_slice(&checksum[..CRC24_LENGTH]);
        header
    }

    /// Appends `payload`, at most [`SEGMENT_PAYLOAD_BYTES_MAX`] bytes, as one segment.
    pub(crate) fn put(self, payload: &[u8], self_contained: bool, out: &mut Vec<u8>) {
        debug_assert!(payload.len() <= SEGMENT_PAYLOAD_BYTES_MAX);
        let start = out.len();
        let body_at = start + self.header_length();
        out.resize(body_at, 0);
        let compressed = self == SegmentFormat::Lz4
            && payload.len() >= COMPRESSED_BYTES_MIN
            && compress_lz4(payload, out).is_ok()
            && out.len() - body_at < payload.len();
        if !compressed {
            out.truncate(body_at);
            out.extend_from_slice(payload);
        }
        let plain = if compressed { payload.len() } else { 0 };
        let fields = Fields { stored: out.len() - body_at, plain, self_contained };
        out[start..body_at].copy_from_slice(&self.header(&fields)[..self.header_length()]);
        let checksum = crc32(&out[body_at..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }
}

impl SegmentFormat {
    /// Turns the bytes from `start` into a self-contained, uncompressed segment: room for a header, then the payload,
    /// which reaches to the end of `bytes`.
    pub(crate) fn close(self, bytes: &mut Vec<u8>, start: usize) {
        let body_at = start + self.header_length();
        let fields = Fields { stored: bytes.len() - body_at, plain: 0, self_contained: true };
        bytes[start..body_at].copy_from_slice(&self.header(&fields)[..self.header_length()]);
        let checksum = crc32(&bytes[body_at..]);
        bytes.extend_from_slice(&checksum.to_le_bytes());
    }
}

/// The fields of a segment header.
struct Fields {
    /// Bytes of the payload on the wire.
    pub stored: usize,
    /// Bytes of the payload after decompression; 0 if it is stored uncompressed.
    pub plain: usize,
    pub self_contained: bool,
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, b| (value << 8) | u64::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let hex = hex.replace(' ', "");
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    fn take(format: SegmentFormat, wire: &[u8]) -> Result<Option<Segment>, SegmentError> {
        format.take(&mut BytesMut::from(wire), &mut BytesMut::new())
    }

    const OPTIONS: &str = "050000000500000000";

    #[test]
    fn the_published_vectors_hold_both_ways() {
        let plain = bytes("090002 a4c8c1 050000000500000000 1086284d");
        let stored = bytes("0900000004 c2b895 050000000500000000 1086284d");
        for (format, wire) in [(SegmentFormat::Plain, plain), (SegmentFormat::Lz4, stored)] {
            let segment = take(format, &wire).unwrap().unwrap();
            assert!(segment.self_contained);
            assert_eq!(segment.payload, bytes(OPTIONS));
            let mut out = Vec::new();
            format.put(&bytes(OPTIONS), true, &mut out);
            assert_eq!(out, wire);
        }
        let wire = bytes("0b00900104 0c756c 1f610100af506161616161 a26c1cad");
        assert_eq!(take(SegmentFormat::Lz4, &wire).unwrap().unwrap().payload, vec![b'a'; 200]);
    }

    #[test]
    fn any_changed_bit_is_noticed() {
        let wire = bytes("0b00900104 0c756c 1f610100af506161616161 a26c1cad");
        for bit in 0..wire.len() * 8 {
            let mut changed = wire.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(take(SegmentFormat::Lz4, &changed).is_err(), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn payloads_come_back(payload in proptest::collection::vec(0u8..3, 0..3000), whole: bool, lz4: bool, cut in 1usize..20) {
            let format = if lz4 { SegmentFormat::Lz4 } else { SegmentFormat::Plain };
            let mut out = Vec::new();
            format.put(&payload, whole, &mut out);
            prop_assert_eq!(take(format, &out[..out.len() - cut.min(out.len())]), Ok(None));
            let segment = take(format, &out).unwrap().unwrap();
            prop_assert_eq!(segment, Segment { self_contained: whole, payload: payload.into() });
        }

        #[test]
        fn noise_is_refused(noise in proptest::collection::vec(any::<u8>(), 0..100), lz4: bool) {
            let _ = take(if lz4 { SegmentFormat::Lz4 } else { SegmentFormat::Plain }, &noise);
        }
    }
}
