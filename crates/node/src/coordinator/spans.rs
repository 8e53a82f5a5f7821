//! The spans of a sampled request: its calls to replicas, the work of these, and that of this node's own copy. Each is exported once it
//! has ended, which may be after the request: a span needs no other one to be there.

use super::Coordinator;
use super::trace::{RequestSpan, Trace, span_name};
use crate::ground::spans::{SPAN_EVENTS_MAX, Span, SpanParent, SpanRole, SpanValue};
use crate::ground::steps::{StepTaken, Steps, decode_steps};
use crate::ground::world::World;
use crate::peers::CallAnswer;
use crate::peers::header::Kind;
use crate::replica::handle::ReplicaHandle;
use crate::replica::pending::{ReadPending, WritePending};
use henge_base::{HostId, Mono};
use henge_coordinator::{ReadKind, ReplicaError};
use std::sync::Arc;

/// Steps of this node's own copy that one span has.
const OWN_STEPS_MAX: usize = 32;
/// The attribute of a call that was given up before its answer, most often because other replicas sufficed.
const ABANDONED: &str = "henge.abandoned";

impl<W: World> Coordinator<W> {
    /// A number for a span; zero is none.
    pub(crate) fn new_span_id(&self) -> [u8; 8] {
        self.parts.context.world.random("span").max(1).to_be_bytes()
    }

    /// The trace and the span of the request at hand, if it is sampled.
    fn sampled_trace(&self) -> Option<(&Arc<Trace>, &RequestSpan)> {
        let trace = self.trace.as_ref()?;
        Some((trace, trace.span.as_ref()?))
    }

    /// Begins a call to a peer, if the request at hand is traced.
    pub(super) fn begin_call(&self, to: HostId, kind: Kind, name: Option<&'static str>) -> Option<Box<TracedCall<W>>> {
        self.trace.as_ref()?;
        let span = self.sampled_trace().map(|_| (self.new_span_id(), name.unwrap_or_else(|| span_name(kind))));
        // Boxed, for most calls have none.
        Some(Box::new(TracedCall { coordinator: self.clone(), to, kind, sent: self.parts.context.world.mono(), span }))
    }

    /// Begins work of this node's own copy, if the request at hand is sampled.
    pub(super) fn begin_own_work(&self, name: &'static str) -> Option<OwnWork<W>> {
        let (trace, _) = self.sampled_trace()?;
        let steps = Arc::new(Steps::new(trace.began, OWN_STEPS_MAX));
        let replica = self.replica.with_steps(Some(Arc::clone(&steps)));
        let began = self.parts.context.world.mono();
        Some(OwnWork { coordinator: self.clone(), replica, steps, name: Some(name), began })
    }

    /// Has this node's own copy write. A sampled write is followed to its end from the tail, whether it is waited for or not.
    pub(super) fn apply_own(
        &self,
        name: &'static str,
        apply: impl FnOnce(&ReplicaHandle<W>) -> WritePending,
    ) -> WritePending {
        let Some(work) = self.begin_own_work(name) else { return apply(&self.replica) };
        let pending = apply(work.replica());
        // Without a place in the tail its span ends here.
        let Ok(place) = self.tail.reserve() else { return pending };
        WritePending::Waiting(self.tail.push(place, async move {
            let outcome = pending.await;
            work.end(&outcome);
            outcome
        }))
    }

    /// Has this node's own copy read.
    pub(super) fn read_own(&self, kind: ReadKind, read: impl FnOnce(&ReplicaHandle<W>) -> ReadPending) -> ReadPending {
        let name = if kind == ReadKind::Digest { Kind::ReadDigest } else { Kind::ReadRows };
        let Some(work) = self.begin_own_work(span_name(name)) else { return read(&self.replica) };
        match read(work.replica()) {
            ReadPending::Ready(outcome) => {
                if let Some(outcome) = &outcome {
                    work.end(outcome);
                }
                ReadPending::Ready(outcome)
            }
            ReadPending::Waiting(read) => ReadPending::Waiting(Box::pin(async move {
                let outcome = read.await;
                work.end(&outcome);
                outcome
            })),
        }
    }

    /// Has a part of the request at hand exported.
    fn export_part(&self, part: Part) {
        let Some((trace, request)) = self.sampled_trace() else { return };
        let Part { id, parent, name, role, host, began, ended, steps, failure } = part;
        let events = steps.iter().map(|(at, step)| (trace.wall_us(*at), step.step.text(step.count)));
        let of_request = request.as_parent();
        let mut span = Span {
            parent: SpanParent { span: parent.or(of_request.span), ..of_request },
            id,
            is_first: false,
            name: name.to_owned(),
            role,
            host,
            time: (trace.wall_us(began), trace.wall_us(ended)),
            attributes: Vec::new(),
            events: events.take(SPAN_EVENTS_MAX).collect(),
            events_lost: 0,
            failure: None,
        };
        match failure {
            Ending::Done => {}
            Ending::Failed(error) => span.failure = Some(error.to_string()),
            Ending::Abandoned => span.attributes.push((ABANDONED, SpanValue::Flag(true))),
        }
        if role == SpanRole::Client {
            span.attributes.push(("network.peer.address", self.name_of(host).trim_start_matches('/').into()));
            span.host = self.parts.context.host();
        }
        self.parts.context.export(span);
    }
}

/// The end of a part of a request.
#[derive(Clone, Copy)]
enum Ending {
    Done,
    Failed(ReplicaError),
    Abandoned,
}

impl Ending {
    fn of<T>(outcome: &Result<T, ReplicaError>) -> Ending {
        outcome.as_ref().map_or_else(|error| Ending::Failed(*error), |_| Ending::Done)
    }
}

/// A part of a request that has ended. `parent` is the request's span unless it is given.
struct Part {
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    name: &'static str,
    role: SpanRole,
    /// The node that did it; of a call the one that was called.
    host: HostId,
    began: Mono,
    ended: Mono,
    steps: Vec<(Mono, StepTaken)>,
    failure: Ending,
}

/// A call to a peer for a traced request. One that is dropped was given up.
pub(super) struct TracedCall<W: World> {
    coordinator: Coordinator<W>,
    to: HostId,
    kind: Kind,
    sent: Mono,
    /// The number and name of its span, if the request is sampled and the call has not ended.
    span: Option<([u8; 8], &'static str)>,
}

impl<W: World> TracedCall<W> {
    /// Notes the answer.
    pub(super) fn end<R>(mut self, answered: &CallAnswer<R>) {
        self.coordinator.note_answer(self.kind, self.to, self.sent, answered);
        let Some((id, name)) = self.span.take() else { return };
        self.export(id, name, Ending::of(&answered.outcome));
        let steps = decode_steps(&answered.steps);
        let Some(taken) = steps.last().map(|step| u64::from(step.us)) else { return };
        // Its clock is another one: the message and the answer are taken to have been on their way for equally long.
        let ended = self.coordinator.parts.context.world.mono();
        let on_the_way = ended.0.saturating_sub(self.sent.0).saturating_sub(taken) / 2;
        let at = |us: u64| Mono(self.sent.0 + on_the_way + us);
        self.coordinator.export_part(Part {
            id: self.coordinator.new_span_id(),
            parent: Some(id),
            name,
            role: SpanRole::Server,
            host: self.to,
            began: at(0),
            ended: at(taken),
            steps: steps.into_iter().map(|step| (at(step.us.into()), step)).collect(),
            failure: match answered.outcome {
                Err(error @ ReplicaError::Refused(_)) => Ending::Failed(error),
                _ => Ending::Done,
            },
        });
    }

    fn export(&self, id: [u8; 8], name: &'static str, failure: Ending) {
        self.coordinator.export_part(Part {
            id,
            parent: None,
            name,
            role: SpanRole::Client,
            host: self.to,
            began: self.sent,
            ended: self.coordinator.parts.context.world.mono(),
            steps: Vec::new(),
            failure,
        });
    }
}

impl<W: World> Drop for TracedCall<W> {
    fn drop(&mut self) {
        if let Some((id, name)) = self.span.take() {
            self.export(id, name, Ending::Abandoned);
        }
    }
}

/// Work of this node's own copy for a sampled request. Work that is dropped was not waited for.
pub(super) struct OwnWork<W: World> {
    coordinator: Coordinator<W>,
    /// This node's own copy, which notes the steps of this work.
    replica: ReplicaHandle<W>,
    /// With times from the beginning of the trace.
    steps: Arc<Steps>,
    /// `None` once it has ended.
    name: Option<&'static str>,
    began: Mono,
}

impl<W: World> OwnWork<W> {
    /// This node's own copy.
    pub(super) fn replica(&self) -> &ReplicaHandle<W> {
        &self.replica
    }

    /// Notes how it ended.
    pub(super) fn end<T>(mut self, outcome: &Result<T, ReplicaError>) {
        self.export(Ending::of(outcome));
    }

    /// Nothing was done.
    pub(super) fn discard(mut self) {
        self.name = None;
    }

    fn export(&mut self, failure: Ending) {
        let (Some(name), Some((trace, _))) = (self.name.take(), self.coordinator.sampled_trace()) else { return };
        let (context, taken) = (&self.coordinator.parts.context, self.steps.take());
        trace.note_own_steps(context.host(), &taken);
        let began = trace.began.0;
        let steps = taken.into_iter().map(|step| (Mono(began + u64::from(step.us)), step)).collect();
        let id = self.coordinator.new_span_id();
        let (host, ended, role) = (context.host(), context.world.mono(), SpanRole::Internal);
        self.coordinator.export_part(Part {
            id,
            parent: None,
            name,
            role,
            host,
            began: self.began,
            ended,
            steps,
            failure,
        });
    }
}

impl<W: World> Drop for OwnWork<W> {
    fn drop(&mut self) {
        self.export(Ending::Abandoned);
    }
}
