//! A coordinator's notes on the request at hand, if that is traced.

use super::Coordinator;
use super::trace::Trace;
use crate::ground::steps::Steps;
use crate::ground::world::World;
use crate::peers::CallAnswer;
use crate::peers::header::Kind;
use henge_base::{HostId, Mono};
use henge_coordinator::ReplicaError;
use std::sync::Arc;

impl<W: World> Coordinator<W> {
    /// The same coordinator with another trace, or with none.
    pub(crate) fn with_trace(&self, trace: Option<Arc<Trace>>) -> Self {
        let steps = trace.as_ref().map(|trace| Arc::clone(trace.own_steps()));
        Coordinator { trace, replica: self.replica.with_steps(steps), ..self.clone() }
    }

    /// The same coordinator, for a peer's request whose steps at this node's copy are noted.
    pub(crate) fn with_steps(&self, steps: &Arc<Steps>) -> Self {
        Coordinator { replica: self.replica.with_steps(Some(Arc::clone(steps))), ..self.clone() }
    }

    /// True if the request at hand is traced.
    pub(super) fn is_traced(&self) -> bool {
        self.trace.is_some()
    }

    /// Notes something, if the request is traced.
    pub(crate) fn note(&self, event: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            trace.note(self.parts.context.world.mono(), event());
        }
    }

    /// Notes the answer of a peer to a message that was sent at `sent`.
    pub(super) fn note_answer<R>(&self, kind: Kind, from: HostId, sent: Mono, answered: &CallAnswer<R>) {
        let Some(trace) = &self.trace else { return };
        let now = self.parts.context.world.mono();
        trace.note_steps((sent, now), from, kind, &answered.steps);
        let name = self.name_of(from);
        let activity = match answered.outcome {
            Ok(_) => format!("REQUEST_RSP message received from {name}"),
            Err(ReplicaError::Refused(refusal)) => format!("FAILURE_RSP message received from {name}: {refusal}"),
            Err(ReplicaError::NotSent) => format!("No link to {name}: nothing was sent"),
            Err(ReplicaError::Unknown) => format!("No answer from {name}"),
        };
        trace.note(now, activity);
    }

    /// The name of a member in a trace.
    pub(crate) fn name_of(&self, host: HostId) -> String {
        let view = self.parts.cluster.view();
        view.state.members.get(&host).map_or_else(|| host.to_string(), |member| format!("/{}", member.address))
    }
}
