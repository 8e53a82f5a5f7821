//! Spans as the JSON form of OTLP has them: numbers of traces in hexadecimal digits, those of 64 bits as texts.

use henge_node::{HostId, Span, SpanRole, SpanValue, hex};
use serde::Serialize;
use std::collections::BTreeMap;

/// The flags of a span: sampled; its parent's process is known; that is another one.
const SAMPLED: u32 = 0x1;
const KNOWS_PROCESS: u32 = 0x100;
const OTHER_PROCESS: u32 = 0x200;
/// The code of a span that failed.
const STATUS_ERROR: u8 = 2;

/// A member of the cluster, as its spans name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) cluster: String,
    pub(super) address: String,
    pub(super) datacenter: String,
    pub(super) rack: String,
}

/// The body of a message with these spans. Those of one node stand together.
pub(super) fn body(spans: &[Span], service_of: impl Fn(HostId) -> Option<Service>) -> serde_json::Result<Vec<u8>> {
    let mut by_host: BTreeMap<HostId, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        by_host.entry(span.host).or_default().push(span);
    }
    let resource_spans = by_host.into_iter().map(|(host, spans)| ResourceSpans {
        resource: Resource { attributes: attributes_of(host, service_of(host)) },
        scope_spans: [ScopeSpans {
            scope: Scope { name: "henge", version: env!("CARGO_PKG_VERSION") },
            spans: spans.into_iter().map(encode).collect(),
        }],
    });
    serde_json::to_vec(&Message { resource_spans: resource_spans.collect() })
}

fn attributes_of(host: HostId, service: Option<Service>) -> Vec<Attribute> {
    let text = |key, value: String| Attribute { key, value: Value::Text(value) };
    let mut attributes = vec![text("service.name", "henge".to_owned()), text("service.instance.id", host.to_string())];
    if let Some(Service { cluster, address, datacenter, rack }) = service {
        attributes.push(text("service.namespace", cluster));
        attributes.push(text("server.address", address));
        attributes.push(text("henge.datacenter", datacenter));
        attributes.push(text("henge.rack", rack));
    }
    attributes
}

fn encode(span: &Span) -> EncodedSpan<'_> {
    let nanos = |us: i64| (i128::from(us) * 1_000).to_string();
    let value = |value: &SpanValue| match value {
        SpanValue::Text(text) => Value::Text(text.clone()),
        SpanValue::Number(number) => Value::Number(number.to_string()),
        SpanValue::Flag(flag) => Value::Flag(*flag),
    };
    EncodedSpan {
        trace_id: hex(&span.parent.trace),
        span_id: hex(&span.id),
        parent_span_id: span.parent.span.map(|id| hex(&id)),
        trace_state: span.parent.state.as_deref(),
        flags: SAMPLED | KNOWS_PROCESS | if span.is_first { OTHER_PROCESS } else { 0 },
        name: &span.name,
        kind: match span.role {
            SpanRole::Internal => 1,
            SpanRole::Server => 2,
            SpanRole::Client => 3,
        },
        start_time_unix_nano: nanos(span.time.0),
        end_time_unix_nano: nanos(span.time.1),
        attributes: span.attributes.iter().map(|(key, of)| Attribute { key, value: value(of) }).collect(),
        events: span.events.iter().map(|(at, name)| Event { time_unix_nano: nanos(*at), name }).collect(),
        dropped_events_count: span.events_lost,
        status: span.failure.as_deref().map(|message| Status { code: STATUS_ERROR, message }),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<EncodedSpan<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncodedSpan<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    flags: u32,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    events: Vec<Event<'a>>,
    dropped_events_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
}

#[derive(Serialize)]
struct Attribute {
    key: &'static str,
    value: Value,
}

#[derive(Serialize)]
enum Value {
    #[serde(rename = "stringValue")]
    Text(String),
    #[serde(rename = "intValue")]
    Number(String),
    #[serde(rename = "boolValue")]
    Flag(bool),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    time_unix_nano: String,
    name: &'a str,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u8,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_node::SpanParent;

    fn host_id(number: u128) -> HostId {
        let digits = format!("{number:032x}");
        HostId(digits.parse().unwrap())
    }

    fn span(host: u128, name: &str) -> Span {
        Span {
            parent: SpanParent { trace: [0xab; 16], span: Some([1; 8]), state: Some("a=b".into()) },
            id: [0x0c; 8],
            is_first: true,
            name: name.to_owned(),
            role: SpanRole::Server,
            host: host_id(host),
            time: (1_000_000, 1_000_005),
            attributes: vec![
                ("db.system.name", "henge".into()),
                ("n", SpanValue::Number(-3)),
                ("f", SpanValue::Flag(true)),
            ],
            events: vec![(1_000_001, "Read".to_owned())],
            events_lost: 2,
            failure: Some("timeout".to_owned()),
        }
    }

    #[test]
    fn a_message_is_as_the_specification_has_it() {
        let service = Service {
            cluster: "c".to_owned(),
            address: "127.0.0.1:7000".to_owned(),
            datacenter: "dc1".to_owned(),
            rack: "r1".to_owned(),
        };
        let spans = [span(7, "SELECT ks.t"), span(8, "other"), span(7, "third")];
        let body = body(&spans, |host| (host == host_id(7)).then(|| service.clone())).unwrap();
        let message: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let [first, second] = message["resourceSpans"].as_array().unwrap().as_slice() else { panic!("{message}") };
        let attribute = |key: &str, value: &str| serde_json::json!({"key": key, "value": {"stringValue": value}});
        assert_eq!(
            first["resource"]["attributes"],
            serde_json::json!([
                attribute("service.name", "henge"),
                attribute("service.instance.id", "00000000-0000-0000-0000-000000000007"),
                attribute("service.namespace", "c"),
                attribute("server.address", "127.0.0.1:7000"),
                attribute("henge.datacenter", "dc1"),
                attribute("henge.rack", "r1"),
            ])
        );
        assert_eq!(first["scopeSpans"][0]["spans"].as_array().unwrap().len(), 2);
        assert_eq!(second["scopeSpans"][0]["spans"][0]["name"], "other");
        let expected = serde_json::json!({
            "traceId": "abababababababababababababababab",
            "spanId": "0c0c0c0c0c0c0c0c",
            "parentSpanId": "0101010101010101",
            "traceState": "a=b",
            "flags": 0x301,
            "name": "SELECT ks.t",
            "kind": 2,
            "startTimeUnixNano": "1000000000",
            "endTimeUnixNano": "1000005000",
            "attributes": [
                attribute("db.system.name", "henge"),
                {"key": "n", "value": {"intValue": "-3"}},
                {"key": "f", "value": {"boolValue": true}},
            ],
            "events": [{"timeUnixNano": "1000001000", "name": "Read"}],
            "droppedEventsCount": 2,
            "status": {"code": 2, "message": "timeout"},
        });
        assert_eq!(first["scopeSpans"][0]["spans"][0], expected);
    }
}
