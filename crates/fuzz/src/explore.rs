//! Every state of a small model, breadth first: so the first way to a broken rule is a shortest one.

// The order of the set is never looked at.
#![allow(clippy::disallowed_types)]

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A system that is small enough to be gone through.
pub trait Model {
    /// All that tells one moment from another.
    type State: Copy + PartialEq + Hash;
    /// The name of a step.
    type Step: Copy + Debug;

    /// The state in which the system begins.
    fn start(&self) -> Self::State;

    /// Gives `next` each step that can follow on a state, with the state after it.
    fn steps(&mut self, state: &Self::State, next: &mut dyn FnMut(Self::Step, Self::State));

    /// The rule that a state breaks.
    fn broken_rule(&mut self, state: &Self::State) -> Option<String>;
}

/// A state space that was gone through without finding a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// Distinct states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// Steps from the start to the state that is farthest from it.
    pub depth: usize,
}

/// A rule that a state breaks, and a shortest way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation<T> {
    /// The rule.
    pub rule: String,
    /// The steps from the start on.
    pub way: Vec<T>,
    /// Distinct states that were met before.
    pub states: usize,
}

/// The mark of the start, which no step leads to.
const START: u32 = u32::MAX;

/// Goes through all states of a model. States are told apart by hashes of 64 bits: ten million of them share one with a chance of 3 in a
/// million.
///
/// # Panics
/// If there are more than `states_max`.
pub fn explore<M: Model>(model: &mut M, states_max: usize) -> Result<Exploration, Violation<M::Step>> {
    let mut seen: HashSet<u64, BuildHasherDefault<Passing>> = HashSet::default();
    // The step to each state, and the number of the one before.
    let mut ways: Vec<(u32, M::Step)> = Vec::new();
    let mut frontier = vec![(START, model.start())];
    seen.insert(hash_of(&frontier[0].1));
    let (mut steps, mut depth) = (0, 0);
    loop {
        let mut further = Vec::new();
        for (number, state) in &frontier {
            if let Some(rule) = model.broken_rule(state) {
                return Err(Violation { rule, way: way_to(&ways, *number), states: seen.len() });
            }
            model.steps(state, &mut |step, next| {
                steps += 1;
                if next != *state && seen.insert(hash_of(&next)) {
                    further.push((ways.len() as u32, next));
                    ways.push((*number, step));
                }
            });
            assert!(seen.len() <= states_max, "there are more than {states_max} states");
        }
        if further.is_empty() {
            return Ok(Exploration { states: seen.len(), steps, depth });
        }
        frontier = further;
        depth += 1;
    }
}

fn hash_of(state: &impl Hash) -> u64 {
    let mut hasher = Mixing(MULTIPLIER);
    state.hash(&mut hasher);
    hasher.finish()
}

fn way_to<T: Copy>(ways: &[(u32, T)], mut number: u32) -> Vec<T> {
    let mut way = Vec::new();
    while number != START {
        let (before, step) = ways[number as usize];
        way.push(step);
        number = before;
    }
    way.reverse();
    way
}

/// An odd number of 64 bits without a pattern.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplies what it is given into 128 bits, and folds these. States are small, and made by nobody who wants hashes to meet.
struct Mixing(u64);

impl Mixing {
    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * u128::from(MULTIPLIER);
        self.0 = (wide >> 64) as u64 ^ (wide as u64).rotate_left(23);
    }
}

impl Hasher for Mixing {
    fn finish(&self) -> u64 {
        let mut last = Mixing(self.0);
        last.mix(MULTIPLIER >> 1);
        last.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(number.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number as u64);
    }
}

/// Passes on what is a hash already.
#[derive(Default)]
struct Passing(u64);

impl Hasher for Passing {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a hash is a number of 64 bits");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two counters up to a bound, of which each step raises one, that may not come to a sum.
    struct Counters {
        bound: u8,
        sum: u8,
    }

    impl Model for Counters {
        type State = (u8, u8);
        type Step = char;

        fn start(&self) -> (u8, u8) {
            (0, 0)
        }

        fn steps(&mut self, state: &(u8, u8), next: &mut dyn FnMut(char, (u8, u8))) {
            let (left, right) = *state;
            next('l', ((left + 1).min(self.bound), right));
            next('r', (left, (right + 1).min(self.bound)));
        }

        fn broken_rule(&mut self, state: &(u8, u8)) -> Option<String> {
            (state.0 + state.1 == self.sum).then(|| format!("{state:?}"))
        }
    }

    #[test]
    fn each_state_is_met_once() {
        let explored = explore(&mut Counters { bound: 3, sum: 9 }, 16);
        assert_eq!(explored, Ok(Exploration { states: 16, steps: 32, depth: 6 }));
    }

    #[test]
    fn a_shortest_way_to_a_broken_rule_is_found() {
        let violation = explore(&mut Counters { bound: 3, sum: 2 }, 16).unwrap_err();
        assert_eq!((violation.rule.as_str(), violation.way.len()), ("(2, 0)", 2));
        assert_eq!(violation.way, ['l', 'l']);
    }
}
