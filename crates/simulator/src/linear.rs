//! I5: conditional writes and SERIAL reads of a register take effect one after another, each at a moment between its
//! beginning and its end.
//!
//! Every value is written by one operation, which names the value before it, so values form a tree. A linearizable
//! register only ever moves forward on one path of it. Each write also adds its value to a set beside the register: a
//! read must find exactly the values of the path in the set, otherwise a decision has been lost.

use crate::history::{Ending, Swap, SwapKind, Value};
use crate::wire::Violation;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn linear(swaps: &[Swap]) -> Vec<Violation> {
    let keys: BTreeSet<i64> = swaps.iter().map(|swap| swap.key).collect();
    let of = |key| swaps.iter().filter(|swap| swap.key == key).collect::<Vec<_>>();
    keys.into_iter().filter_map(|key| check_key(&of(key)).err()).collect()
}

fn violation(what: String) -> Violation {
    Violation { rule: "I5", what }
}

fn check_key(swaps: &[&Swap]) -> Result<(), Violation> {
    let depths = Depths::of(swaps);
    let mut by_depth: BTreeMap<u64, Value> = BTreeMap::new();
    for swap in swaps.iter().filter(|swap| swap.ending == Ending::Ok) {
        for value in [swap.seen, swap.leaves()] {
            // The value seen and all values before it.
            let mut at = value;
            loop {
                let depth =
                    depths.depth(at).ok_or_else(|| violation(format!("{swap:?} saw {at:?}, which nobody wrote")))?;
                let other = *by_depth.entry(depth).or_insert(at);
                if other != at {
                    let what = format!("{swap:?}: the register was {at:?} and {other:?} at its change number {depth}");
                    return Err(violation(what));
                }
                match at {
                    None => break,
                    Some(_) => at = depths.before(at),
                }
            }
        }
    }
    for read in swaps.iter().filter(|swap| swap.ending == Ending::Ok && swap.kind == SwapKind::Read) {
        let path = depths.path(read.seen);
        if read.all != path {
            let (lost, extra) = (path.difference(&read.all).next(), read.all.difference(&path).next());
            let what = format!("{read:?}: {lost:?} was decided and is lost, or {extra:?} is of another path");
            return Err(violation(what));
        }
    }
    check_order(swaps, &depths)
}

/// Checks that an operation sees the effect of every operation that ended before it began.
fn check_order(swaps: &[&Swap], depths: &Depths) -> Result<(), Violation> {
    let mut ended: Vec<(u64, u64, &Swap)> = Vec::new();
    let good = swaps.iter().filter(|swap| swap.ending == Ending::Ok);
    for swap in good.clone() {
        if let (Some(at), Some(depth)) = (swap.ended, depths.depth(swap.leaves())) {
            ended.push((at, depth, swap));
        }
    }
    ended.sort_by_key(|(at, ..)| *at);
    for swap in good {
        let before = ended.iter().take_while(|(at, ..)| *at < swap.began);
        let Some((_, depth, earlier)) = before.max_by_key(|(_, depth, _)| *depth) else { continue };
        if depths.depth(swap.seen).is_some_and(|seen| seen < *depth) {
            return Err(violation(format!("{swap:?} does not see {earlier:?}, which ended before it began")));
        }
    }
    Ok(())
}

/// The value before each value, which gives the number of changes that led to it.
struct Depths {
    before: BTreeMap<i64, Value>,
}

impl Depths {
    fn of(swaps: &[&Swap]) -> Depths {
        let mut before = BTreeMap::new();
        for swap in swaps.iter().filter(|swap| swap.ending != Ending::Failed) {
            let happened = swap.applied || swap.ending == Ending::Unknown;
            if let (SwapKind::Swap { from, to }, true) = (swap.kind, happened) {
                before.insert(to, from);
            }
        }
        Depths { before }
    }

    fn before(&self, value: Value) -> Value {
        value.and_then(|value| self.before.get(&value).copied().flatten())
    }

    /// A value and all values before it.
    fn path(&self, value: Value) -> BTreeSet<i64> {
        std::iter::successors(value, |value| self.before(Some(*value))).collect()
    }

    /// The number of changes that led to a value; `None` if no operation wrote it.
    fn depth(&self, value: Value) -> Option<u64> {
        let mut depth = 0;
        let mut at = value;
        while let Some(value) = at {
            at = *self.before.get(&value)?;
            depth += 1;
        }
        Some(depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swap(began: u64, ended: u64, kind: SwapKind, applied: bool, seen: Value) -> Swap {
        let (ending, told) = (Ending::Ok, String::new());
        let all = if kind == SwapKind::Read { (1..=seen.unwrap_or(0)).collect() } else { BTreeSet::new() };
        Swap { key: 1, kind, began, ended: Some(ended), ending, seen, all, applied, told }
    }

    fn write(began: u64, ended: u64, from: Value, to: i64) -> Swap {
        swap(began, ended, SwapKind::Swap { from, to }, true, from)
    }

    fn read(began: u64, ended: u64, seen: Value) -> Swap {
        swap(began, ended, SwapKind::Read, false, seen)
    }

    #[test]
    fn one_after_another_is_well() {
        let unknown = Swap { ending: Ending::Unknown, ended: None, applied: false, ..write(3, 0, Some(1), 2) };
        let swaps = [write(1, 2, None, 1), unknown, read(4, 5, Some(1)), read(6, 7, Some(2)), write(8, 9, Some(2), 3)];
        assert!(linear(&swaps).is_empty());
    }

    #[test]
    fn what_cannot_be_is_found() {
        for swaps in [
            // Two values at the same place.
            vec![write(1, 2, None, 1), write(3, 4, Some(1), 2), write(3, 5, Some(1), 3)],
            // An older value after a newer one.
            vec![write(1, 2, None, 1), read(3, 4, Some(1)), read(5, 6, None)],
            // A value that no operation wrote.
            vec![read(1, 2, Some(9))],
            // A decided value that was lost.
            vec![
                write(1, 2, None, 1),
                write(3, 4, Some(1), 2),
                Swap { all: BTreeSet::from([2]), ..read(5, 6, Some(2)) },
            ],
            // A value whose write was answered as failed.
            vec![Swap { ending: Ending::Failed, applied: false, ..write(1, 2, None, 1) }, read(3, 4, Some(1))],
        ] {
            assert_eq!(linear(&swaps).len(), 1, "{swaps:?}");
        }
    }
}
