//! Spans of sampled requests, in the terms of OpenTelemetry, on their way to a collector: the server takes them from the queue here.

use henge_base::{HostId, Micros};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// Bytes of spans that wait to be exported, about.
const QUEUE_BYTES_MAX: usize = 16 << 20;
/// Events of one span; as many as OpenTelemetry keeps by default.
pub(crate) const SPAN_EVENTS_MAX: usize = 128;
/// Bytes of a span, of an attribute and of an event beside their texts: estimates, on the large side.
const SPAN_BYTES: usize = 300;
const PART_BYTES: usize = 60;

/// The place of a sampled request in the trace of its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanParent {
    /// The number of the trace.
    pub trace: [u8; 16],
    /// The client's span; `None` if the trace begins here.
    pub span: Option<[u8; 8]>,
    /// The words of other systems that go along (`tracestate` of W3C Trace Context).
    pub state: Option<Arc<str>>,
}

/// The part that a node has in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanRole {
    /// It serves a request.
    Server,
    /// It asks another node.
    Client,
    /// It works by itself.
    Internal,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanValue {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

impl From<&str> for SpanValue {
    fn from(text: &str) -> SpanValue {
        SpanValue::Text(text.to_owned())
    }
}

impl From<String> for SpanValue {
    fn from(text: String) -> SpanValue {
        SpanValue::Text(text)
    }
}

/// Something that took time for a sampled request. No value of a statement is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its trace, and the span that it belongs to.
    pub parent: SpanParent,
    /// Its number.
    pub id: [u8; 8],
    /// True if the parent is a span of a client.
    pub is_first: bool,
    /// Its name.
    pub name: String,
    /// The node's part in it.
    pub role: SpanRole,
    /// The node.
    pub host: HostId,
    /// Its begin and its end, in microseconds since 1970 by the coordinator's clock.
    pub time: (Micros, Micros),
    /// Facts about it.
    pub attributes: Vec<(&'static str, SpanValue)>,
    /// Events in it, with their times.
    pub events: Vec<(Micros, String)>,
    /// Events that are left out, for there were too many.
    pub events_lost: usize,
    /// The kind of failure that it ended with.
    pub failure: Option<String>,
}

impl Span {
    /// Its memory, in bytes, about.
    fn bytes(&self) -> usize {
        let attribute = |(_, value): &(&str, SpanValue)| match value {
            SpanValue::Text(text) => PART_BYTES + text.len(),
            SpanValue::Number(_) | SpanValue::Flag(_) => PART_BYTES,
        };
        let attributes: usize = self.attributes.iter().map(attribute).sum();
        let events: usize = self.events.iter().map(|(_, text)| PART_BYTES + text.len()).sum();
        SPAN_BYTES + self.name.len() + attributes + events
    }
}

/// Spans that are worth a message of their own.
const SPAN_BATCH: usize = 512;

/// Spans that wait to be exported.
#[derive(Debug, Default)]
pub struct SpanQueue {
    waiting: Mutex<Waiting>,
    enough: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    spans: VecDeque<Span>,
    bytes: usize,
}

impl SpanQueue {
    /// Adds a span; false if there is no room.
    pub(crate) fn push(&self, span: Span) -> bool {
        let mut waiting = self.waiting.lock();
        let bytes = waiting.bytes + span.bytes();
        if bytes > QUEUE_BYTES_MAX {
            return false;
        }
        waiting.bytes = bytes;
        waiting.spans.push_back(span);
        if waiting.spans.len() == SPAN_BATCH {
            self.enough.notify_one();
        }
        true
    }

    /// Takes the oldest spans, a batch at most.
    pub fn take_batch(&self) -> Vec<Span> {
        let mut waiting = self.waiting.lock();
        let count = waiting.spans.len().min(SPAN_BATCH);
        let batch: Vec<Span> = waiting.spans.drain(..count).collect();
        waiting.bytes -= batch.iter().map(Span::bytes).sum::<usize>();
        batch
    }

    /// Waits until there are enough for a batch.
    pub async fn wait_for_batch(&self) {
        self.enough.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn span(name: &str) -> Span {
        Span {
            parent: SpanParent { trace: [1; 16], span: None, state: None },
            id: [2; 8],
            is_first: false,
            name: name.to_owned(),
            role: SpanRole::Internal,
            host: HostId(Uuid::nil()),
            time: (1, 2),
            attributes: Vec::new(),
            events: Vec::new(),
            events_lost: 0,
            failure: None,
        }
    }

    #[test]
    fn spans_are_taken_in_batches_and_leave_room() {
        let queue = SpanQueue::default();
        (0..SPAN_BATCH + 3).for_each(|number| assert!(queue.push(span(&number.to_string()))));
        assert_eq!(queue.take_batch().len(), SPAN_BATCH);
        let rest: Vec<String> = queue.take_batch().into_iter().map(|span| span.name).collect();
        assert_eq!(rest, ["512", "513", "514"]);
        assert_eq!(queue.waiting.lock().bytes, 0);
    }

    #[test]
    fn a_full_queue_takes_no_more() {
        let queue = SpanQueue::default();
        let large = span(&"x".repeat(QUEUE_BYTES_MAX / 2));
        assert!(queue.push(large.clone()));
        assert!(!queue.push(large));
        assert!(queue.push(span("small")));
        assert_eq!(queue.take_batch().len(), 2);
    }
}
