//! The trace of a statement, which the server keeps in `system_traces`, in cqlsh's layout.

use crate::connection::Connection;
use crate::failure::Failure;
use crate::interrupt;
use crate::paint::Paint;
use crate::read::{ReadError, read_rows};
use crate::table::Table;
use crate::value::format_value;
use henge_base::{Bytes, hex};
use henge_protocol::Rows;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Between two looks for it.
const LOOK_DELAY: Duration = Duration::from_millis(50);
/// Microseconds from the epoch of time-based UUIDs, 1582-10-15, to that of Unix.
const UUID_EPOCH_US: i64 = 12_219_292_800_000_000;

/// The columns that are printed.
const COLUMNS: [&str; 5] = ["activity", "timestamp", "source", "source_elapsed", "client"];

/// The trace of a statement that was just run; waits until it is complete, but not longer than the timeout.
pub(crate) fn wait_for_trace(
    connection: &mut Connection,
    id: [u8; 16],
    paint: Paint,
    timeout: Duration,
) -> Result<String, ReadError> {
    let begin = Instant::now();
    loop {
        let session = read_session(connection, &uuid_text(id))?;
        if session.as_ref().is_some_and(|session| session.duration_us.is_some()) {
            return format_trace(connection, &uuid_text(id), session, paint);
        }
        if begin.elapsed() >= timeout {
            let text = format_trace(connection, &uuid_text(id), session, paint)?;
            let seconds = timeout.as_secs();
            let said = format!(
                "Statement trace did not complete within {seconds} seconds; trace data may be incomplete.\n{text}"
            );
            return Ok(said);
        }
        if interrupt::take_interrupt() {
            return Err(ReadError::Failure(Failure::Cancelled));
        }
        std::thread::sleep(LOOK_DELAY);
    }
}

/// The trace of an id, as far as there is one.
pub(crate) fn show_trace(connection: &mut Connection, id: &str, paint: Paint) -> Result<String, ReadError> {
    let session = read_session(connection, id)?;
    format_trace(connection, id, session, paint)
}

/// The part of a trace that is of the whole request; values as they are printed.
struct TraceSession {
    request: String,
    coordinator: String,
    client: String,
    started_us: i64,
    duration_us: Option<i64>,
}

fn read_session(connection: &mut Connection, id: &str) -> Result<Option<TraceSession>, ReadError> {
    let columns = "request, coordinator, client, started_at, duration";
    let rows = read_rows(connection, &format!("SELECT {columns} FROM system_traces.sessions WHERE session_id = {id}"))?;
    let Some(row) = rows.rows.first() else { return Ok(None) };
    let text = |at: usize| value_text(&rows, row, at);
    Ok(Some(TraceSession {
        request: text(0),
        coordinator: text(1),
        client: text(2),
        started_us: number(row, 3).unwrap_or_default().saturating_mul(1_000),
        duration_us: number(row, 4),
    }))
}

fn format_trace(
    connection: &mut Connection,
    id: &str,
    session: Option<TraceSession>,
    paint: Paint,
) -> Result<String, ReadError> {
    let session = session.ok_or_else(|| ReadError::Unavailable(format!("Session {id} wasn't found.")))?;
    let columns = "activity, thread, event_id, source, source_elapsed";
    let events = read_rows(connection, &format!("SELECT {columns} FROM system_traces.events WHERE session_id = {id}"))?;
    let row = |activity: String, at_us: i64, source: String, elapsed: String| {
        vec![activity, time_text(at_us), source, elapsed, session.client.clone()]
    };
    let first = row(session.request.clone(), session.started_us, session.coordinator.clone(), "0".to_owned());
    let mut rows = vec![first];
    for event in &events.rows {
        let activity = format!("{} [{}]", value_text(&events, event, 0), value_text(&events, event, 1));
        let at_us = event.get(2).and_then(|id| time_of_uuid(id.as_deref()?)).unwrap_or_default();
        rows.push(row(activity, at_us, value_text(&events, event, 3), value_text(&events, event, 4)));
    }
    if let Some(duration_us) = session.duration_us {
        let end_us = session.started_us.saturating_add(duration_us);
        let elapsed = duration_us.to_string();
        rows.push(row("Request complete".to_owned(), end_us, session.coordinator.clone(), elapsed));
    }
    let table = Table { columns: COLUMNS.map(str::to_owned).to_vec(), rows };
    Ok(format!("\n{}{id}\n\n{}\n", paint.name("Tracing session: "), table.format_wide(paint, true)))
}

fn value_text(rows: &Rows, row: &[Option<Bytes>], at: usize) -> String {
    let column = rows.columns.get(at).zip(row.get(at));
    column.map_or_else(String::new, |(column, value)| format_value(&column.data_type, value.as_deref()))
}

/// A value of type int, bigint or timestamp.
fn number(row: &[Option<Bytes>], at: usize) -> Option<i64> {
    let bytes = row.get(at)?.as_deref()?;
    match bytes.len() {
        4 => Some(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
        _ => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
    }
}

/// The time of a time-based UUID in microseconds since the Unix epoch.
fn time_of_uuid(bytes: &[u8]) -> Option<i64> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let [a, b, c, d, e, f, g, h, ..] = bytes;
    let ticks = i64::from_be_bytes([g & 0x0f, h, e, f, a, b, c, d]);
    Some(ticks / 10 - UUID_EPOCH_US)
}

fn time_text(micros: i64) -> String {
    Timestamp::from_microsecond(micros)
        .map_or_else(|_| "null".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S.%6f+0000").to_string())
}

fn uuid_text(bytes: [u8; 16]) -> String {
    let digits = hex(&bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_based_uuid_tells_its_time() {
        // The namespace of DNS names, by RFC 9562 of 1998-02-04T22:13:53.151182Z.
        let bytes = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8_u128.to_be_bytes();
        assert_eq!(uuid_text(bytes), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
        assert_eq!(time_of_uuid(&bytes).map(time_text).as_deref(), Some("1998-02-04 22:13:53.151182+0000"));
        assert_eq!(time_of_uuid(&bytes[1..]), None);
    }
}
