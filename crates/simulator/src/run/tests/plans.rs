//! Plans decide runs: one that is printed and read again makes the same run, and a part of it breaks the same rule.

use crate::plan::Plan;
use crate::run::run_plan;
use crate::shape::RunKind;
use crate::shrink::shrink;
use henge_node::Faults;

#[test]
fn a_plan_that_was_printed_and_read_makes_the_same_run() {
    for (seed, kind) in [(3, RunKind::Faults), (5, RunKind::Moves)] {
        let drawn = Plan::draw(seed, kind);
        let read = Plan::parse(&drawn.to_string()).unwrap();
        let (first, second) = (run_plan(&drawn, Faults::default()), run_plan(&read, Faults::default()));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        let none = Plan { faults: Vec::new(), ..drawn };
        assert_ne!(run_plan(&none, Faults::default()).trace, first.trace, "the plan of seed {seed} changes nothing");
    }
}

#[test]
fn a_run_with_a_bug_shrinks_to_a_small_plan() {
    let faults = Faults { quorum_off_by_one: true, ..Faults::default() };
    let broken = |plan: &Plan| run_plan(plan, faults).violations.iter().any(|(rule, _)| *rule == "I30");
    let plan = (1..30).map(|seed| Plan::draw(seed, RunKind::Faults)).find(broken).unwrap();
    let begun = run_plan(&plan, faults).begun;
    let shrunk = shrink(plan.clone(), begun, 25, broken).plan;
    assert!(broken(&shrunk), "{shrunk}");
    assert!(shrunk.faults.len() < 20 && shrunk.operations < begun / 2, "of {plan}\nis left {shrunk}");
}
