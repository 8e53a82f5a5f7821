//! A few seeds for the ordinary test run; `henge simulate` runs many.

use henge_node::Faults;
use henge_simulator::run;

#[test]
fn seeds_keep_every_promise_and_repeat_exactly() {
    for seed in 1..=6 {
        let report = run(seed, Faults::default());
        assert!(report.violations.is_empty(), "{report:#?}");
        assert!(report.outcomes.0 > 100, "too little was done: {report:#?}");
        assert_eq!(report.trace, run(seed, Faults::default()).trace, "seed {seed} is not the same twice");
    }
}
