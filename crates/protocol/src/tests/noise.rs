//! Random bytes: they give errors, never panics, and never reserve memory for bytes that were only claimed.

use super::sample;
use crate::header::HEADER_LENGTH;
use crate::{
    Compression, Flags, Frame, FrameDecoder, Header, Opcode, OutputBuffer, Reply, Request, Response, Role, Version,
};
use henge_base::{Bytes, BytesMut, Random};
use proptest::prelude::*;

fn version() -> impl Strategy<Value = Version> {
    proptest::sample::select(Version::ALL.to_vec())
}

fn frame(version: Version, opcode: Opcode, flags: u8, body: &[u8]) -> Frame {
    let header = Header { version, flags: Flags(flags), stream: 1, opcode, length: body.len() as u32 };
    Frame { header, body: Bytes::copy_from_slice(body) }
}

/// Decodes a body as every kind of message.
fn read_as_anything(version: Version, flags: u8, body: &[u8]) {
    for opcode in Opcode::ALL {
        let frame = frame(version, opcode, flags, body);
        let _ = Request::decode(&frame);
        let _ = Response::decode(&frame);
    }
}

/// Decodes a stream to its end, in pieces.
fn read_stream(mut decoder: FrameDecoder, bytes: &[u8], piece: usize) -> usize {
    let mut buffer = BytesMut::new();
    let mut frames = 0;
    for piece in bytes.chunks(piece.max(1)) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.next(&mut buffer) {
                Ok(Some(frame)) => {
                    frames += 1;
                    let _ = Request::decode(&frame);
                    let _ = Response::decode(&frame);
                }
                Ok(None) => break,
                Err(error) => OutputBuffer::new(Role::Server).write_frame_error(&error),
            }
        }
    }
    frames
}

fn decoder(version: Version, compression: Option<Compression>, role: Role) -> FrameDecoder {
    let mut decoder = FrameDecoder::new(role);
    decoder.establish(version, compression);
    decoder
}

fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.between(1, 4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match random.below(4) {
            0 => bytes.insert(at, random.next_u64() as u8),
            1 => bytes.truncate(at),
            _ if at < bytes.len() => bytes[at] = *random.pick(&[0, 1, 0x7f, 0x80, 0xfe, 0xff]).unwrap(),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn random_bodies(version in version(), flags: u8, body in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_as_anything(version, flags, &body);
    }

    #[test]
    fn bodies_of_small_numbers(version in version(), flags: u8, body in proptest::collection::vec(0u8..5, 0..300)) {
        read_as_anything(version, flags, &body);
    }

    #[test]
    fn changed_bodies(version in version(), seed: u64) {
        let mut random = Random::new(seed);
        let mut body = Vec::new();
        let opcode = match random.chance(1, 2) {
            true => {
                let request = sample::request(&mut random, version);
                request.encode(version, &mut body).unwrap();
                request.opcode()
            }
            false => {
                let response = sample::response(&mut random, version);
                response.encode(version, &mut body);
                response.opcode()
            }
        };
        change(&mut random, &mut body);
        let frame = frame(version, opcode, 0, &body);
        let _ = Request::decode(&frame);
        let _ = Response::decode(&frame);
    }

    #[test]
    fn random_streams(
        version in version(), lz4: bool, server: bool, piece in 1usize..64,
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0u8..6], 0..400),
    ) {
        let role = if server { Role::Server } else { Role::Client };
        read_stream(FrameDecoder::new(role), &bytes, piece);
        read_stream(decoder(version, lz4.then_some(Compression::Lz4), role), &bytes, piece);
    }

    #[test]
    fn changed_streams(version in version(), lz4: bool, seed: u64, piece in 1usize..2000) {
        let (mut random, compression) = (Random::new(seed), lz4.then_some(Compression::Lz4));
        let mut output = OutputBuffer::new(Role::Server);
        output.establish(version, compression);
        for _ in 0..5 {
            let reply = Reply { version, stream: 1, tracing: None, warnings: &[] };
            output.write_response(&reply, &sample::response(&mut random, version));
        }
        output.seal();
        let mut bytes = output.ready_bytes().to_vec();
        prop_assert_eq!(read_stream(decoder(version, compression, Role::Client), &bytes, piece), 5);
        change(&mut random, &mut bytes);
        prop_assert!(read_stream(decoder(version, compression, Role::Client), &bytes, piece) <= 6);
    }
}

/// Messages that broke another implementation of this protocol.
#[test]
fn known_traps() {
    let negative = [4, 0, 0, 1, 7, 0xff, 0xff, 0xff, 0xff];
    assert!(FrameDecoder::new(Role::Server).next(&mut BytesMut::from(&negative[..])).is_err());

    let traced = frame(Version::V4, Opcode::Ready, Flags::TRACING.0, &[]);
    assert!(Response::decode(&traced).is_err());

    let mut body = vec![0, 1, 0, 3, b'k', b'e', b'y', 0, 0, 0, 2, 9, 9];
    Request::Prepare(crate::Prepare { text: "SELECT", keyspace: None }).encode(Version::V4, &mut body).unwrap();
    let with_payload = frame(Version::V4, Opcode::Prepare, Flags::CUSTOM_PAYLOAD.0, &body);
    let Ok(Request::Prepare(prepare)) = Request::decode(&with_payload) else { panic!("not PREPARE") };
    assert_eq!(prepare.text, "SELECT");
}

#[test]
fn rows_without_columns_cannot_be_many() {
    let body = [0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff];
    assert!(Response::decode(&frame(Version::V4, Opcode::Result, 0, &body)).is_err());
}

#[test]
fn a_promised_length_is_not_believed() {
    let mut buffer = BytesMut::from(&[5, 0, 0, 1, 7, 0, 0xf0, 0, 0, 1][..]);
    let mut decoder = FrameDecoder::new(Role::Server);
    assert_eq!(decoder.next(&mut buffer), Ok(None));
    assert!(buffer.capacity() < 1024 && buffer.len() == HEADER_LENGTH + 1);
}
