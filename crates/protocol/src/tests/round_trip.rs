//! Both ends of a connection, with bytes cut at arbitrary places between them.

use super::sample;
use crate::{
    BindMetadata, ClientCodec, ColumnSpec, Compression, ErrorCode, FrameDecoder, Incoming, MetadataMode, OutputBuffer,
    PreparedMetadata, Reply, Request, Response, ResultMetadata, Role, Rows, Version,
};
use henge_base::{Bytes, BytesMut, Random};
use henge_model::RowSink;
use proptest::prelude::*;

/// The server's end.
struct Server {
    decoder: FrameDecoder,
    output: OutputBuffer,
}

/// A connection after STARTUP.
struct Connection {
    version: Version,
    client: ClientCodec,
    server: Server,
    to_server: BytesMut,
    to_client: BytesMut,
}

impl Connection {
    fn open(version: Version, compression: Option<Compression>) -> Self {
        let mut connection = Connection {
            version,
            client: ClientCodec::new(version),
            server: Server { decoder: FrameDecoder::new(Role::Server), output: OutputBuffer::new(Role::Server) },
            to_server: BytesMut::new(),
            to_client: BytesMut::new(),
        };
        connection.client.send(0, &sample::startup(compression)).unwrap();
        connection.carry_to_server(usize::MAX);
        let frame = connection.server.decoder.next(&mut connection.to_server).unwrap().unwrap();
        let Request::Startup(startup) = Request::decode(&frame).unwrap() else { panic!("not STARTUP") };
        assert_eq!(startup.compression, compression);
        connection.server.decoder.establish(version, compression);
        connection.server.output.write_response(&Reply::to(&frame.header), &Response::Ready);
        connection.server.output.establish(version, compression);
        assert_eq!(connection.receive(), vec![Response::Ready]);
        connection
    }

    fn carry_to_server(&mut self, at_most: usize) -> usize {
        let bytes = self.client.output();
        let count = bytes.len().min(at_most);
        self.to_server.extend_from_slice(&bytes[..count]);
        self.client.consume(count);
        count
    }

    fn reply(&self, stream: i16) -> Reply<'static> {
        Reply { version: self.version, stream, tracing: None, warnings: &[] }
    }

    /// Delivers everything that the server wrote to the client.
    fn incoming(&mut self) -> Vec<Incoming> {
        self.server.output.seal();
        self.to_client.extend_from_slice(self.server.output.ready_bytes());
        self.server.output.consume(usize::MAX);
        assert_eq!(self.server.output.pending_bytes(), 0);
        std::iter::from_fn(|| self.client.receive(&mut self.to_client).unwrap()).collect()
    }

    fn receive(&mut self) -> Vec<Response> {
        self.incoming().into_iter().map(|i| i.response).collect()
    }
}

fn settings() -> impl Strategy<Value = (Version, Option<Compression>)> {
    use Compression::{Lz4, Snappy};
    use Version::{V3, V4, V5};
    let all =
        [(V3, None), (V3, Some(Snappy)), (V4, None), (V4, Some(Lz4)), (V4, Some(Snappy)), (V5, None), (V5, Some(Lz4))];
    proptest::sample::select(all.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn requests_arrive_as_sent((version, compression) in settings(), seed: u64, step in 1usize..5000) {
        let mut random = Random::new(seed);
        let mut connection = Connection::open(version, compression);
        let mut frames = Vec::new();
        let count = random.between(1, 12);
        let sent = (0..count).map(|_| sample::request(&mut random, version)).collect::<Vec<_>>();
        for (stream, request) in sent.iter().enumerate() {
            connection.client.send(stream as i16, request).unwrap();
        }
        while connection.carry_to_server(step) > 0 {
            let next = || connection.server.decoder.next(&mut connection.to_server).unwrap();
            frames.extend(std::iter::from_fn(next));
        }
        let streams = frames.iter().map(|f| f.header.stream).collect::<Vec<_>>();
        prop_assert_eq!(streams, (0..count as i16).collect::<Vec<_>>());
        let read = frames.iter().map(|f| Request::decode(f).unwrap()).collect::<Vec<_>>();
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn responses_arrive_as_sent((version, compression) in settings(), seed: u64) {
        let mut random = Random::new(seed);
        let mut connection = Connection::open(version, compression);
        let warnings = vec!["careful".to_owned()];
        for _ in 0..random.between(1, 4) {
            let sent = (0..random.between(1, 12)).map(|_| sample::response(&mut random, version)).collect::<Vec<_>>();
            for response in &sent {
                let tracing = random.chance(1, 4).then(|| random.bytes());
                let reply = Reply { tracing, warnings: &warnings, ..connection.reply(5) };
                connection.server.output.write_response(&reply, response);
            }
            let incoming = connection.incoming();
            let expected: &[String] = if version >= Version::V4 { &warnings } else { &[] };
            prop_assert!(incoming.iter().all(|i| i.warnings == expected && i.stream == 5));
            prop_assert_eq!(incoming.into_iter().map(|i| i.response).collect::<Vec<_>>(), sent);
        }
    }

    #[test]
    fn written_rows_are_those_read((version, compression) in settings(), seed: u64, count in 0usize..40, paged: bool) {
        let mut random = Random::new(seed);
        let mut connection = Connection::open(version, compression);
        let mut columns = sample::columns(&mut random);
        columns.truncate(4);
        let metadata = ResultMetadata::new(columns.iter().map(ColumnSpec::as_ref));
        let mode = *random.pick(&[MetadataMode::Full, MetadataMode::Skip, MetadataMode::Changed]).unwrap();
        let count = if columns.is_empty() { 0 } else { count };
        let value = vec![9; random.below(9000) as usize];
        let reply = connection.reply(1);
        let mut writer = connection.server.output.begin_rows(&reply, &metadata, mode);
        for _ in 0..count {
            writer.begin_row();
            columns.iter().for_each(|_| writer.value(Some(&value)));
            let mark = writer.mark();
            writer.begin_row();
            writer.value(None);
            writer.rollback(mark);
        }
        prop_assert_eq!(writer.rows(), count);
        prop_assert_eq!(writer.bytes(), count * columns.len() * (4 + value.len()));
        let state = Bytes::from_static(b"where we were");
        prop_assert_eq!(writer.finish(paged.then_some(&state[..])), count);
        let changed = mode == MetadataMode::Changed && version == Version::V5;
        let expected = Rows {
            columns: if mode == MetadataMode::Skip { Vec::new() } else { columns.clone() },
            column_count: columns.len(),
            paging_state: paged.then_some(state),
            new_metadata_id: changed.then(|| Bytes::copy_from_slice(metadata.id())),
            rows: vec![vec![Some(Bytes::from(value)); columns.len()]; count],
        };
        prop_assert_eq!(connection.receive(), vec![Response::Rows(expected)]);
    }

    #[test]
    fn prepared_metadata_is_that_read((version, compression) in settings(), seed: u64) {
        let mut random = Random::new(seed);
        let mut connection = Connection::open(version, compression);
        let (bind, result) = (sample::columns(&mut random), sample::columns(&mut random));
        let metadata = PreparedMetadata {
            id: random.bytes(),
            bind: BindMetadata::new(bind.iter().map(ColumnSpec::as_ref), &[1, 0]),
            result: ResultMetadata::new(result.iter().map(ColumnSpec::as_ref)),
        };
        let reply = connection.reply(1);
        connection.server.output.write_prepared(&reply, &metadata);
        let [Response::Prepared(read)] = &connection.receive()[..] else { panic!("not one PREPARED") };
        prop_assert_eq!(&read.id[..], metadata.id);
        prop_assert_eq!((&read.bind, &read.result), (&bind, &result));
        prop_assert_eq!(&read.pk_indexes[..], if version == Version::V3 { &[][..] } else { &[1, 0] });
        let id = read.metadata_id.as_deref();
        prop_assert_eq!(id, (version == Version::V5).then_some(&metadata.result.id()[..]));
    }

    #[test]
    fn older_versions_read_every_error(version in proptest::sample::select(vec![Version::V3, Version::V4]), seed: u64) {
        let error = sample::error(&mut Random::new(seed));
        let mut connection = Connection::open(version, None);
        let reply = connection.reply(1);
        connection.server.output.write_error(&reply, &error);
        let [Response::Error(read)] = &connection.receive()[..] else { panic!("not one ERROR") };
        prop_assert_eq!(read.kind.code(), error.code(version));
        prop_assert_eq!(&read.message, &error.message);
        let known_to_3 = !matches!(read.kind.code(), ErrorCode::ReadFailure | ErrorCode::WriteFailure);
        prop_assert!(version == Version::V4 || known_to_3);
    }
}
