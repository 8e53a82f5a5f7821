//! The span of a sampled request: what its client waited for.

use crate::client::core::Core;
use crate::coordinator::trace::Trace;
use crate::ground::spans::{SPAN_EVENTS_MAX, Span, SpanRole, SpanValue};
use crate::ground::world::World;

/// A sampled request that has ended, as its server describes it. No value of a statement is in it.
#[derive(Clone, Debug, Default)]
pub struct RequestSpanDescription {
    /// The name of the span.
    pub name: String,
    /// Facts about the request.
    pub attributes: Vec<(&'static str, SpanValue)>,
    /// The kind of error that it was answered.
    pub failure: Option<String>,
}

impl<W: World> Core<W> {
    /// Has the span of a request exported, if it is sampled. The spans of what is still done for it follow.
    pub fn end_span(&self, trace: &Trace, described: RequestSpanDescription) {
        let Some(request) = &trace.span else { return };
        let context = self.context();
        let RequestSpanDescription { name, mut attributes, failure } = described;
        if let Some(own) = self.cluster().view().state.members.get(&context.host()) {
            attributes.push(("cassandra.coordinator.dc", own.datacenter.as_str().into()));
        }
        attributes.push(("cassandra.coordinator.id", context.host().to_string().into()));
        attributes.extend(trace.client.map(|client| ("client.address", client.to_string().into())));
        let mut events = trace.own_events();
        let events_lost = events.len().saturating_sub(SPAN_EVENTS_MAX);
        events.truncate(SPAN_EVENTS_MAX);
        let at = |us: u64| trace.began_us.saturating_add_unsigned(us);
        let parent = request.sampled.parent.clone();
        context.export(Span {
            is_first: parent.span.is_some(),
            parent,
            id: request.id,
            name,
            role: SpanRole::Server,
            host: context.host(),
            time: (trace.wall_us(request.sampled.received), trace.wall_us(context.world.mono())),
            attributes,
            events: events.into_iter().map(|event| (at(event.at), event.activity)).collect(),
            events_lost,
            failure,
        });
    }
}
