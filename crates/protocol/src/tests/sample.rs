//! Random messages. Parts come from fixed pools, so that messages can borrow them.

use crate::{
    AuthResponse, Batch, BatchKind, BatchQuery, BoundValue, ChangeKind, ColumnSpec, ErrorKind, ErrorResponse, Event,
    Execute, Failure, Prepare, Prepared, Progress, Query, QueryParameters, Register, Request, Response, Rows,
    SchemaChange, SchemaTarget, Startup, StatusKind, Supported, TopologyKind, Values, Version, WriteType,
};
use henge_base::{Bytes, Random};
use henge_model::{Consistency, DataType, UserType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const TEXTS: [&str; 6] = ["", "ks", "Straße", "SELECT * FROM t WHERE k = ?", "[ttl]", "a\u{0}b"];
static LONG: [u8; 300_000] = [7; 300_000];

fn text(random: &mut Random) -> &'static str {
    TEXTS[random.below(TEXTS.len() as u64) as usize]
}

fn blob(random: &mut Random) -> &'static [u8] {
    let length = match random.below(60) {
        0 => random.below(LONG.len() as u64),
        1..=20 => random.below(400),
        _ => random.below(12),
    };
    &LONG[..length as usize]
}

fn bytes(random: &mut Random) -> Bytes {
    Bytes::from_static(blob(random))
}

fn short_bytes(random: &mut Random) -> Bytes {
    Bytes::from_static(&LONG[..random.below(40) as usize])
}

fn maybe<T>(random: &mut Random, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
    random.chance(1, 2).then(|| make(random))
}

fn several<T>(random: &mut Random, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
    let count = random.below(5);
    (0..count).map(|_| make(random)).collect()
}

fn consistency(random: &mut Random) -> Consistency {
    Consistency::from_code(random.below(11) as u16).unwrap()
}

fn bound_value(random: &mut Random, version: Version) -> BoundValue<'static> {
    match random.below(5) {
        0 => BoundValue::Null,
        1 if version >= Version::V4 => BoundValue::Unset,
        _ => BoundValue::Value(blob(random)),
    }
}

fn parameters<'a>(random: &mut Random, version: Version) -> QueryParameters<'a> {
    let values = several(random, |r| (text(r), bound_value(r, version)));
    let values = match random.chance(1, 3) {
        true => Values::with_names(values),
        false => Values::positional(values.into_iter().map(|(_, v)| v)),
    };
    QueryParameters {
        consistency: consistency(random),
        values,
        skip_metadata: random.chance(1, 2),
        page_size: maybe(random, |r| r.between(1, i32::MAX as u64) as u32),
        paging_state: maybe(random, blob),
        serial_consistency: maybe(random, consistency),
        timestamp: maybe(random, |r| r.next_u64().max(1) as i64).filter(|t| *t != i64::MIN),
        keyspace: maybe(random, text).filter(|_| version >= Version::V5),
        now_in_seconds: maybe(random, |r| r.next_u64() as i32).filter(|_| version >= Version::V5),
    }
}

fn batch(random: &mut Random, version: Version) -> Batch<'static> {
    let kinds = [BatchKind::Logged, BatchKind::Unlogged, BatchKind::Counter];
    let mut batch = Batch::new(*random.pick(&kinds).unwrap(), consistency(random));
    for _ in 0..random.below(4) {
        let query = match random.chance(1, 2) {
            true => BatchQuery::Text(text(random)),
            false => BatchQuery::Prepared(&LONG[..16]),
        };
        let values = several(random, |r| bound_value(r, version));
        batch.push(query, &values);
    }
    let tail = parameters(random, version);
    batch.serial_consistency = tail.serial_consistency;
    batch.timestamp = tail.timestamp;
    batch.keyspace = tail.keyspace;
    batch.now_in_seconds = tail.now_in_seconds;
    batch
}

/// Any request except STARTUP.
pub(super) fn request<'a>(random: &mut Random, version: Version) -> Request<'a> {
    match random.below(7) {
        0 => Request::Options,
        1 => Request::Query(Query { text: text(random), parameters: parameters(random, version) }),
        2 => Request::Prepare(Prepare {
            text: text(random),
            keyspace: maybe(random, text).filter(|_| version >= Version::V5),
        }),
        3 => Request::Execute(Execute {
            id: &LONG[..16],
            metadata_id: (version >= Version::V5).then_some(&LONG[..16]),
            parameters: parameters(random, version),
        }),
        4 => Request::Batch(batch(random, version)),
        5 => Request::Register(Register {
            topology: random.chance(1, 2),
            status: random.chance(1, 2),
            schema: random.chance(1, 2),
        }),
        _ => Request::AuthResponse(AuthResponse { token: maybe(random, blob) }),
    }
}

pub(super) fn startup(compression: Option<crate::Compression>) -> Request<'static> {
    Request::Startup(Startup::new("driver", "1.0", compression))
}

fn data_type(random: &mut Random, depth: u32) -> DataType {
    let natives = ["ascii", "bigint", "blob", "counter", "duration", "inet", "int", "text", "timeuuid", "varint"];
    let nested = |random: &mut Random| Box::new(data_type(random, depth - 1));
    match random.below(if depth == 0 { 1 } else { 8 }) {
        1 => DataType::List(nested(random)),
        2 => DataType::Set(nested(random)),
        3 => DataType::Map(nested(random), nested(random)),
        4 => DataType::Tuple(vec![data_type(random, depth - 1), data_type(random, depth - 1)].into()),
        5 => DataType::Vector(nested(random), random.between(1, 9) as u32),
        6 => DataType::Udt(UserType {
            keyspace: "ks".to_owned(),
            name: text(random).to_owned(),
            fields: several(random, |r| (text(r).to_owned(), data_type(r, depth - 1))).into(),
        }),
        _ => DataType::native(random.pick(&natives).unwrap()).unwrap(),
    }
}

pub(super) fn columns(random: &mut Random) -> Vec<ColumnSpec> {
    let tables = if random.chance(1, 2) { ["t", "t"] } else { ["t", "u"] };
    several(random, |r| ColumnSpec {
        keyspace: "ks".to_owned(),
        table: (*r.pick(&tables).unwrap()).to_owned(),
        name: text(r).to_owned(),
        data_type: data_type(r, 3),
    })
}

fn rows(random: &mut Random, version: Version) -> Rows {
    let all = columns(random);
    let column_count = all.len();
    let known = random.chance(1, 4);
    Rows {
        columns: if known { Vec::new() } else { all },
        column_count,
        paging_state: maybe(random, bytes),
        new_metadata_id: maybe(random, short_bytes).filter(|_| version >= Version::V5 && !known),
        rows: match column_count {
            0 => Vec::new(),
            _ => several(random, |r| (0..column_count).map(|_| maybe(r, bytes)).collect()),
        },
    }
}

fn prepared_result(random: &mut Random, version: Version) -> Prepared {
    Prepared {
        id: short_bytes(random),
        metadata_id: (version >= Version::V5).then(|| short_bytes(random)),
        bind: columns(random),
        pk_indexes: if version >= Version::V4 { several(random, |r| r.below(9) as u16) } else { Vec::new() },
        result: columns(random),
    }
}

fn names(random: &mut Random) -> Vec<String> {
    several(random, |r| text(r).to_owned())
}

fn address(random: &mut Random) -> IpAddr {
    match random.chance(1, 2) {
        true => IpAddr::V4(Ipv4Addr::from(random.bytes::<4>())),
        false => IpAddr::V6(Ipv6Addr::from(random.bytes::<16>())),
    }
}

fn schema_change(random: &mut Random) -> SchemaChange {
    let name = text(random).to_owned();
    SchemaChange {
        kind: *random.pick(&[ChangeKind::Created, ChangeKind::Updated, ChangeKind::Dropped]).unwrap(),
        keyspace: "ks".to_owned(),
        target: match random.below(5) {
            0 => SchemaTarget::Keyspace,
            1 => SchemaTarget::Table(name),
            2 => SchemaTarget::Type(name),
            3 => SchemaTarget::Function { name, arguments: names(random) },
            _ => SchemaTarget::Aggregate { name, arguments: names(random) },
        },
    }
}

fn event(random: &mut Random) -> Event {
    let address = SocketAddr::new(address(random), random.below(65_536) as u16);
    match random.below(5) {
        0 => Event::Topology { kind: TopologyKind::NewNode, address },
        1 => Event::Topology { kind: TopologyKind::RemovedNode, address },
        2 => Event::Status { kind: StatusKind::Up, address },
        3 => Event::Status { kind: StatusKind::Down, address },
        _ => Event::Schema(schema_change(random)),
    }
}

/// Any error of version 5; older versions send less of it.
pub(super) fn error(random: &mut Random) -> ErrorResponse {
    let count = |random: &mut Random| random.below(1 << 31) as u32;
    let progress = Progress { consistency: consistency(random), received: count(random), block_for: count(random) };
    let types = [WriteType::Simple, WriteType::Cas, WriteType::BatchLog, WriteType::UnloggedBatch, WriteType::Cdc];
    let write_type = *random.pick(&types).unwrap();
    let failures = several(random, |r| Failure { address: address(r), reason: r.below(9) as u16 });
    let (failed, data_present) = (failures.len() as u32, random.chance(1, 2));
    let name = text(random).to_owned();
    let kind = match random.below(20) {
        0 => ErrorKind::Server,
        1 => ErrorKind::Protocol,
        2 => ErrorKind::Authentication,
        3 => ErrorKind::Unavailable { consistency: progress.consistency, required: count(random), alive: 0 },
        4 => ErrorKind::Overloaded,
        5 => ErrorKind::Bootstrapping,
        6 => ErrorKind::Truncate,
        7 => {
            let contentions = if write_type == WriteType::Cas { 3 } else { 0 };
            ErrorKind::WriteTimeout { progress, write_type, contentions }
        }
        8 => ErrorKind::ReadTimeout { progress, data_present },
        9 => ErrorKind::ReadFailure { progress, failed, failures, data_present },
        10 => ErrorKind::FunctionFailure { keyspace: name, function: "f".to_owned(), arguments: names(random) },
        11 => ErrorKind::WriteFailure { progress, failed, failures, write_type },
        12 => ErrorKind::CdcWriteFailure,
        13 => ErrorKind::CasWriteUnknown { progress },
        14 => ErrorKind::Syntax,
        15 => ErrorKind::Unauthorized,
        16 => ErrorKind::Invalid,
        17 => ErrorKind::Config,
        18 => ErrorKind::AlreadyExists { keyspace: name, table: String::new() },
        _ => ErrorKind::Unprepared { id: short_bytes(random).to_vec() },
    };
    ErrorResponse::new(kind, text(random))
}

/// Any response except READY and AUTHENTICATE.
pub(super) fn response(random: &mut Random, version: Version) -> Response {
    match random.below(10) {
        0 => Response::AuthChallenge(maybe(random, bytes)),
        1 => Response::AuthSuccess(maybe(random, bytes)),
        2 => Response::Supported(Supported::new("3.4.7")),
        3 if version == Version::V5 => Response::Error(error(random)),
        4 => Response::SetKeyspace(text(random).to_owned()),
        5 => Response::Prepared(prepared_result(random, version)),
        6 => Response::SchemaChange(schema_change(random)),
        7 => Response::Event(event(random)),
        8 => Response::Void,
        _ => Response::Rows(rows(random, version)),
    }
}
