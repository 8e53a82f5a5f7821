//! Notes on a traced request: those of its coordinator, the steps of this node's own copy, and those that other replicas tell.

use crate::ground::spans::SpanParent;
use crate::ground::steps::{Step, StepTaken, Steps, decode_steps};
use crate::peers::header::Kind;
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_coordinator::Event;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;

/// Events that one trace notes at most, and steps of this node's own copy.
const EVENTS_MAX: usize = 1_000;

/// A request that is being traced.
#[derive(Debug)]
pub struct Trace {
    /// Its number, a version 1 UUID.
    pub session: [u8; 16],
    pub(crate) client: Option<IpAddr>,
    pub(crate) began: Mono,
    pub(crate) began_us: Micros,
    events: Mutex<Vec<TraceEvent>>,
    own_steps: Arc<Steps>,
    /// The request's span, if it is sampled.
    pub(crate) span: Option<RequestSpan>,
}

/// A request that is sampled, as its server knows it.
#[derive(Clone, Debug)]
pub struct SampledRequest {
    /// Its place in the trace of its client.
    pub parent: SpanParent,
    /// The time at which it was received.
    pub received: Mono,
}

/// The span of a sampled request.
#[derive(Debug)]
pub(crate) struct RequestSpan {
    pub(crate) sampled: SampledRequest,
    pub(crate) id: [u8; 8],
}

impl RequestSpan {
    /// The place of what is done for the request.
    pub(crate) fn as_parent(&self) -> SpanParent {
        SpanParent { span: Some(self.id), ..self.sampled.parent.clone() }
    }
}

/// Something that was done for a traced request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceEvent {
    /// Microseconds from the beginning of the request to this note.
    pub(crate) at: u64,
    /// The replica that did it, with the microseconds since it received the message; `None`: the coordinator.
    pub(crate) replica: Option<(HostId, u64)>,
    pub(crate) activity: String,
    /// The step of a replica, or of the coordinator's own copy, with its count.
    pub(crate) step: Option<(Step, u32)>,
}

impl TraceEvent {
    fn of_own_step(StepTaken { step, us, count }: StepTaken) -> TraceEvent {
        TraceEvent { at: us.into(), replica: None, activity: step.text(count), step: Some((step, count)) }
    }
}

impl Trace {
    /// A trace that begins now.
    pub(crate) fn new(session: [u8; 16], client: Option<IpAddr>, began: Mono, began_us: Micros) -> Trace {
        let own_steps = Arc::new(Steps::new(began, EVENTS_MAX));
        Trace { session, client, began, began_us, events: Mutex::default(), own_steps, span: None }
    }

    /// The same trace of a sampled request.
    pub(crate) fn with_span(self, span: Option<RequestSpan>) -> Trace {
        Trace { span, ..self }
    }

    /// The wall clock's microseconds at a moment, as long after the begin of the trace.
    pub(crate) fn wall_us(&self, at: Mono) -> Micros {
        self.began_us + at.0 as Micros - self.began.0 as Micros
    }

    /// The steps of this node's own copy.
    pub(crate) fn own_steps(&self) -> &Arc<Steps> {
        &self.own_steps
    }

    /// Notes that something happened now.
    pub(crate) fn note(&self, now: Mono, activity: String) {
        self.add([TraceEvent { at: self.since_beginning(now), replica: None, activity, step: None }]);
    }

    /// Notes the steps that a replica tells, in its reply to a message of `kind`. Its clock is another one: they are placed as if the
    /// message and the reply had been on their way for equally long.
    pub(crate) fn note_steps(&self, (sent, received): (Mono, Mono), from: HostId, kind: Kind, steps: &Bytes) {
        let steps = decode_steps(steps);
        let Some(taken) = steps.last().map(|step| u64::from(step.us)) else { return };
        let on_the_way = received.0.saturating_sub(sent.0).saturating_sub(taken) / 2;
        let arrived = self.since_beginning(sent) + on_the_way;
        self.add(steps.into_iter().map(|StepTaken { step, us, count }| {
            let activity = match step {
                Step::Received => format!("{} message received", message_name(kind)),
                step => step.text(count),
            };
            let replica = Some((from, u64::from(us)));
            TraceEvent { at: arrived + u64::from(us), replica, activity, step: Some((step, count)) }
        }));
    }

    /// Notes steps of this node's own copy that were told apart from those of the request; their times are counted from its beginning.
    pub(crate) fn note_own_steps(&self, own: HostId, steps: &[StepTaken]) {
        self.add(steps.iter().map(|StepTaken { step, us, count }| {
            let us = u64::from(*us);
            TraceEvent { at: us, replica: Some((own, us)), activity: step.text(*count), step: Some((*step, *count)) }
        }));
    }

    /// The notes of the coordinator itself until now, with the steps of its node's own copy, in the order of time.
    pub(crate) fn own_events(&self) -> Vec<TraceEvent> {
        let of_coordinator = |event: &&TraceEvent| event.replica.is_none();
        let mut events: Vec<TraceEvent> = self.events.lock().iter().filter(of_coordinator).cloned().collect();
        events.extend(self.own_steps.so_far().into_iter().map(TraceEvent::of_own_step));
        events.sort_by_key(|event| event.at);
        events
    }

    fn since_beginning(&self, now: Mono) -> u64 {
        now.0.saturating_sub(self.began.0)
    }

    fn add(&self, added: impl IntoIterator<Item = TraceEvent>) {
        let mut events = self.events.lock();
        let room = EVENTS_MAX.saturating_sub(events.len());
        events.extend(added.into_iter().take(room));
    }

    /// Takes what was noted, in the order of time.
    pub(crate) fn take_events(&self) -> Vec<TraceEvent> {
        let mut events = std::mem::take(&mut *self.events.lock());
        events.extend(self.own_steps.take().into_iter().map(TraceEvent::of_own_step));
        events.sort_by_key(|event| event.at);
        events
    }
}

/// The name of a message in a trace; of those that Apache Cassandra has, as it has it.
pub(crate) fn message_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Write | Kind::ForwardWrite | Kind::ForwardedWrite => "MUTATION_REQ",
        Kind::ReadRows | Kind::ReadDigest => "READ_REQ",
        Kind::Paxos => "PAXOS_REQ",
        Kind::Batch => "BATCH_STORE_REQ",
        Kind::Count => "COUNTER_MUTATION_REQ",
        _ => "REQUEST",
    }
}

/// The name of a message's span.
pub(crate) fn span_name(kind: Kind) -> &'static str {
    match kind {
        Kind::ReadRows => "READ_REQ data",
        Kind::ReadDigest => "READ_REQ digest",
        Kind::ForwardWrite => "MUTATION_REQ to forward",
        _ => message_name(kind),
    }
}

/// The name of a request to an acceptor in a trace.
pub(crate) fn paxos_name(request: &henge_paxos::Request) -> &'static str {
    match request {
        henge_paxos::Request::Prepare { .. } => "PAXOS_PREPARE_REQ",
        henge_paxos::Request::Propose { .. } => "PAXOS_PROPOSE_REQ",
        henge_paxos::Request::Commit { .. } => "PAXOS_COMMIT_REQ",
    }
}

/// An event of a coordinator as a trace tells it; `None` of those that are noted with more words elsewhere.
pub(crate) fn event_text(event: Event) -> Option<&'static str> {
    match event {
        Event::DigestMismatch => Some("Digest mismatch: reading rows of all replicas that answered"),
        Event::ReadRepair => Some("Read repair: a replica lacks rows"),
        Event::Handover => Some("The range moves: a replica that is about to own it, or another one, is sent the rows"),
        Event::ShortRead => Some("Short read: a replica has more rows than it sent"),
        Event::Superseded => Some("Ballot was superseded; beginning again after a pause"),
        Event::Finished => Some("Finished a proposal that another round had left"),
        Event::Speculation => Some("Speculating read retry: a replica takes longer than usual"),
        Event::SpeculationLimit => Some("No speculative read retry: the budget is spent"),
        Event::SilentReplica => Some("Asking another replica in place of a silent one"),
        Event::Probe => Some("Probing a replica that was late"),
        Event::Forward => None,
        Event::LateForward => Some("Sending directly to replicas that have not confirmed a forwarded write"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn steps_of_a_replica_lie_between_request_and_reply() {
        let trace = Trace::new([0; 16], None, Mono(1_000), 0);
        let replica = HostId(Uuid::from_u128(7));
        let steps = Steps::new(Mono(50_000), 10);
        steps.note(Mono(50_000), Step::Received, 0);
        steps.note(Mono(50_030), Step::ReadMemory, 2);
        steps.note(Mono(50_060), Step::Answering, 0);
        trace.note(Mono(1_300), "late".to_owned());
        trace.note_steps((Mono(1_100), Mono(1_200)), replica, Kind::ReadRows, &steps.take_encoded().into());
        trace.own_steps().note(Mono(1_125), Step::ReadDisk, 1);
        let event = |at, us: Option<u64>, activity: &str, step| TraceEvent {
            at,
            replica: us.map(|us| (replica, us)),
            activity: activity.to_owned(),
            step,
        };
        let expected = [
            event(120, Some(0), "READ_REQ message received", Some((Step::Received, 0))),
            event(125, None, "Read 1 rows from disk", Some((Step::ReadDisk, 1))),
            event(150, Some(30), "Read 2 rows from memory", Some((Step::ReadMemory, 2))),
            event(180, Some(60), "Sending response", Some((Step::Answering, 0))),
            event(300, None, "late", None),
        ];
        assert_eq!(trace.take_events(), expected);
    }
}
