//! The export of spans to a collector of OpenTelemetry, by OTLP over HTTP in its JSON form. Requests never wait for it.
//!
//! - `export`: the task that takes spans from the node; `sender`: one message to the collector; `message`: spans as JSON.
//! - `endpoint`: where the collector is; `collector`: the same with its TLS.

mod collector;
mod endpoint;
mod export;
mod message;
mod sender;

pub(crate) use collector::Collector;
pub(crate) use endpoint::{BadEndpoint, OtlpEndpoint};
pub(crate) use export::{SpanExport, start};
