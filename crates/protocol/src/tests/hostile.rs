//! Hostile connections: streams of complete messages with bits, pieces and lengths changed, and checksums corrected so
//! that the code behind them is reached. Nothing may panic or reserve memory for bytes that were only claimed.
//! `HENGE_FUZZ=n` runs n times as many rounds; a failure prints its seed.

use super::sample;
use crate::checksum::crc24;
use crate::header::{HEADER_LENGTH, put_header};
use crate::segment::SegmentFormat;
use crate::{Compression, Flags, Frame, FrameDecoder, Header, Opcode, OutputBuffer, Request, Response, Role, Version};
use henge_base::{Bytes, BytesMut, Random};
use henge_fuzz::{change, fuzz, noise};

/// Bytes of the largest body that the decoders of these tests accept.
const BODY_BYTES_MAX: usize = 1 << 20;

/// The most bytes that may be allocated for `given` bytes: a read buffer grows by doubling, and a column of two bytes
/// takes a few words.
fn allocation_limit(given: usize) -> usize {
    given * 100 + (16 << 10)
}

/// The same with compression: a block may expand to a full body, once in a buffer and once assembled from segments.
fn bound_of_compressed(given: usize) -> usize {
    allocation_limit(given) + 2 * BODY_BYTES_MAX
}

fn version(random: &mut Random) -> Version {
    *random.pick(&Version::ALL).unwrap()
}

fn compression(random: &mut Random, version: Version) -> Option<Compression> {
    match random.below(3) {
        0 => Some(Compression::Lz4),
        1 if version < Version::V5 => Some(Compression::Snappy),
        _ => None,
    }
}

fn read(frame: &Frame) {
    let _ = Request::decode(frame);
    let _ = Response::decode(frame);
}

/// Decodes a stream to its end, in pieces of a random length.
fn read_stream(random: &mut Random, mut decoder: FrameDecoder, bytes: &[u8]) {
    let most = *random.pick(&[7, 100, 5_000]).unwrap();
    let piece = random.between(1, most) as usize;
    let mut buffer = BytesMut::new();
    for piece in bytes.chunks(piece) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.next(&mut buffer) {
                Ok(Some(frame)) => read(&frame),
                Ok(None) => break,
                Err(error) => OutputBuffer::new(Role::Server).write_frame_error(&error),
            }
        }
    }
}

/// An opcode and a body, most often of the message that the opcode names.
fn body(random: &mut Random, version: Version) -> (Opcode, Vec<u8>) {
    let mut body = Vec::new();
    let opcode = match random.below(8) {
        0 => {
            body = noise(random, 200);
            *random.pick(&Opcode::ALL).unwrap()
        }
        1 => {
            sample::startup(Some(Compression::Lz4)).encode(version, &mut body).unwrap();
            Opcode::Startup
        }
        2 | 3 => {
            let response = sample::response(random, version);
            response.encode(version, &mut body);
            response.opcode()
        }
        _ => {
            let request = sample::request(random, version);
            request.encode(version, &mut body).unwrap();
            request.opcode()
        }
    };
    (opcode, body)
}

/// A length that is often false.
fn absurd(random: &mut Random, right: usize) -> u32 {
    match random.below(8) {
        0 => u32::MAX,
        1 => i32::MAX as u32,
        2 => 0,
        3 => BODY_BYTES_MAX as u32,
        4 => (right as u32).wrapping_add(1),
        5 => (right as u32).wrapping_sub(1),
        6 => random.next_u64() as u32,
        _ => right as u32,
    }
}

/// An envelope whose header may claim a false length.
fn envelope(random: &mut Random, role: Role, version: Version, flags: Flags, opcode: Opcode, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_header(&mut out, role, version, flags, random.next_u64() as i16, opcode);
    let length = if random.chance(1, 4) { absurd(random, body.len()) } else { body.len() as u32 };
    out.truncate(HEADER_LENGTH - 4);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
    out
}

#[test]
fn bodies() {
    fuzz(20_000, allocation_limit, |random| {
        let version = version(random);
        let (opcode, mut body) = body(random, version);
        let made = body.len();
        change(random, &mut body);
        let opcode = if random.chance(1, 9) { *random.pick(&Opcode::ALL).unwrap() } else { opcode };
        let flags = if random.chance(1, 5) { Flags(random.next_u64() as u8) } else { Flags(0) };
        let header = Header { version, flags, stream: 1, opcode, length: body.len() as u32 };
        let given = made.max(body.len());
        read(&Frame { header, body: Bytes::from(body) });
        given
    });
}

/// A request's body, decoded and encoded again; `None` if it does not decode.
fn rewritten(header: Header, body: Vec<u8>) -> Option<Vec<u8>> {
    let frame = Frame { header, body: Bytes::from(body) };
    let request = Request::decode(&frame).ok()?;
    let mut written = Vec::new();
    request.encode(header.version, &mut written).unwrap();
    Some(written)
}

/// A request that decodes is encoded again without an error.
#[test]
fn requests_that_can_be_read_can_be_written() {
    fuzz(10_000, allocation_limit, |random| {
        let version = version(random);
        let (opcode, mut body) = body(random, version);
        let made = body.len();
        change(random, &mut body);
        let header = Header { version, flags: Flags(0), stream: 1, opcode, length: 0 };
        let given = made.max(body.len());
        if let Some(written) = rewritten(header, body) {
            assert_eq!(rewritten(header, written.clone()), Some(written), "{opcode:?}");
        }
        given
    });
}

/// Versions 3 and 4, and version 5 before STARTUP is answered.
#[test]
fn envelopes() {
    fuzz(10_000, bound_of_compressed, |random| {
        let (version, role) = (version(random), *random.pick(&[Role::Client, Role::Server]).unwrap());
        let compression = compression(random, version);
        let mut stream = Vec::new();
        for _ in 0..=random.below(3) {
            let (opcode, mut body) = body(random, version);
            let mut flags = Flags(0);
            if let Some(codec) = compression.filter(|_| version < Version::V5 && random.chance(2, 3)) {
                let mut small = Vec::new();
                codec.compress(&body, &mut small).unwrap();
                flags = Flags::COMPRESSED;
                body = small;
                // The length that the block claims to have, then the block.
                if random.chance(1, 3) && body.len() >= 4 {
                    let claimed = absurd(random, body.len()).to_be_bytes();
                    body[..4].copy_from_slice(&claimed);
                }
            }
            if random.chance(1, 2) {
                change(random, &mut body);
            }
            stream.extend(envelope(random, role, version, flags, opcode, &body));
        }
        if random.chance(1, 4) {
            change(random, &mut stream);
        }
        let reader = if role == Role::Client { Role::Server } else { Role::Client };
        let mut decoder = FrameDecoder::with_limit(reader, BODY_BYTES_MAX);
        if version < Version::V5 {
            decoder.establish(version, compression);
        }
        read_stream(random, decoder, &stream);
        stream.len()
    });
}

/// Changes the lengths in a segment's header and corrects its checksum. A header has 3 bytes without compression, else
/// 5.
fn claim(random: &mut Random, segment: &mut [u8]) {
    let fields = if crc24(&segment[..3]).to_le_bytes()[..3] == segment[3..6] { 3 } else { 5 };
    let at = random.below(fields as u64) as usize;
    segment[at] ^= 1 << random.below(8);
    let checksum = crc24(&segment[..fields]).to_le_bytes();
    segment[fields..fields + 3].copy_from_slice(&checksum[..3]);
}

/// Version 5: envelopes cut into segments at random, with valid checksums round corrupt contents.
#[test]
fn segments() {
    fuzz(10_000, bound_of_compressed, |random| {
        let lz4 = random.chance(1, 2);
        let format = if lz4 { SegmentFormat::Lz4 } else { SegmentFormat::Plain };
        let mut inner = Vec::new();
        for _ in 0..=random.below(3) {
            let (opcode, mut body) = body(random, Version::V5);
            if random.chance(1, 3) {
                change(random, &mut body);
            }
            inner.extend(envelope(random, Role::Client, Version::V5, Flags(0), opcode, &body));
        }
        if random.chance(1, 4) {
            change(random, &mut inner);
        }
        let mut stream = Vec::new();
        while !inner.is_empty() {
            let most = inner.len().min([20, 5_000, 131_071][random.below(3) as usize]) as u64;
            let payload: Vec<u8> = inner.drain(..random.between(1, most) as usize).collect();
            let start = stream.len();
            format.put(&payload, random.chance(1, 3), &mut stream);
            if random.chance(1, 6) {
                claim(random, &mut stream[start..]);
            }
        }
        if random.chance(1, 4) {
            change(random, &mut stream);
        }
        let mut decoder = FrameDecoder::with_limit(Role::Server, BODY_BYTES_MAX);
        decoder.establish(Version::V5, lz4.then_some(Compression::Lz4));
        read_stream(random, decoder, &stream);
        stream.len()
    });
}
