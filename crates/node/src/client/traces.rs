//! Traces: what a coordinator and its replicas did for one request, kept in `system_traces` for a day, where clients of any node find it.

use crate::client::core::Core;
use crate::coordinator::Coordinator;
use crate::coordinator::trace::{RequestSpan, SampledRequest, Trace, TraceEvent};
use crate::ground::world::World;
use henge_base::{Bytes, Micros};
use henge_coordinator::{Replicas, Write, WriteError, WriteType, write};
use henge_metadata::{TRACE_TTL, TRACES};
use henge_model::{
    Cell, CellKind, Consistency, Key, Marker, Mutation, PartitionKey, Row, SharedMutation, Table, WriteId, encode_row,
};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a statement's text that are kept.
const TEXT_MAX: usize = 10_000;

/// The time that all replicas get to take the events of a trace before clients may see it.
const REPLICA_WAIT: Duration = Duration::from_millis(500);

/// A traced request in words.
#[derive(Clone, Debug, Default)]
pub struct RequestDescription {
    /// Its kind.
    pub request: String,
    /// Its statement, level and so on.
    pub parameters: Vec<(&'static str, String)>,
}

impl<W: World> Core<W> {
    /// A handle that notes what is done through it, and has spans of it exported if it is sampled. In all else it is this one: a traced
    /// request waits and is counted as others are.
    pub fn with_new_trace(&self, client: Option<IpAddr>, sampled: Option<SampledRequest>) -> (Core<W>, Arc<Trace>) {
        let world = &self.context().world;
        let (began_us, began) = (self.context().wall_us(), world.mono());
        let session = time_uuid(began_us, world.random("trace"));
        let span = sampled.map(|sampled| RequestSpan { sampled, id: self.coordinator().new_span_id() });
        let trace = Arc::new(Trace::new(session, client, began, began_us).with_span(span));
        let coordinator = self.coordinator().with_trace(Some(Arc::clone(&trace)));
        (self.with_coordinator(coordinator), trace)
    }

    /// Keeps a trace whose request has ended. Goes on in the node.
    pub fn keep_trace(&self, trace: Arc<Trace>, traced: RequestDescription) {
        let coordinator = self.coordinator().with_trace(None);
        let duration = self.context().world.mono().0.saturating_sub(trace.began.0);
        // A trace that cannot be kept is not worth an error: its request was answered.
        let _ = self.coordinator().in_tail(async move { write_trace(&coordinator, &trace, &traced, duration).await });
    }
}

async fn write_trace<W: World>(
    coordinator: &Coordinator<W>,
    trace: &Trace,
    traced: &RequestDescription,
    duration: u64,
) {
    let members = Arc::clone(&coordinator.cluster().view().state.members);
    let Some(own) = members.get(&coordinator.local()) else { return };
    let parameters: Vec<(&'static str, String)> =
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
    let query = parameters.iter().find(|(name, _)| *name == "query");
    let parsing =
        query.map(|(_, text)| TraceEvent { at: 0, replica: None, activity: format!("Parsing {text}"), step: None });
    let events = parsing.into_iter().chain(trace.take_events());
    let events = events.enumerate().map(|(number, TraceEvent { at, replica, activity, .. })| {
        // The session's beginning is told in milliseconds; cqlsh adds to that, and shows no time at all for zero.
        let time = trace.began_us - trace.began_us.rem_euclid(1_000) + at as Micros;
        let event = time_uuid(time, coordinator.context().world.random("trace").wrapping_add(number as u64));
        let (host, elapsed) = replica.unwrap_or((coordinator.local(), at));
        let source = members.get(&host).unwrap_or(own).address;
        let columns = vec![
            ("source", ip(source.ip())),
            ("source_port", i32::from(source.port()).to_be_bytes().to_vec()),
            ("thread", b"core".to_vec()),
            ("activity", activity.into_bytes()),
            ("source_elapsed", i32::try_from(elapsed.max(1)).unwrap_or(i32::MAX).to_be_bytes().to_vec()),
        ];
        TraceRow { key: vec![trace.session, event], columns, parameters: &[] }
    });
    // Clients take a session with a duration for whole, and may read its events from another replica: it comes last.
    put(coordinator, "events", &events.collect::<Vec<_>>(), Consistency::All).await;
    let session = TraceRow { key: vec![trace.session], columns, parameters: &parameters };
    put(coordinator, "sessions", &[session], Consistency::One).await;
}

/// A row of one of the tables of traces; `parameters` go into the map of that name.
struct TraceRow<'a> {
    key: Vec<[u8; 16]>,
    columns: Vec<(&'static str, Vec<u8>)>,
    parameters: &'a [(&'static str, String)],
}

/// Writes rows of one trace; those of replicas that are down or slow later, as hints.
async fn put<W: World>(coordinator: &Coordinator<W>, table: &str, rows: &[TraceRow<'_>], consistency: Consistency) {
    let view = coordinator.cluster().current_view();
    let found = view.schema.table(TRACES, table).zip(view.keyspace_placement(TRACES).cloned());
    let Some((table, placed)) = found else { return };
    // The clock of a node that has just joined is about to be trusted.
    let context = coordinator.context();
    let deadline = context.deadline_after(context.options.write_timeout);
    let Ok((issued, _)) = context.stamp_before(deadline, context.now()).await else { return };
    let Some(token) = rows.first().and_then(|row| Some(row_key(table, &row.key)?.0.token())) else { return };
    let rows = rows.iter().filter_map(|row| encode(table, row, issued)).collect();
    let mutation: SharedMutation = Mutation { id: WriteId { issued, member: view.own_number() }, rows }.into();
    let (timeout, write_type) = (context.options.write_timeout, WriteType::Simple);
    let write_at = |consistency, timeout| {
        let (placed, mutation, deadline) = (placed.clone(), mutation.clone(), context.deadline_after(timeout));
        write(coordinator, Write { placed, token, mutation, consistency, deadline, write_type, applied: None })
    };
    let mut written = write_at(consistency, timeout.min(REPLICA_WAIT)).await;
    if matches!(written, Err(WriteError::Unavailable { .. })) {
        written = write_at(Consistency::One, timeout).await;
    }
    if let Err(error) = written {
        tracing::debug!(%error, "a trace was not kept by all of its replicas");
    }
}

/// The key and the encoding of a row that expires with its trace.
fn encode(table: &Table, row: &TraceRow<'_>, issued: Micros) -> Option<(Bytes, Bytes)> {
    let (_, key) = row_key(table, &row.key)?;
    let expires = issued.div_euclid(1_000_000) + i64::from(TRACE_TTL);
    let mut encoded = Vec::new();
    encode_row(key.bytes(), &cells(table, row, issued, expires), &mut encoded);
    Some((key.to_bytes(), encoded.into()))
}

fn row_key(table: &Table, key: &[[u8; 16]]) -> Option<(PartitionKey, Key)> {
    let components: Vec<&[u8]> = key.iter().map(<[u8; 16]>::as_slice).collect();
    let (partition, clustering) = components.split_first()?;
    let partition = PartitionKey::from_components(&[partition]).ok()?;
    let key = Key::row(table, &partition, clustering).ok()?;
    Some((partition, key))
}

fn cells(table: &Table, row: &TraceRow<'_>, timestamp: Micros, expires: i64) -> Row {
    let live = |value: Bytes| CellKind::Expiring { value, ttl: TRACE_TTL, expires };
    let of = |name: &str| table.column(name).map(|column| column.id);
    let mut cells: Vec<Cell> = row
        .columns
        .iter()
        .filter_map(|(name, value)| {
            Some(Cell { column: of(name)?, path: Bytes::new(), timestamp, kind: live(value.clone().into()) })
        })
        .collect();
    cells.extend(row.parameters.iter().filter_map(|(name, text)| {
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
