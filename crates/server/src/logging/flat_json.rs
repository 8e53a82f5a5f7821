//! A line of the log as one JSON object without objects in it.

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// The field that tracing keeps an event's text in.
const MESSAGE: &str = "message";
/// The field that holds the target of a line that came by the crate `log`, and the prefix of such fields.
const LOG_TARGET: &str = "log.target";
const LOG_PREFIX: &str = "log.";

/// Writes events as flat JSON: their own fields, and those of the spans around them, beside time, level, node, target and message.
pub(super) struct FlatJson {
    /// Gives the host id of this node, once it has one.
    pub(super) node: fn() -> Option<&'static str>,
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    target: &'a str,
    message: &'a str,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for FlatJson {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields(Map::new());
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            let formatted = extensions.get::<FormattedFields<JsonFields>>().map(|fields| serde_json::from_str(fields));
            if let Some(Ok(Value::Object(of_span))) = formatted {
                fields.0.extend(of_span);
            }
        }
        event.record(&mut fields);
        let mut fields = fields.0;
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let (message, target) = (text(fields.remove(MESSAGE)), text(fields.remove(LOG_TARGET)));
        // Names that every line has are not a field's.
        fields.retain(|name, _| !(name.starts_with(LOG_PREFIX) || RESERVED.contains(&name.as_str())));
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let metadata = event.metadata();
        let line = Line {
            timestamp,
            level: metadata.level().as_str(),
            node: (self.node)(),
            target: target.as_deref().unwrap_or(metadata.target()),
            message: message.as_deref().unwrap_or_default(),
            fields,
        };
        writeln!(writer, "{}", serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}

/// Names that no field may have.
const RESERVED: [&str; 5] = ["timestamp", "level", "node", "target", MESSAGE];

/// Fields as values of JSON.
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::io;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log_lines(node: fn() -> Option<&'static str>, log: impl FnOnce()) -> Vec<Value> {
        let sink = Sink::default();
        let writer = sink.clone();
        let builder = tracing_subscriber::fmt().with_writer(move || writer.clone()).fmt_fields(JsonFields::new());
        tracing::subscriber::with_default(builder.event_format(FlatJson { node }).finish(), log);
        let text = String::from_utf8(sink.0.lock().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_is_a_flat_object_with_the_fields_of_its_spans() {
        let lines = log_lines(
            || Some("b7e6"),
            || {
                let span = tracing::info_span!("work", worker = "repair", rows = 1);
                let _entered = span.enter();
                tracing::warn!(peer = %"10.0.0.2", rows = 7, up = false, none = None::<u8>, "a line\nof {}", "two");
            },
        );
        let [Value::Object(line)] = &lines[..] else { unreachable!("{lines:?}") };
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        assert_eq!(
            (text("level"), text("node"), text("message")),
            (Some("WARN"), Some("b7e6"), Some("a line\nof two"))
        );
        assert_eq!((text("peer"), text("worker")), (Some("10.0.0.2"), Some("repair")));
        assert_eq!((&line["rows"], &line["up"], line.get("none")), (&Value::from(7), &Value::from(false), None));
        assert!(text("target").unwrap().ends_with("flat_json::tests") && text("timestamp").unwrap().ends_with('Z'));
        assert!(line.values().all(|value| !value.is_object() && !value.is_array()), "{line:?}");
    }

    #[test]
    fn a_node_without_a_host_id_has_none_in_its_lines() {
        let lines = log_lines(|| None, || tracing::info!(level = "debug", "a line"));
        assert_eq!((&lines[0]["level"], lines[0].get("node")), (&Value::from("INFO"), None));
    }
}
