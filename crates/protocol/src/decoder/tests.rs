use super::*;
use crate::{Answer, ErrorCode, Opcode, OutputBuffer, Prepare, Request, Response};

const OPTIONS_V4: [u8; 9] = [4, 0, 0, 1, 5, 0, 0, 0, 0];

/// A PREPARE whose body has `length` bytes.
fn prepare(version: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![version, 0, 0, 9, Opcode::Prepare.number()];
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    bytes.resize(9 + length, 0);
    bytes
}

fn segments(envelopes: &[u8], self_contained: bool) -> BytesMut {
    let mut out = Vec::new();
    for slice in envelopes.chunks(100_000) {
        SegmentFormat::Plain.put(slice, self_contained, &mut out);
    }
    BytesMut::from(&out[..])
}

fn version_5(limit: usize) -> FrameDecoder {
    let mut decoder = FrameDecoder::with_limit(Role::Server, limit);
    decoder.establish(Version::V5, None);
    decoder
}

#[test]
fn a_body_above_the_limit_is_skipped_as_it_arrives() {
    let mut decoder = FrameDecoder::with_limit(Role::Server, 1000);
    let mut wire = prepare(4, 1001);
    wire.extend_from_slice(&OPTIONS_V4);
    let mut buffer = BytesMut::from(&wire[..400]);
    let error = decoder.next(&mut buffer).unwrap_err();
    assert!(!error.is_fatal());
    assert_eq!((error.answer(), error.error().code), (Answer { version: 4, stream: 9 }, ErrorCode::Invalid));
    assert_eq!(decoder.next(&mut buffer), Ok(None));
    assert!(buffer.is_empty());
    buffer.extend_from_slice(&wire[400..]);
    assert_eq!(decoder.next(&mut buffer).unwrap().unwrap().header.opcode, Opcode::Options);
}

#[test]
fn the_limit_holds_over_segments() {
    let mut options = OPTIONS_V4;
    options[0] = 5;
    let mut decoder = version_5(150_000);
    let mut buffer = segments(&prepare(5, 350_000), false);
    buffer.extend_from_slice(&segments(&options, true));
    assert!(matches!(decoder.next(&mut buffer), Err(FrameError::Oversized { .. })));
    assert_eq!(decoder.next(&mut buffer).unwrap().unwrap().header.opcode, Opcode::Options);
    assert_eq!(decoder.next(&mut buffer), Ok(None));
    assert!(buffer.is_empty());
}

#[test]
fn one_segment_holds_many_envelopes_and_many_hold_one() {
    let mut decoder = version_5(DEFAULT_FRAME_BYTES_MAX);
    let mut buffer = segments(&[prepare(5, 10), prepare(5, 0), prepare(5, 30)].concat(), true);
    let lengths = std::iter::from_fn(|| decoder.next(&mut buffer).unwrap()).map(|f| f.body.len());
    assert_eq!(lengths.collect::<Vec<_>>(), [10, 0, 30]);
    let mut buffer = segments(&prepare(5, 350_000), false);
    assert_eq!(decoder.next(&mut buffer).unwrap().unwrap().body.len(), 350_000);
}

#[test]
fn segments_that_contradict_themselves_are_fatal() {
    let large = prepare(5, 150_000);
    let cases = [
        segments(&prepare(5, 50)[..40], true),
        segments(&[5, 0, 0], true),
        [&segments(&large, false)[..100_010], &segments(&prepare(5, 1), true)].concat()[..].into(),
        segments(&[large, vec![0]].concat(), false),
    ];
    for mut buffer in cases {
        let mut decoder = version_5(DEFAULT_FRAME_BYTES_MAX);
        assert!(decoder.next(&mut buffer).unwrap_err().is_fatal());
        buffer.extend_from_slice(&segments(&prepare(5, 1), true));
        assert_eq!(decoder.next(&mut buffer), Ok(None), "nothing is read after a fatal error");
    }
}

#[test]
fn a_checksum_error_is_answered_in_a_segment() {
    let mut buffer = segments(&prepare(5, 50), true);
    buffer[30] ^= 1;
    let error = version_5(DEFAULT_FRAME_BYTES_MAX).next(&mut buffer).unwrap_err();
    let mut output = OutputBuffer::new(Role::Server);
    output.establish(Version::V5, None);
    output.write_frame_error(&error);
    output.seal();
    let mut client = FrameDecoder::new(Role::Client);
    client.establish(Version::V5, None);
    let frame = client.next(&mut BytesMut::from(output.ready_bytes())).unwrap().unwrap();
    let Response::Error(error) = Response::decode(&frame).unwrap().response else { panic!("not an error") };
    assert_eq!(error.kind.code(), ErrorCode::Protocol);
}

#[test]
fn the_version_of_startup_stays() {
    let mut decoder = FrameDecoder::new(Role::Server);
    decoder.establish(Version::V4, None);
    assert!(decoder.next(&mut BytesMut::from(&OPTIONS_V4[..])).is_ok());
    let error = decoder.next(&mut BytesMut::from(&prepare(3, 0)[..])).unwrap_err();
    assert!(error.is_fatal() && error.to_string().contains("has version 3/v3"));
}

#[test]
fn compression_must_be_agreed_on_and_keep_to_the_limit() {
    let mut output = OutputBuffer::new(Role::Client);
    output.establish(Version::V4, Some(Compression::Lz4));
    let text = "x".repeat(5000);
    output.write_request(Version::V4, 3, &Request::Prepare(Prepare { text: &text, keyspace: None })).unwrap();
    assert!(output.ready_bytes().len() < 200);
    let wire = BytesMut::from(output.ready_bytes());

    assert!(FrameDecoder::new(Role::Server).next(&mut wire.clone()).unwrap_err().is_fatal());

    let mut decoder = FrameDecoder::with_limit(Role::Server, 4000);
    decoder.establish(Version::V4, Some(Compression::Lz4));
    assert!(matches!(decoder.next(&mut wire.clone()), Err(FrameError::Oversized { .. })));

    let mut decoder = FrameDecoder::new(Role::Server);
    decoder.establish(Version::V4, Some(Compression::Lz4));
    let frame = decoder.next(&mut wire.clone()).unwrap().unwrap();
    let Ok(Request::Prepare(prepare)) = Request::decode(&frame) else { panic!("not PREPARE") };
    assert_eq!(prepare.text, text);
}

/// A frame of version 4 with a body of so many bytes, and what is sent of it at first.
fn begun_frame(length: usize, sent: usize) -> (Vec<u8>, BytesMut) {
    let mut frame = vec![4, 0, 0, 7, 7];
    frame.extend_from_slice(&(length as u32).to_be_bytes());
    frame.resize(9 + length, b'x');
    let buffer = BytesMut::from(&frame[..sent]);
    (frame, buffer)
}

#[test]
fn a_frame_that_has_begun_can_be_skipped() {
    let mut decoder = FrameDecoder::new(Role::Server);
    let (frame, mut buffer) = begun_frame(1_000, 8);
    assert_eq!(decoder.next(&mut buffer), Ok(None));
    assert_eq!(decoder.partial_header(&buffer), None, "its length is not known yet");
    buffer.extend_from_slice(&frame[8..500]);
    assert_eq!(decoder.next(&mut buffer), Ok(None));
    let header = decoder.partial_header(&buffer).unwrap();
    assert_eq!((header.stream, header.length), (7, 1_000));
    decoder.skip_partial(&mut buffer);
    assert!(buffer.is_empty() && decoder.is_within_frame() && decoder.partial_header(&buffer).is_none());
    // The rest of it, and another one.
    buffer.extend_from_slice(&frame[500..]);
    buffer.extend_from_slice(&begun_frame(3, 12).0);
    assert_eq!(decoder.next(&mut buffer).unwrap().unwrap().header.length, 3);
    assert!(!decoder.is_within_frame());
}

#[test]
fn a_frame_of_several_segments_that_has_begun_can_be_skipped() {
    let mut decoder = FrameDecoder::new(Role::Server);
    decoder.establish(Version::V5, None);
    let (mut frame, _) = begun_frame(300_000, 0);
    frame[0] = 5;
    let segments = |payload: &[u8], whole: bool| {
        let mut out = Vec::new();
        SegmentFormat::Plain.put(payload, whole, &mut out);
        out
    };
    let mut parts = frame.chunks(100_000).map(|part| segments(part, false));
    let mut buffer = BytesMut::from(&parts.next().unwrap()[..]);
    assert_eq!(decoder.next(&mut buffer), Ok(None));
    assert_eq!(decoder.partial_header(&buffer).unwrap().length, 300_000);
    decoder.skip_partial(&mut buffer);
    assert!(decoder.is_within_frame());
    parts.for_each(|part| buffer.extend_from_slice(&part));
    let mut other = begun_frame(3, 12).0;
    other[0] = 5;
    buffer.extend_from_slice(&segments(&other, true));
    assert_eq!(decoder.next(&mut buffer).unwrap().unwrap().header.length, 3);
}
