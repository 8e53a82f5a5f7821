//! The state of one host: its facts, each with the version at which it was told.

use crate::fact::FACT_KINDS;
use crate::limits::VERSION_MAX;
use crate::{Delta, Digest, Fact};
use henge_base::HostId;

/// Facts of one generation of a host, complete up to `version`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostState {
    /// The generation; zero if nothing is known.
    pub(crate) generation: u64,
    pub(crate) version: u64,
    facts: [Option<(Fact, u64)>; FACT_KINDS],
}

/// The facts that a host has told about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// The host that told them.
    pub host: HostId,
    /// The number that rises at each of the host's starts.
    pub generation: u64,
    /// The number that rises with each heartbeat and each changed fact.
    pub version: u64,
    /// Facts, each with the version at which it was told.
    pub facts: Vec<(Fact, u64)>,
}

/// The effect of a delta on a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeltaEffect {
    /// No effect: the delta is not new, or does not continue what is known.
    Nothing,
    /// A later version of the same generation.
    Heartbeat,
    /// A later generation.
    Restart,
}

impl HostState {
    /// The state of a host that has told nothing yet. Generation zero means that nothing is known, so the lowest is
    /// one.
    pub(crate) fn new(generation: u64) -> HostState {
        HostState { generation: generation.max(1), ..HostState::default() }
    }

    pub(crate) fn digest(&self, host: HostId) -> Digest {
        Digest { host, generation: self.generation, version: self.version }
    }

    /// Raises the version, for a heartbeat or a changed fact. At its maximum it stays, and the host is heard again only
    /// after a restart.
    pub(crate) fn advance(&mut self) -> u64 {
        self.version = (self.version + 1).min(VERSION_MAX);
        self.version
    }

    /// Sets a fact; it gets a new version if it differs.
    pub(crate) fn set(&mut self, fact: Fact) {
        if !self.facts().any(|told| told == fact) {
            let version = self.advance();
            self.facts[fact.kind()] = Some((fact, version));
        }
    }

    /// Moves beyond a version of this generation that others know but this process never sent, and tells all facts
    /// again.
    pub(crate) fn overtake(&mut self, version: u64) {
        self.version = self.version.max(version);
        let version = self.advance();
        self.facts.iter_mut().flatten().for_each(|(_, told)| *told = version);
    }

    pub(crate) fn facts(&self) -> impl Iterator<Item = Fact> {
        self.facts.iter().flatten().map(|(fact, _)| *fact)
    }

    /// The state in the public form.
    pub(crate) fn to_host_facts(&self, host: HostId) -> HostFacts {
        let facts = self.facts.iter().flatten().copied().collect();
        HostFacts { host, generation: self.generation, version: self.version, facts }
    }

    /// The number of versions by which the state at `known` is behind this one; `None` if it is not behind.
    pub(crate) fn versions_ahead(&self, known: &Digest) -> Option<u64> {
        let behind = (known.generation, known.version) < (self.generation, self.version);
        let base = if known.generation == self.generation { known.version } else { 0 };
        (behind && self.generation > 0).then(|| self.version - base)
    }

    /// The delta that a state at `known` lacks.
    pub(crate) fn delta(&self, known: &Digest) -> Delta {
        let since = if known.generation == self.generation { known.version } else { 0 };
        let facts = self.facts.iter().flatten().filter(|(_, version)| *version > since).copied().collect();
        Delta { upto: self.digest(known.host), since, facts }
    }

    /// Applies `delta`, which must have been checked.
    pub(crate) fn apply(&mut self, delta: &Delta) -> DeltaEffect {
        let (generation, version) = (delta.upto.generation, delta.upto.version);
        let same = generation == self.generation;
        let fits = delta.since == 0 || same && delta.since <= self.version;
        if !fits || (generation, version) <= (self.generation, self.version) {
            return DeltaEffect::Nothing;
        }
        if !same {
            *self = HostState::new(generation);
        }
        self.version = version;
        for (fact, told) in &delta.facts {
            let place = &mut self.facts[fact.kind()];
            if place.is_none_or(|(_, known)| known < *told) {
                *place = Some((*fact, *told));
            }
        }
        if same { DeltaEffect::Heartbeat } else { DeltaEffect::Restart }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const HOST: HostId = HostId(Uuid::from_u128(1));

    fn epoch(index: u64) -> Fact {
        Fact::Epoch { lineage: 0, index }
    }

    #[test]
    fn a_delta_brings_what_was_lacking() {
        let mut source = HostState::new(3);
        source.set(epoch(1));
        source.set(Fact::Load { bytes: 5 });
        let mut copy = HostState::default();
        assert_eq!(copy.apply(&source.delta(&copy.digest(HOST))), DeltaEffect::Restart);
        assert_eq!(copy, source);
        source.set(epoch(2));
        source.set(epoch(2));
        let delta = source.delta(&copy.digest(HOST));
        assert_eq!(delta.facts, vec![(epoch(2), 3)]);
        assert_eq!(source.versions_ahead(&copy.digest(HOST)), Some(1));
        assert_eq!(copy.apply(&delta), DeltaEffect::Heartbeat);
        assert_eq!(copy.apply(&delta), DeltaEffect::Nothing);
        assert_eq!(copy, source);
    }

    #[test]
    fn a_later_generation_replaces_and_an_earlier_is_ignored() {
        let mut old = HostState::new(3);
        old.set(epoch(9));
        old.set(Fact::Load { bytes: 5 });
        let mut new = HostState::new(4);
        new.set(epoch(1));
        let delta = new.delta(&old.digest(HOST));
        assert_eq!(delta.since, 0);
        let late = old.delta(&HostState::default().digest(HOST));
        assert_eq!(old.apply(&delta), DeltaEffect::Restart);
        assert_eq!(old, new);
        assert_eq!(old.apply(&late), DeltaEffect::Nothing);
        assert_eq!(old.facts().collect::<Vec<_>>(), [epoch(1)]);
    }

    #[test]
    fn a_delta_for_somebody_who_knew_more_is_not_taken() {
        let mut source = HostState::new(1);
        source.set(epoch(1));
        source.set(Fact::Load { bytes: 5 });
        let partial = source.delta(&Digest { host: HOST, generation: 1, version: 1 });
        let mut fresh = HostState::default();
        assert_eq!(fresh.apply(&partial), DeltaEffect::Nothing);
        assert_eq!(fresh, HostState::default());
    }

    #[test]
    fn overtaking_tells_everything_again() {
        let mut state = HostState::new(1);
        state.set(epoch(1));
        state.overtake(100);
        let delta = state.delta(&Digest { host: HOST, generation: 1, version: 100 });
        assert_eq!(delta.facts, vec![(epoch(1), 101)]);
    }
}
