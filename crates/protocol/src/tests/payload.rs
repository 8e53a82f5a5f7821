//! Custom payloads: a message is the same with and without one before it.

use super::sample;
use crate::primitive::put_short;
use crate::segment::SegmentFormat;
use crate::{Compression, Flags, Frame, FrameDecoder, FrameError, Header, Opcode, Request, Role, Version};
use henge_base::{Bytes, BytesMut, Random};
use proptest::prelude::*;

/// A key and its value, which may be null.
type Entry = (&'static str, Option<Vec<u8>>);

fn map(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    put_short(&mut out, entries.len() as u16);
    for (key, value) in entries {
        put_short(&mut out, key.len() as u16);
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(&value.as_ref().map_or(-1, |value| value.len() as i32).to_be_bytes());
        out.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    out
}

fn frame(version: Version, opcode: Opcode, flags: Flags, body: Vec<u8>) -> Frame {
    Frame { header: Header { version, flags, stream: 1, opcode, length: body.len() as u32 }, body: Bytes::from(body) }
}

fn encode_request(version: Version, request: &Request<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    request.encode(version, &mut body).unwrap();
    body
}

/// A frame as sent, not compressed.
fn encode_frame(version: Version, opcode: Opcode, flags: Flags, body: &[u8]) -> Vec<u8> {
    let mut out = vec![version.number(), flags.0, 0, 1, opcode.number()];
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out
}

fn refusal(version: Version, opcode: Opcode, body: Vec<u8>) -> String {
    Request::decode(&frame(version, opcode, Flags::CUSTOM_PAYLOAD, body)).unwrap_err().to_string()
}

proptest! {
    /// Every kind of request, in both versions that have custom payloads.
    #[test]
    fn messages_are_what_they_are_without(
        seed: u64, newest: bool, traced: bool,
        sizes in proptest::collection::vec(proptest::option::of(0usize..300), 0..5),
    ) {
        let version = if newest { Version::V5 } else { Version::V4 };
        let mut random = Random::new(seed);
        let request = sample::request(&mut random, version);
        let entries: Vec<Entry> = sizes.iter().map(|size| ("Straße", size.map(|size| vec![7; size]))).collect();
        let expected = encode_request(version, &request);
        let body = [map(&entries), expected.clone()].concat();
        let flags = if traced { Flags::CUSTOM_PAYLOAD.union(Flags::TRACING) } else { Flags::CUSTOM_PAYLOAD };
        let frame = frame(version, request.opcode(), flags, body);
        prop_assert_eq!(encode_request(version, &Request::decode(&frame).unwrap()), expected);
    }
}

#[test]
fn payloads_may_be_compressed_and_span_segments() {
    let entries: [Entry; 3] = [("a", Some(vec![7; 400_000])), ("b", None), ("", Some(Vec::new()))];
    let request = Request::Prepare(crate::Prepare { text: "SELECT", keyspace: None });
    for (version, compression) in [
        (Version::V4, None),
        (Version::V4, Some(Compression::Lz4)),
        (Version::V4, Some(Compression::Snappy)),
        (Version::V5, None),
        (Version::V5, Some(Compression::Lz4)),
    ] {
        let expected = encode_request(version, &request);
        let body = [map(&entries), expected.clone()].concat();
        let mut decoder = FrameDecoder::new(Role::Server);
        decoder.establish(version, compression);
        let mut wire = Vec::new();
        match (version, compression) {
            (Version::V5, _) => {
                let format = if compression.is_some() { SegmentFormat::Lz4 } else { SegmentFormat::Plain };
                let envelope = encode_frame(version, Opcode::Prepare, Flags::CUSTOM_PAYLOAD, &body);
                envelope.chunks(100_000).for_each(|part| format.put(part, false, &mut wire));
            }
            (_, Some(compression)) => {
                let mut compressed = Vec::new();
                compression.compress(&body, &mut compressed).unwrap();
                wire =
                    encode_frame(version, Opcode::Prepare, Flags::CUSTOM_PAYLOAD.union(Flags::COMPRESSED), &compressed);
            }
            (_, None) => wire = encode_frame(version, Opcode::Prepare, Flags::CUSTOM_PAYLOAD, &body),
        }
        let mut buffer = BytesMut::from(&wire[..]);
        let frame = loop {
            if let Some(frame) = decoder.next(&mut buffer).unwrap() {
                break frame;
            }
        };
        assert_eq!(encode_request(version, &Request::decode(&frame).unwrap()), expected, "{version:?} {compression:?}");
    }
}

#[test]
fn a_server_may_look_at_them() {
    let entries: [Entry; 3] = [("a", Some(vec![7; 3])), ("b", None), ("", Some(Vec::new()))];
    let payload = |frame: &Frame| -> Vec<(String, Vec<u8>)> {
        frame.payload().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
    };
    let expected = [("a", vec![7; 3]), ("b", vec![]), ("", vec![])].map(|(name, value)| (name.to_owned(), value));
    let body = [map(&entries), b"message".to_vec()].concat();
    let of = |version, flags, body: &[u8]| payload(&frame(version, Opcode::Query, flags, body.to_vec()));
    assert_eq!(of(Version::V4, Flags::CUSTOM_PAYLOAD, &body), expected);
    assert_eq!(of(Version::V4, Flags::default(), &body), []);
    assert_eq!(of(Version::V3, Flags::CUSTOM_PAYLOAD, &body), []);
    assert_eq!(of(Version::V5, Flags::CUSTOM_PAYLOAD, &body[..12]), expected[..1]);
    assert_eq!(of(Version::V5, Flags::CUSTOM_PAYLOAD, &[]), []);
}

#[test]
fn they_count_towards_the_size_of_a_frame() {
    let limit = 10_000;
    let message = encode_request(Version::V4, &Request::Prepare(crate::Prepare { text: "SELECT", keyspace: None }));
    let read = |bytes: usize| {
        let body = [map(&[("a", Some(vec![0; bytes]))]), message.clone()].concat();
        let wire = encode_frame(Version::V4, Opcode::Prepare, Flags::CUSTOM_PAYLOAD, &body);
        FrameDecoder::with_limit(Role::Server, limit).next(&mut BytesMut::from(&wire[..])).map(|frame| frame.is_some())
    };
    let around = map(&[("a", Some(Vec::new()))]).len() + message.len();
    assert!(matches!(read(limit - around), Ok(true)));
    assert!(matches!(read(limit - around + 1), Err(FrameError::Oversized { .. })));
}

#[test]
fn what_is_no_payload_is_refused() {
    let query = encode_request(Version::V4, &Request::Options);
    // More entries than follow, a key that is cut, a value that is longer than the body.
    for body in [vec![0xff, 0xff], vec![0, 1, 0, 9, b'a'], vec![0, 1, 0, 1, b'a', 0, 0, 1, 0, 9], vec![0]] {
        refusal(Version::V4, Opcode::Options, [body.clone(), query.clone()].concat());
        refusal(Version::V5, Opcode::Options, [body, query.clone()].concat());
    }
}

#[test]
fn version_3_has_none() {
    let body = [map(&[("a", None)]), encode_request(Version::V3, &Request::Options)].concat();
    let expected = "Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4";
    assert_eq!(refusal(Version::V3, Opcode::Query, body), expected);
    assert_eq!(refusal(Version::V3, Opcode::Options, Vec::new()), expected);
}
