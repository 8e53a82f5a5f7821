//! All that a write and a read at QUORUM can come to while a member joins and another one leaves, gone through state by state. Replicas
//! and the answers that a level needs come from this crate's plans, and the barrier's majorities from `henge_ring`; the steps of a plan, the
//! fence of a replica and the sources of a new one are those of `henge_node`, told again here in a few lines.
//!
//! - Every node hears of the log's entries one by one, at any time. A request is planned by any epoch that the log has reached.
//! - A replica admits a write, and applies and acknowledges it at any later time, or never. It answers a read when it admits it: what it
//!   would see later could only be more. For the same reason nothing is sent twice, and nobody plans again.
//! - Writes do nothing to each other but that a step waits for both, so that one is enough.
//! - A new replica fetches from one source after another, from each at one moment.

mod course;

use course::{Course, NODES, StepPlan};
use henge_fuzz::{Exploration, Model, Violation, explore};

/// The steps of both plans, as the log has them: replicas that are read, and behind a plus those that only take writes.
const STEPS: [&str; 9] = ["abc", "abc+d", "abc+d", "abd+c", "abd", "abd+c", "abd+c", "bcd+a", "bcd"];
/// The entry that last changed the replicas, at each step.
const SINCE: [u8; 9] = [0, 1, 1, 3, 4, 5, 5, 7, 8];
/// The steps at which rows are streamed, with the new replica and the one whose place it takes.
const STREAMING: [(u8, usize, usize); 2] = [(2, 3, 2), (6, 2, 0)];

/// The number of writes.
const WRITES: usize = 1;

/// A set of nodes, or of writes: bit N is that of number N.
type Set = u8;

/// The rules that a run takes out, to show that it needs them.
#[derive(Clone, Copy, Debug, Default)]
struct Without {
    /// The next step does not wait for older requests.
    barrier: bool,
    /// Replicas serve what was planned by any epoch.
    fence: bool,
    /// A replica takes a write that was planned by a later epoch than it has come to.
    caught_up: bool,
    /// A write needs no answer more for a replica that is about to own the range.
    raised_quorum: bool,
    /// Writes are not sent to replicas that are about to own the range.
    pending: bool,
    /// Reads move before rows do.
    streaming: bool,
    /// A source answers while an older request is under way there.
    settled_sources: bool,
    /// One source is enough, whichever it is.
    sources: bool,
    /// The old replicas go when the new ones are read.
    reading: bool,
}

struct Move {
    course: Course,
    /// The last step that is gone to.
    last: u8,
    without: Without,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NodeState {
    /// The step that it has heard of.
    epoch: u8,
    /// The writes that it has.
    rows: Set,
}

/// A write, on its way at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Arrival {
    None,
    /// When the node had come to a step.
    Admitted(u8),
    Applied,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum WriteState {
    None,
    /// Planned by an epoch.
    Begun(u8, [Arrival; NODES]),
    Acknowledged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ReadState {
    /// The epoch that it was planned by.
    epoch: u8,
    /// The writes that had been acknowledged when it began.
    known: Set,
    /// The replicas that have answered.
    answered: Set,
    /// The writes in their answers.
    seen: Set,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The step that the log has reached.
    log: u8,
    nodes: [NodeState; NODES],
    /// The nodes that the new replica has fetched from at this step.
    sources: Set,
    writes: [WriteState; WRITES],
    read: Option<ReadState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The log has the next step.
    Advance,
    Hear {
        node: usize,
    },
    BeginWrite {
        write: usize,
        epoch: u8,
    },
    Admit {
        write: usize,
        node: usize,
    },
    Apply {
        write: usize,
        node: usize,
    },
    Fetch {
        from: usize,
    },
    BeginRead {
        epoch: u8,
    },
    Answer {
        node: usize,
    },
}

impl Move {
    /// True if the log may have the next step.
    fn may_advance(&self, state: &State) -> bool {
        match state.log {
            0 | 4 => true,
            1 | 3 | 5 | 7 => self.without.barrier || self.is_barrier_passed(state),
            _ => self.without.streaming || self.is_fetched(state),
        }
    }

    /// True if more than half of the writers have come to the log's step, and have ended what began before it.
    fn is_barrier_passed(&self, state: &State) -> bool {
        let has_passed = |node: usize| state.nodes[node].epoch >= state.log && !has_older(state, node, state.log);
        let placement = &self.course.at(state.log).placement;
        placement.has_majorities(0, |id| self.course.number_of(id).is_some_and(has_passed), None, |_| ())
    }

    /// True if the new replica has fetched from the one that goes, or from enough of the others to meet every quorum.
    fn is_fetched(&self, state: &State) -> bool {
        let displaced = STREAMING.iter().find(|(step, ..)| *step == state.log).map(|(_, _, displaced)| *displaced);
        let enough = if self.without.sources { 1 } else { 2 };
        displaced.is_some_and(|node| state.sources & 1 << node != 0) || state.sources.count_ones() >= enough
    }

    fn advance(&self, state: &State) -> Option<State> {
        if state.log == self.last || !self.may_advance(state) {
            return None;
        }
        let is_skipped = self.without.reading && matches!(state.log, 2 | 6);
        Some(State { log: state.log + if is_skipped { 2 } else { 1 }, sources: 0, ..*state })
    }

    /// A node hears of the next step. What it loses it deletes.
    fn hear(&self, state: &State, node: usize) -> Option<State> {
        let epoch = state.nodes[node].epoch + 1;
        if epoch > state.log {
            return None;
        }
        let mut next = *state;
        let rows = if self.course.at(epoch).writers & 1 << node == 0 { 0 } else { next.nodes[node].rows };
        next.nodes[node] = NodeState { epoch, rows };
        Some(next)
    }

    /// True if a replica serves a request that was planned by an epoch, of those that are its own by its own view.
    fn is_admitted(&self, at: u8, planned: u8, owners: impl Fn(&StepPlan) -> Set, node: usize) -> bool {
        let is_current = planned > at || planned >= SINCE[usize::from(at)];
        self.without.fence || is_current && owners(self.course.at(at)) & 1 << node != 0
    }

    fn admit(&self, state: &State, write: usize, node: usize) -> Option<State> {
        let mut next = *state;
        let WriteState::Begun(planned, arrivals) = &mut next.writes[write] else { return None };
        let at = state.nodes[node].epoch;
        let is_sent = self.course.at(*planned).targets & 1 << node != 0 && arrivals[node] == Arrival::None;
        let is_behind = *planned > at && !self.without.caught_up;
        if !is_sent || is_behind || !self.is_admitted(at, *planned, |at| at.writers, node) {
            return None;
        }
        arrivals[node] = Arrival::Admitted(at);
        Some(next)
    }

    fn apply(&self, state: &State, write: usize, node: usize) -> Option<State> {
        let mut next = *state;
        let WriteState::Begun(planned, arrivals) = &mut next.writes[write] else { return None };
        if !matches!(arrivals[node], Arrival::Admitted(_)) {
            return None;
        }
        arrivals[node] = Arrival::Applied;
        next.nodes[node].rows |= 1 << write;
        let confirmed = arrivals.iter().filter(|arrival| **arrival == Arrival::Applied).count();
        let StepPlan { written_by, pending, .. } = *self.course.at(*planned);
        let needed = if self.without.raised_quorum { written_by - pending } else { written_by };
        if confirmed >= needed {
            // Where it has not arrived yet it may never do.
            next.writes[write] = WriteState::Acknowledged;
        }
        Some(next)
    }

    fn fetch(&self, state: &State, from: usize) -> Option<State> {
        let (step, gainer, _) = *STREAMING.iter().find(|(step, ..)| *step == state.log)?;
        let is_source = self.course.at(step).readers & 1 << from != 0 && state.sources & 1 << from == 0;
        let have_heard = state.nodes[from].epoch == step && state.nodes[gainer].epoch == step;
        let is_settled = self.without.settled_sources || !has_older(state, from, SINCE[usize::from(step)]);
        if !is_source || !have_heard || !is_settled {
            return None;
        }
        let mut next = *state;
        next.nodes[gainer].rows |= state.nodes[from].rows;
        next.sources |= 1 << from;
        Some(next)
    }

    fn begin_write(&self, state: &State, write: usize, epoch: u8) -> Option<State> {
        if state.writes[write] != WriteState::None || state.read.is_some() {
            return None;
        }
        let mut next = *state;
        next.writes[write] = WriteState::Begun(epoch, [Arrival::None; NODES]);
        Some(next)
    }

    fn begin_read(&self, state: &State, epoch: u8) -> Option<State> {
        let is_known = |write: &usize| state.writes[*write] == WriteState::Acknowledged;
        let known: Set = (0..WRITES).filter(is_known).map(|write| 1 << write).sum();
        // A read that has to see nothing sees enough.
        if state.read.is_some() || known == 0 {
            return None;
        }
        let mut next = State { read: Some(ReadState { epoch, known, answered: 0, seen: 0 }), ..*state };
        for write in (0..WRITES).filter(|write| !is_known(write)) {
            next.writes[write] = WriteState::None;
        }
        next.nodes.iter_mut().for_each(|node| node.rows &= known);
        Some(next)
    }

    fn answer(&self, state: &State, node: usize) -> Option<State> {
        let mut next = *state;
        let read = next.read.as_mut().filter(|read| !self.has_ended(read) && read.answered & 1 << node == 0)?;
        let is_asked = self.course.at(read.epoch).readers & 1 << node != 0;
        if !is_asked || !self.is_admitted(state.nodes[node].epoch, read.epoch, |at| at.readers, node) {
            return None;
        }
        read.answered |= 1 << node;
        read.seen |= state.nodes[node].rows;
        Some(next)
    }

    fn has_ended(&self, read: &ReadState) -> bool {
        read.answered.count_ones() as usize >= self.course.at(read.epoch).read_by
    }
}

/// True if a write is under way at a node which began there before a step.
fn has_older(state: &State, node: usize, step: u8) -> bool {
    let is_older = |write: &WriteState| match write {
        WriteState::Begun(_, arrivals) => matches!(arrivals[node], Arrival::Admitted(at) if at < step),
        WriteState::None | WriteState::Acknowledged => false,
    };
    state.writes.iter().any(is_older)
}

impl Model for Move {
    type State = State;
    type Step = Step;

    fn start(&self) -> State {
        let (nodes, writes) = ([NodeState { epoch: 0, rows: 0 }; NODES], [WriteState::None; WRITES]);
        State { log: 0, nodes, sources: 0, writes, read: None }
    }

    fn steps(&mut self, state: &State, next: &mut dyn FnMut(Step, State)) {
        if state.read.is_some_and(|read| self.has_ended(&read)) {
            return;
        }
        let mut found = |step, state: Option<State>| {
            if let Some(state) = state {
                next(step, state);
            }
        };
        found(Step::Advance, self.advance(state));
        // Two steps with the same replicas are one to whoever plans.
        let epochs = || (0..=state.log).filter(|epoch| SINCE[usize::from(*epoch)] == *epoch);
        epochs().for_each(|epoch| found(Step::BeginRead { epoch }, self.begin_read(state, epoch)));
        for write in 0..WRITES {
            epochs().for_each(|epoch| found(Step::BeginWrite { write, epoch }, self.begin_write(state, write, epoch)));
        }
        for node in 0..NODES {
            found(Step::Hear { node }, self.hear(state, node));
            found(Step::Fetch { from: node }, self.fetch(state, node));
            found(Step::Answer { node }, self.answer(state, node));
            for write in 0..WRITES {
                found(Step::Admit { write, node }, self.admit(state, write, node));
                found(Step::Apply { write, node }, self.apply(state, write, node));
            }
        }
    }

    fn broken_rule(&mut self, state: &State) -> Option<String> {
        let read = state.read.filter(|read| self.has_ended(read) && read.known & !read.seen != 0)?;
        Some(format!("a read at QUORUM misses what was acknowledged before it: {read:?}"))
    }
}

/// Goes through all states up to a step.
fn run(last: u8, without: Without) -> Result<Exploration, Violation<Step>> {
    explore(&mut Move { course: Course::new(without.pending), last, without }, 5_000_000)
}

mod tests;
