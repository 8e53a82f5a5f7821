//! The trace of a statement, as the node keeps it in `system_traces`.

use henge_base::hex;
use henge_shell::{Client, Page, Statement, StatementError};
use serde::Serialize;
use std::time::Duration;

/// A trace is written after its request is answered: it is looked for so often, with these pauses.
const LOOKS_MAX: usize = 20;
const LOOK_DELAY: Duration = Duration::from_millis(100);
/// Events of the longest trace that is shown.
const EVENTS_MAX: u32 = 1_000;

/// A trace.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Trace {
    id: String,
    /// The node that the client asked.
    coordinator: Option<String>,
    /// Microseconds until the answer; `None` if the trace was not complete in time.
    duration_micros: Option<u64>,
    events: Vec<TraceEvent>,
}

/// A step of a node.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct TraceEvent {
    activity: String,
    /// The node.
    source: String,
    /// Microseconds since the node began with the request.
    at_micros: u64,
    thread: String,
}

/// Waits until a trace is complete, and reads it.
pub(super) fn read_trace(client: &mut Client, id: [u8; 16]) -> Result<Trace, StatementError> {
    let id = uuid(id);
    let session = format!("SELECT coordinator, duration FROM system_traces.sessions WHERE session_id = {id}");
    let (mut coordinator, mut duration_micros) = (None, None);
    for _ in 0..LOOKS_MAX {
        let told: Option<[Option<String>; 2]> =
            ask(client, &session)?.rows.into_iter().next().and_then(|row| row.try_into().ok());
        if let Some([node, duration]) = told {
            (coordinator, duration_micros) = (node, duration.and_then(|micros| micros.parse().ok()));
        }
        if duration_micros.is_some() {
            break;
        }
        std::thread::sleep(LOOK_DELAY);
    }
    let events =
        format!("SELECT activity, source, source_elapsed, thread FROM system_traces.events WHERE session_id = {id}");
    let events = ask(client, &events)?.rows.into_iter().filter_map(|row| event(row.try_into().ok()?)).collect();
    Ok(Trace { id, coordinator, duration_micros, events })
}

fn event(row: [Option<String>; 4]) -> Option<TraceEvent> {
    let [activity, source, elapsed, thread] = row.map(Option::unwrap_or_default);
    Some(TraceEvent { activity, source, at_micros: elapsed.parse().ok()?, thread })
}

fn ask(client: &mut Client, text: &str) -> Result<Page, StatementError> {
    client.run(&Statement { text, consistency: "ONE", page_rows: EVENTS_MAX, from: None, is_traced: false })
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = hex(&bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_cql_has_them() {
        let bytes: [u8; 16] = std::array::from_fn(|at| at as u8);
        assert_eq!(uuid(bytes), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }

    #[test]
    fn an_event_without_its_time_is_left_out() {
        let row = |elapsed: Option<&str>| {
            let text = |text: &str| Some(text.to_owned());
            [text("Reading"), text("127.0.0.1"), elapsed.map(str::to_owned), text("core-0")]
        };
        assert_eq!(event(row(Some("17"))).map(|event| event.at_micros), Some(17));
        assert_eq!(event(row(None)), None);
    }
}
