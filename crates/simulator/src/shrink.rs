//! The smallest part of a plan that breaks the same rule: fewer faults by delta debugging (Zeller and Hildebrandt, "Simplifying and
//! Isolating Failure-Inducing Input", 2002), and a shorter storm, fewer operations, clients and workloads, again and again.

use crate::plan::Plan;
use std::collections::BTreeMap;

const TENTH_OF_SECOND: u64 = 100_000;

/// A plan that was made smaller.
pub(crate) struct Shrunk {
    pub(crate) plan: Plan,
    /// The number of runs that it took.
    pub(crate) runs: u64,
    /// True if no smaller step breaks the rule; false if there were no runs left to tell.
    pub(crate) is_smallest: bool,
}

/// Runs of plans, so many at most. What was run once is not run again.
struct Trials<F> {
    breaks: F,
    seen: BTreeMap<String, bool>,
    runs: u64,
    runs_max: u64,
    is_spent: bool,
}

impl<F: FnMut(&Plan) -> bool> Trials<F> {
    /// True if the plan breaks the rule. False if there are no runs left.
    fn breaks(&mut self, plan: &Plan) -> bool {
        let text = plan.to_string();
        if let Some(known) = self.seen.get(&text) {
            return *known;
        }
        if self.runs == self.runs_max {
            self.is_spent = true;
            return false;
        }
        self.runs += 1;
        let breaks = (self.breaks)(plan);
        self.seen.insert(text, breaks);
        breaks
    }
}

/// Makes a plan smaller that breaks a rule and whose clients begin so many operations, in so many runs at most.
pub(crate) fn shrink(plan: Plan, begun: u64, runs_max: u64, breaks: impl FnMut(&Plan) -> bool) -> Shrunk {
    let mut trials = Trials { breaks, seen: BTreeMap::new(), runs: 0, runs_max, is_spent: false };
    // Neither changes the run: later faults never begin, and clients come to no more operations.
    let mut plan = Plan { operations: plan.operations.min(begun), ..plan };
    loop {
        let before = plan.clone();
        plan = with_less(plan, &mut trials);
        if plan == before || trials.is_spent {
            return Shrunk { plan, runs: trials.runs, is_smallest: !trials.is_spent };
        }
    }
}

/// Lessens each part of a plan once.
fn with_less<F: FnMut(&Plan) -> bool>(mut plan: Plan, trials: &mut Trials<F>) -> Plan {
    let lengthened = |tenths: u64| {
        let length = tenths * TENTH_OF_SECOND;
        let faults = plan.faults.iter().filter(|fault| fault.at < length).cloned().collect();
        Plan { length, faults, ..plan.clone() }
    };
    let tenths = plan.length.div_ceil(TENTH_OF_SECOND);
    let fewest = lower(tenths, 0, |tenths| trials.breaks(&lengthened(tenths)));
    if fewest < tenths {
        plan = lengthened(fewest);
    }
    let faults = ddmin(plan.faults.clone(), |faults| trials.breaks(&Plan { faults: faults.to_vec(), ..plan.clone() }));
    plan.faults = faults;
    plan.operations = lower(plan.operations, 0, |operations| trials.breaks(&Plan { operations, ..plan.clone() }));
    let clients = lower(plan.clients as u64, 1, |n| trials.breaks(&Plan { clients: n as usize, ..plan.clone() }));
    plan.clients = clients as usize;
    for workload in plan.workloads.clone() {
        let mut fewer = plan.clone();
        fewer.workloads.remove(&workload);
        if trials.breaks(&fewer) {
            plan = fewer;
        }
    }
    plan
}

/// Items of which none can be left out such that the others still fail, if all of them do.
fn ddmin<T: Clone>(mut items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    if items.is_empty() || fails(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while items.len() >= 2 {
        let size = items.len().div_ceil(parts);
        let chunks: Vec<Vec<T>> = items.chunks(size).map(<[T]>::to_vec).collect();
        let without = |left_out: usize| -> Vec<T> {
            let kept = chunks.iter().enumerate().filter(|(number, _)| *number != left_out);
            kept.flat_map(|(_, chunk)| chunk.clone()).collect()
        };
        if let Some(chunk) = chunks.iter().find(|chunk| fails(chunk)) {
            (items, parts) = (chunk.clone(), 2);
        } else if let Some(rest) = (0..chunks.len()).map(without).find(|rest| fails(rest)) {
            (items, parts) = (rest, parts.saturating_sub(1).max(2));
        } else if size == 1 {
            break;
        } else {
            parts = (parts * 2).min(items.len());
        }
    }
    items
}

/// A number from `least` to `value` that still fails, found by steps that are halved.
fn lower(mut value: u64, least: u64, mut fails: impl FnMut(u64) -> bool) -> u64 {
    if value <= least || fails(least) {
        return value.min(least);
    }
    let mut step = (value - least) / 2;
    while step > 0 {
        let is_lower = value - least > step && fails(value - step);
        if is_lower {
            value -= step;
        } else {
            step /= 2;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Fault;
    use crate::shape::RunKind;

    #[test]
    fn ddmin_leaves_what_fails_together() {
        for (all, culprits) in
            [(8, vec![3]), (100, vec![17, 18, 99]), (64, vec![0, 63]), (7, (0..7).collect()), (1, vec![0])]
        {
            let mut runs = 0;
            let left = ddmin((0..all).collect(), |items: &[u32]| {
                runs += 1;
                culprits.iter().all(|culprit| items.contains(culprit))
            });
            assert_eq!(left, culprits, "of {all}");
            assert!(runs < 200, "{runs} runs for {culprits:?} of {all}");
        }
        assert!(ddmin((0..50).collect(), |_: &[u32]| true).is_empty());
        assert!(ddmin(Vec::new(), |_: &[u32]| true).is_empty());
    }

    #[test]
    fn ddmin_leaves_items_none_of_which_can_be_left_out() {
        // Any three even numbers fail.
        let left = ddmin((0..40).collect(), |items: &[u32]| items.iter().filter(|n| **n % 2 == 0).count() >= 3);
        assert_eq!(left.iter().filter(|n| **n % 2 == 0).count(), 3);
        assert_eq!(left.len(), 3);
    }

    #[test]
    fn numbers_are_lowered_as_far_as_they_fail() {
        for (value, bound) in [(1_000, 1), (1_000, 999), (1_000, 1_000), (7, 3), (1, 1)] {
            assert_eq!(lower(value, 0, |n| n >= bound), bound, "from {value}");
        }
        assert_eq!(lower(1_000, 5, |_| true), 5);
        assert_eq!(lower(0, 5, |_| true), 0);
    }

    /// A violation that is planted whatever happens.
    #[test]
    fn what_always_fails_shrinks_to_the_empty_plan() {
        let plan = Plan::draw(7, RunKind::Faults);
        assert!(!plan.faults.is_empty());
        let shrunk = shrink(plan, 1_000, 200, |_| true);
        let Plan { faults, operations, length, clients, workloads, .. } = shrunk.plan;
        assert_eq!((faults.len(), operations, length, clients, workloads.len()), (0, 0, 0, 1, 0));
        assert!(shrunk.is_smallest && shrunk.runs < 20, "{}", shrunk.runs);
    }

    #[test]
    fn what_one_fault_breaks_shrinks_to_that_fault() {
        let plan = (1..).map(|seed| Plan::draw(seed, RunKind::Faults));
        let is_pause = |fault: &Fault| matches!(fault, Fault::Pause { .. });
        let has_one = |plan: &Plan| plan.faults.iter().any(|planned| is_pause(&planned.fault));
        let plan = plan.into_iter().find(|plan| has_one(plan) && plan.faults.len() > 10).unwrap();
        let shrunk = shrink(plan.clone(), 1_000, 200, |plan| has_one(plan) && plan.operations >= 30);
        assert_eq!((shrunk.plan.faults.len(), shrunk.plan.operations), (1, 30));
        assert!(shrunk.plan.length <= shrunk.plan.faults[0].at + 2 * TENTH_OF_SECOND);
        // With few runs it is as small as they allow.
        let shrunk = shrink(plan, 1_000, 3, |plan| has_one(plan) && plan.operations >= 30);
        assert!(!shrunk.is_smallest && shrunk.runs == 3 && has_one(&shrunk.plan));
    }
}
