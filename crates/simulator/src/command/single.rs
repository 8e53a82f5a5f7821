//! One run: of a seed, or of a plan in a file; and the smallest plan that breaks the same rule.

use super::options::SimulateOptions;
use crate::panics::caught;
use crate::plan::Plan;
use crate::report::Report;
use crate::run::run_plan;
use crate::seconds::Seconds;
use crate::shrink::shrink;
use anyhow::{Context, bail};
use henge_node::Faults;

/// The most bytes of a file with a plan.
const PLAN_BYTES_MAX: u64 = 4 << 20;

/// The plan that the options name; `None` if they ask for many seeds.
pub(super) fn plan(options: &SimulateOptions) -> anyhow::Result<Option<Plan>> {
    let Some(path) = &options.plan else {
        if options.seed.is_none() && (options.print_plan || options.shrink) {
            bail!("--print-plan and --shrink need --seed or --plan");
        }
        return Ok(options.seed.map(|seed| Plan::draw(seed, options.choice())));
    };
    let size = std::fs::metadata(path).with_context(|| format!("cannot read the plan {}", path.display()))?.len();
    if size > PLAN_BYTES_MAX {
        bail!("the plan {} has {size} bytes; a plan has at most {PLAN_BYTES_MAX}", path.display());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the plan {}", path.display()))?;
    let mut plan = Plan::parse(&text).with_context(|| format!("{} is no plan", path.display()))?;
    plan.seed = options.seed.unwrap_or(plan.seed);
    Ok(Some(plan))
}

/// Does with a plan what the options ask for. Returns the exit code.
pub(super) fn tell(options: &SimulateOptions, plan: Plan, faults: Faults) -> i32 {
    if options.print_plan {
        print!("{plan}");
        return 0;
    }
    let report = run(&plan, faults);
    if options.shrink {
        return make_small(plan, &report, faults, options.shrink_runs);
    }
    println!("{report:#?}");
    if !report.violations.is_empty() {
        print_failure(&plan, &report);
    }
    let same = run(&plan, faults).trace == report.trace;
    println!("a second run {}", if same { "is the same" } else { "DIFFERS" });
    i32::from(!report.violations.is_empty() || !same)
}

fn run(plan: &Plan, faults: Faults) -> Report {
    caught(plan.seed, || run_plan(plan, faults))
}

/// Prints all that a reader needs of a run that broke a rule: its plan, what happened last, and the violation.
fn print_failure(plan: &Plan, report: &Report) {
    println!("\nthe plan, which --plan replays and --shrink makes smaller:\n{plan}");
    println!("the last occurrences before the first violation:");
    report.recent.iter().for_each(|line| println!("  {line}"));
    if let Some((rule, what)) = report.violations.first() {
        println!("{rule}: {what}");
    }
}

/// Prints the smallest plan that breaks the rule that was broken first.
fn make_small(plan: Plan, report: &Report, faults: Faults, runs_max: u64) -> i32 {
    let Some((rule, _)) = report.violations.first() else {
        println!("seed {} breaks no rule: there is nothing to make smaller", plan.seed);
        return 0;
    };
    let breaks = |plan: &Plan| {
        let breaks = run(plan, faults).violations.iter().any(|(broken, _)| broken == rule);
        if breaks {
            eprintln!("{rule} broken with {} faults, {} operations", plan.faults.len(), plan.operations);
        }
        breaks
    };
    let before = (plan.faults.len(), report.begun, plan.length);
    let shrunk = shrink(plan, report.begun, runs_max, breaks);
    print_failure(&shrunk.plan, &run(&shrunk.plan, faults));
    println!(
        "{rule} is still broken with {} of {} faults, {} of {} operations, {} of {}; found in {} runs{}",
        shrunk.plan.faults.len(),
        before.0,
        shrunk.plan.operations.min(before.1),
        before.1,
        Seconds(shrunk.plan.length),
        Seconds(before.2),
        shrunk.runs,
        if shrunk.is_smallest { "" } else { ", which were all that there might be" },
    );
    1
}
