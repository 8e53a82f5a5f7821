//! The trace of a request: for its client, if that asks for one, and as a span, if it is sampled.

use super::Connection;
use crate::request::{Answer, FinishedRequest, StatementLookup, describe_request};
use crate::world::ServerWorld;
use henge_node::{Core, RequestDescription, RequestSpanDescription, RowSink, SampledRequest, SpanValue, Trace, redact};
use henge_protocol::{Frame, Request};
use std::net::IpAddr;
use std::sync::Arc;

/// The traces that a request is to have.
#[derive(Debug)]
pub(super) struct TraceRequest {
    /// True if the client asks for a session in `system_traces`.
    pub(super) wants_session: bool,
    /// Its place in the trace of its client, if it is sampled.
    pub(super) sampled: Option<SampledRequest>,
    /// The client.
    pub(super) client: IpAddr,
}

impl Connection {
    /// The traces that a request is to have.
    pub(super) fn trace_request(&mut self, frame: &Frame) -> TraceRequest {
        let (wants_session, client, received) = (frame.header.wants_tracing(), self.peer, self.received);
        let parent = self.sampler.as_mut().and_then(|sampler| sampler.sample(frame));
        TraceRequest { wants_session, client, sampled: parent.map(|parent| SampledRequest { parent, received }) }
    }
}

impl TraceRequest {
    /// True unless nothing is to be traced.
    pub(super) fn is_traced(&self) -> bool {
        self.wants_session || self.sampled.is_some()
    }

    /// Begins the trace, and gives the handle that notes what is done for it.
    pub(super) fn begin(
        self,
        core: &Core<ServerWorld>,
        frame: &Frame,
        lookup: &StatementLookup,
    ) -> (Arc<Core<ServerWorld>>, Option<RequestTrace>) {
        let session = self.wants_session.then(|| describe_request(frame, lookup.prepared_statement()));
        let span = self.sampled.is_some().then(|| describe_span(frame, lookup));
        let (core, trace) = core.with_new_trace(Some(self.client), self.sampled);
        let core = Arc::new(core);
        (Arc::clone(&core), Some(RequestTrace { core, trace, session, span }))
    }
}

/// The trace of a request under way. One that is dropped was given up with its connection.
pub(super) struct RequestTrace {
    core: Arc<Core<ServerWorld>>,
    trace: Arc<Trace>,
    session: Option<RequestDescription>,
    span: Option<RequestSpanDescription>,
}

impl RequestTrace {
    /// Keeps the trace of a request that has ended, and has its span exported. Returns it if the client is to be told its session.
    pub(super) fn end(mut self, finished: &FinishedRequest) -> Option<Arc<Trace>> {
        if let Some(mut span) = self.span.take() {
            match &finished.answer {
                // Its message may have values in it.
                Answer::Error(error) => span.failure = Some(format!("{:?}", error.kind.code())),
                Answer::Rows { rows, .. } => {
                    let count = i64::try_from(rows.rows()).unwrap_or(i64::MAX);
                    span.attributes.push(("db.response.returned_rows", SpanValue::Number(count)));
                }
                _ => {}
            }
            if let Some(code) = span.failure.clone() {
                span.attributes.push(("error.type", code.into()));
            }
            self.core.end_span(&self.trace, span);
        }
        let session = self.session.take()?;
        self.core.keep_trace(Arc::clone(&self.trace), session);
        Some(Arc::clone(&self.trace))
    }
}

impl Drop for RequestTrace {
    fn drop(&mut self) {
        if let Some(mut span) = self.span.take() {
            span.attributes.push(("henge.abandoned", SpanValue::Flag(true)));
            self.core.end_span(&self.trace, span);
        }
    }
}

/// A sampled request in the words of OpenTelemetry, without any value of its statement.
fn describe_span(frame: &Frame, lookup: &StatementLookup) -> RequestSpanDescription {
    let (text, parameters) = match Request::decode(frame) {
        Ok(Request::Query(query)) => {
            (redact(query.text), Some((query.parameters.consistency, query.parameters.page_size)))
        }
        Ok(Request::Execute(execute)) => {
            let text = lookup.prepared_statement().and_then(|known| redact(&known.ready.text));
            (text, Some((execute.parameters.consistency, execute.parameters.page_size)))
        }
        Ok(Request::Prepare(prepare)) => (redact(prepare.text), None),
        Ok(Request::Batch(batch)) => return describe_batch(batch.statements.len(), &batch.consistency.to_string()),
        _ => (None, None),
    };
    let opcode = format!("{:?}", frame.header.opcode).to_uppercase();
    let verb = text.as_deref().and_then(|text| text.split([' ', ';']).next()).map_or(opcode.clone(), str::to_uppercase);
    let mut attributes = vec![
        ("db.system.name", "henge".into()),
        ("db.operation.name", verb.as_str().into()),
        ("henge.request", opcode.as_str().into()),
    ];
    let mut name = if opcode == "PREPARE" { format!("PREPARE {verb}") } else { verb };
    if let Some((keyspace, table)) = lookup.statement().and_then(|statement| statement.target()) {
        name = format!("{name} {keyspace}.{table}");
        attributes.push(("db.namespace", keyspace.into()));
        attributes.push(("db.collection.name", table.into()));
    }
    attributes.extend(text.map(|text| ("db.query.text", text.into())));
    if let Some((consistency, page_size)) = parameters {
        attributes.push(("cassandra.consistency.level", consistency.to_string().to_lowercase().into()));
        attributes.extend(page_size.map(|size| ("cassandra.page.size", SpanValue::Number(size.into()))));
    }
    RequestSpanDescription { name, attributes, failure: None }
}

fn describe_batch(statements: usize, consistency: &str) -> RequestSpanDescription {
    let size = i64::try_from(statements).unwrap_or(i64::MAX);
    let attributes = vec![
        ("db.system.name", "henge".into()),
        ("db.operation.name", "BATCH".into()),
        ("henge.request", "BATCH".into()),
        ("db.operation.batch.size", SpanValue::Number(size)),
        ("cassandra.consistency.level", consistency.to_lowercase().into()),
    ];
    RequestSpanDescription { name: "BATCH".to_owned(), attributes, failure: None }
}
