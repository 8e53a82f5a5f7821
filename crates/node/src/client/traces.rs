//! Traces: what a coordinator did for one request, kept in `system_traces` for a day, where clients of any node find it.
//!
//! A core handle with a trace notes what the coordinator asks of it.

use crate::coordinator::Core;
use crate::ground::world::World;
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_coordinator::{Replicas, Write, WriteType, write};
use henge_metadata::{TRACE_TTL, TRACES};
use henge_model::{Cell, CellKind, Consistency, Key, Marker, Mutation, PartitionKey, Row, Table, encode_row};
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;

/// What one trace notes at most.
const EVENTS_MAX: usize = 1_000;
/// Bytes of a statement's text that are kept.
const TEXT_MAX: usize = 10_000;

/// A request that is being traced.
#[derive(Debug)]
pub struct Trace {
    /// Its number, a version 1 UUID.
    pub session: [u8; 16],
    client: Option<IpAddr>,
    began: Mono,
    began_us: Micros,
    events: Mutex<Vec<(u64, String)>>,
}

/// What a traced request was.
#[derive(Clone, Debug, Default)]
pub struct Traced {
    /// What kind of request.
    pub request: String,
    /// Its statement, level and so on.
    pub parameters: Vec<(&'static str, String)>,
}

impl Trace {
    /// Notes that something happened now.
    pub(crate) fn note(&self, now: Mono, what: String) {
        let mut events = self.events.lock();
        if events.len() < EVENTS_MAX {
            events.push((now.0.saturating_sub(self.began.0), what));
        }
    }
}

impl<W: World> Core<W> {
    /// A handle that notes what is done through it.
    pub fn traced(&self, client: Option<IpAddr>) -> (Core<W>, Arc<Trace>) {
        let (began_us, began) = (self.shared.world.wall_us(), self.shared.world.mono());
        let session = time_uuid(began_us, self.shared.world.random("trace"));
        let trace = Arc::new(Trace { session, client, began, began_us, events: Mutex::default() });
        (self.with_trace(Some(Arc::clone(&trace))), trace)
    }

    /// Notes something, if this request is traced.
    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            trace.note(self.shared.world.mono(), what());
        }
    }

    /// How a member is called in a trace.
    pub(crate) fn name_of(&self, host: HostId) -> String {
        let view = self.shared.view.load();
        view.state.members.get(&host).map_or_else(|| host.to_string(), |member| format!("/{}", member.address))
    }

    /// Keeps a trace whose request has ended. Goes on in the node.
    pub fn keep_trace(&self, trace: Arc<Trace>, traced: Traced) {
        let core = self.with_trace(None);
        let duration = self.shared.world.mono().0.saturating_sub(trace.began.0);
        // A trace that cannot be kept is not worth an error: its request was answered.
        let _ = self.in_tail(async move { write_trace(&core, &trace, &traced, duration).await });
    }
}

async fn write_trace<W: World>(core: &Core<W>, trace: &Trace, traced: &Traced, duration: u64) {
    let Some(own) = core.shared.view.load().state.members.get(&core.local()).cloned() else { return };
    let parameters: Vec<(&str, String)> =
        traced.parameters.iter().map(|(name, text)| (*name, text.chars().take(TEXT_MAX).collect())).collect();
    let mut columns = vec![
        ("command", b"QUERY".to_vec()),
        ("coordinator", ip(own.address.ip())),
        ("coordinator_port", i32::from(own.address.port()).to_be_bytes().to_vec()),
        ("duration", i32::try_from(duration).unwrap_or(i32::MAX).to_be_bytes().to_vec()),
        ("request", traced.request.clone().into_bytes()),
        ("started_at", trace.began_us.div_euclid(1_000).to_be_bytes().to_vec()),
    ];
    columns.extend(trace.client.map(|client| ("client", ip(client))));
    let source = [
        ("source", ip(own.address.ip())),
        ("source_port", i32::from(own.address.port()).to_be_bytes().to_vec()),
        ("thread", b"core".to_vec()),
    ];
    let parsing = parameters.iter().find(|(name, _)| *name == "query").map(|(_, text)| (0, format!("Parsing {text}")));
    let events = std::mem::take(&mut *trace.events.lock()).into_iter();
    let events = parsing.into_iter().chain(events);
    for (number, (elapsed, what)) in events.enumerate() {
        // The session's beginning is told in milliseconds; cqlsh adds to that, and shows no time at all for zero.
        let at = trace.began_us - trace.began_us.rem_euclid(1_000) + elapsed as Micros;
        let event = time_uuid(at, core.shared.world.random("trace").wrapping_add(number as u64));
        let elapsed = i32::try_from(elapsed.max(1)).unwrap_or(i32::MAX).to_be_bytes().to_vec();
        let mut columns = source.to_vec();
        columns.extend([("activity", what.into_bytes()), ("source_elapsed", elapsed)]);
        put(core, "events", &[&trace.session, &event], &columns, &[]).await;
    }
    // Last, for a session with a duration says that all of it is there.
    put(core, "sessions", &[&trace.session], &columns, &parameters).await;
}

/// Writes one row; `parameters` go into the map of that name.
async fn put<W: World>(
    core: &Core<W>,
    table: &str,
    key: &[&[u8]],
    columns: &[(&str, Vec<u8>)],
    parameters: &[(&str, String)],
) {
    let view = core.shared.view.load_full();
    let found = view.schema.table(TRACES, table).zip(view.placed(TRACES).cloned());
    let Some((table, placed)) = found else { return };
    let Some(issued) = core.stamp(0) else { return };
    let Some((partition, key)) = row_key(table, key) else { return };
    let expires = issued.div_euclid(1_000_000) + i64::from(TRACE_TTL);
    let row = row(table, columns, parameters, issued, expires);
    let mut encoded = Vec::new();
    encode_row(key.bytes(), &row, &mut encoded);
    let mutation = Mutation::single(issued, key.to_bytes(), encoded.into()).encode();
    let deadline = core.shared.within(core.shared.options.write_timeout);
    let (token, consistency, write_type) = (partition.token(), Consistency::One, WriteType::Simple);
    let write = write(core, Write { placed, token, mutation, consistency, deadline, write_type, applied: None });
    if let Err(error) = write.await {
        tracing::debug!(%error, "a trace could not be kept");
    }
}

fn row_key(table: &Table, key: &[&[u8]]) -> Option<(PartitionKey, Key)> {
    let (partition, clustering) = key.split_first()?;
    let partition = PartitionKey::from_components(&[partition]).ok()?;
    let key = Key::row(table, &partition, clustering).ok()?;
    Some((partition, key))
}

fn row(
    table: &Table,
    columns: &[(&str, Vec<u8>)],
    parameters: &[(&str, String)],
    timestamp: Micros,
    expires: i64,
) -> Row {
    let live = |value: Bytes| CellKind::Expiring { value, ttl: TRACE_TTL, expires };
    let of = |name: &str| table.column(name).map(|column| column.id);
    let mut cells: Vec<Cell> = columns
        .iter()
        .filter_map(|(name, value)| {
            Some(Cell { column: of(name)?, path: Bytes::new(), timestamp, kind: live(value.clone().into()) })
        })
        .collect();
    cells.extend(parameters.iter().filter_map(|(name, text)| {
        let path = Bytes::copy_from_slice(name.as_bytes());
        Some(Cell { column: of("parameters")?, path, timestamp, kind: live(text.clone().into()) })
    }));
    Row { marker: Some(Marker { timestamp, expiry: Some((TRACE_TTL, expires)) }), deletion: None, cells }
}

fn ip(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// A version 1 UUID of a moment (RFC 9562, 5.1).
fn time_uuid(at_us: Micros, chance: u64) -> [u8; 16] {
    /// From 1582-10-15 to 1970, in units of 100 ns.
    const EPOCH: u64 = 0x01b2_1dd2_1381_4000;
    let ticks = EPOCH.wrapping_add((at_us as u64).wrapping_mul(10));
    let mut uuid = [0; 16];
    uuid[..4].copy_from_slice(&(ticks as u32).to_be_bytes());
    uuid[4..6].copy_from_slice(&((ticks >> 32) as u16).to_be_bytes());
    uuid[6..8].copy_from_slice(&(((ticks >> 48) as u16 & 0x0fff) | 0x1000).to_be_bytes());
    uuid[8..].copy_from_slice(&chance.to_be_bytes());
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    uuid
}
