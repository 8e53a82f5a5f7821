use super::*;
use crate::{Answer, ColumnRef, FrameDecoder, MetadataMode, ResultMetadata};
use henge_base::BytesMut;
use henge_model::{DataType, RowSink};

fn version_5(compression: Option<Compression>) -> OutputBuffer {
    let mut output = OutputBuffer::new(Role::Server);
    output.establish(Version::V5, compression);
    output
}

fn reply(stream: i16) -> Reply<'static> {
    Reply { version: Version::V5, stream, tracing: None, warnings: &[] }
}

/// Appends a response of roughly `length` bytes.
fn long(output: &mut OutputBuffer, stream: i16, length: usize) {
    let metadata =
        ResultMetadata::new([ColumnRef { keyspace: "k", table: "t", name: "c", data_type: &DataType::Blob }]);
    let mut rows = output.begin_rows(&reply(stream), &metadata, MetadataMode::Skip);
    rows.begin_row();
    rows.value(Some(&vec![1; length]));
    rows.finish(None);
}

fn streams(output: &OutputBuffer, compression: Option<Compression>) -> Vec<i16> {
    let mut decoder = FrameDecoder::new(Role::Client);
    decoder.establish(Version::V5, compression);
    let mut buffer = BytesMut::from(output.ready_bytes());
    let streams = std::iter::from_fn(|| decoder.next(&mut buffer).unwrap()).map(|f| f.header.stream).collect();
    assert!(buffer.is_empty());
    streams
}

#[test]
fn a_turn_of_small_responses_is_one_segment() {
    let mut output = version_5(None);
    (0..100).for_each(|stream| output.write_void(&reply(stream)));
    assert!(output.ready_bytes().is_empty(), "nothing is ready before the turn ends");
    output.seal();
    assert_eq!(output.ready_bytes().len(), 6 + 100 * 13 + 4);
    assert_eq!(streams(&output, None), (0..100).collect::<Vec<_>>());
}

#[test]
fn responses_of_all_lengths_keep_their_order() {
    for compression in [None, Some(Compression::Lz4)] {
        let mut output = version_5(compression);
        let lengths = [10, 100_000, 60_000, 131_000, 5, 131_071, 400_000, 1, 262_142, 70_000, 70_000];
        for (stream, length) in lengths.into_iter().enumerate() {
            long(&mut output, stream as i16, length);
        }
        output.seal();
        assert_eq!(streams(&output, compression), (0..lengths.len() as i16).collect::<Vec<_>>());
    }
}

#[test]
fn unfinished_rows_leave_nothing() {
    let mut output = version_5(None);
    let metadata = ResultMetadata::new([]);
    drop(output.begin_rows(&reply(1), &metadata, MetadataMode::Full));
    output.seal();
    assert_eq!(output.pending_bytes(), 0);
    output.write_void(&reply(2));
    drop(output.begin_rows(&reply(3), &metadata, MetadataMode::Full));
    output.seal();
    assert_eq!(streams(&output, None), [2]);
}

#[test]
fn partial_sends_move_nothing_twice() {
    let mut output = version_5(None);
    let mut received = BytesMut::new();
    let mut decoder = FrameDecoder::new(Role::Client);
    decoder.establish(Version::V5, None);
    let mut streams = Vec::new();
    for stream in 0..200 {
        long(&mut output, stream, 300);
        if stream % 3 == 0 {
            output.seal();
        }
        let count = output.ready_bytes().len().min(250);
        received.extend_from_slice(&output.ready_bytes()[..count]);
        output.consume(count);
    }
    output.seal();
    received.extend_from_slice(output.ready_bytes());
    output.consume(output.ready_bytes().len());
    assert_eq!(output.pending_bytes(), 0);
    streams.extend(std::iter::from_fn(|| decoder.next(&mut received).unwrap()).map(|f| f.header.stream));
    assert_eq!(streams, (0..200).collect::<Vec<_>>());
}

#[test]
fn an_old_version_is_answered_in_its_own_header() {
    let mut output = OutputBuffer::new(Role::Server);
    output.write_frame_error(&FrameError::fatal(Answer { version: 2, stream: 7 }, "no"));
    assert_eq!(output.ready_bytes(), [0x82, 0, 7, 0, 0, 0, 0, 8, 0, 0, 0, 0x0a, 0, 2, b'n', b'o']);
}

#[test]
fn an_idle_buffer_gives_memory_back() {
    let mut output = version_5(None);
    long(&mut output, 1, 5 << 20);
    output.seal();
    output.consume(usize::MAX);
    assert!(output.bytes.capacity() <= IDLE_CAPACITY_BYTES_MAX && output.scratch.capacity() <= IDLE_CAPACITY_BYTES_MAX);
}

#[test]
fn rows_put_down_elsewhere_look_like_rows_written_at_once() {
    let metadata =
        ResultMetadata::new([ColumnRef { keyspace: "k", table: "t", name: "c", data_type: &DataType::Blob }]);
    let values: [Option<&[u8]>; 4] = [Some(b"a"), None, Some(b""), Some(b"longer")];
    let fill = |sink: &mut dyn RowSink| {
        for value in values {
            sink.begin_row();
            sink.value(value);
        }
        let mark = sink.mark();
        sink.begin_row();
        sink.value(Some(b"taken back"));
        sink.rollback(mark);
    };
    let (mut at_once, mut later, mut encoded) = (version_5(None), version_5(None), EncodedRows::default());
    let mut writer = at_once.begin_rows(&reply(1), &metadata, MetadataMode::Full);
    fill(&mut writer);
    assert_eq!(writer.finish(Some(b"state")), 4);
    fill(&mut encoded);
    let mut writer = later.begin_rows(&reply(1), &metadata, MetadataMode::Full);
    let length = encoded.bytes();
    writer.append(encoded);
    assert_eq!((writer.rows(), writer.bytes()), (4, length));
    assert_eq!(writer.finish(Some(b"state")), 4);
    at_once.seal();
    later.seal();
    assert_eq!(at_once.ready_bytes(), later.ready_bytes());
}
