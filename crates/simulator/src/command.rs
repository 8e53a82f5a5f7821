//! `henge simulate`: runs many seeds, replays one seed, or proves that the checks can fail.

mod options;
mod single;

pub use options::SimulateOptions;

use crate::large_cluster;
use crate::mutations::{MUTATIONS, mutation_named};
use crate::panics::{self, caught};
use crate::plan::Plan;
use crate::rare_states::{SEEDS_MIN, required_states};
use crate::report::Report;
use crate::run::run_plan;
use crate::shape::{RunChoice, RunKind, USUAL_MACHINES_MAX};
use henge_node::Faults;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

/// One seed in so many is run twice; both runs must be the same.
const TWICE_EVERY: u64 = 10;
/// The number of seeds tried with each deliberate bug before it counts as not found.
const MUTATION_SEEDS: u64 = 300;
/// Bugs that only a newcomer shows; all others are looked for in runs of the kind that the options ask for.
const FOUND_WITH_MOVES: [&str; 2] = ["hold-untold-clocks", "clean-owned"];

/// Runs the simulations that the options ask for. Returns the exit code: 0 if no rule was broken, else 1.
pub fn simulate(options: &SimulateOptions) -> anyhow::Result<i32> {
    panics::keep_what_is_said();
    if let Some(members) = options.members {
        let report = large_cluster::measure(usize::from(members), options.quiet, options.first)?;
        println!("{report}");
        return Ok(i32::from(!report.violations.is_empty()));
    }
    if options.mutations {
        return Ok(mutations(options));
    }
    let faults = match &options.mutate {
        Some(name) => mutation_named(name)?,
        None => Faults::default(),
    };
    match single::plan(options)? {
        Some(plan) => Ok(single::tell(options, plan, faults)),
        None => Ok(many(options, faults)),
    }
}

/// Runs a seed; a panic counts as a violation.
fn run(seed: u64, faults: Faults, choice: RunChoice) -> Report {
    caught(seed, || run_plan(&Plan::draw(seed, choice), faults))
}

/// Sums over all runs.
#[derive(Debug, Default)]
struct Totals {
    runs: u64,
    twice: u64,
    outcomes: (usize, usize, usize),
    messages: u64,
    crashes: u64,
    partitions: u64,
    simulated: f64,
    /// The shortest simulated time of a run in seconds, and the fewest operations and kinds of fault of one.
    least: Option<(f64, u64, usize)>,
    /// The rare states by the number of runs that reached them.
    reached: BTreeMap<&'static str, u64>,
}

impl Totals {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        let (ok, unknown, failed) = report.outcomes;
        self.outcomes = (self.outcomes.0 + ok, self.outcomes.1 + unknown, self.outcomes.2 + failed);
        self.messages += report.messages;
        self.crashes += u64::from(report.crashes);
        self.partitions += u64::from(report.partitions);
        let (seconds, begun, kinds) = (report.time.as_secs_f64(), report.begun, report.fault_kinds);
        self.simulated += seconds;
        let (shortest, fewest, fewest_kinds) = self.least.unwrap_or((seconds, begun, kinds));
        self.least = Some((shortest.min(seconds), fewest.min(begun), fewest_kinds.min(kinds)));
        report.reached.iter().for_each(|(name, _)| *self.reached.entry(name).or_default() += 1);
    }
}

fn many(options: &SimulateOptions, faults: Faults) -> i32 {
    let began = Instant::now();
    let next = AtomicU64::new(options.first);
    let end = options.first.saturating_add(options.seeds);
    let totals = Mutex::new(Totals::default());
    let broken = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads(options) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    one_of_many((seed, faults, options.choice()), &totals, &broken);
                }
            });
        }
    });
    let mut broken = broken.into_inner().unwrap_or_default();
    broken.sort();
    let totals = totals.into_inner().unwrap_or_default();
    print_totals(&totals, began);
    let is_complete = print_rare_states(&totals, options);
    for (seed, what) in broken.iter().take(20) {
        println!("seed {seed}: {what}");
    }
    if let Some((seed, _)) = broken.first() {
        println!(
            "{} of {} seeds broke a rule; see one again with: henge simulate --seed {seed}",
            broken.len(),
            options.seeds
        );
    }
    i32::from(!broken.is_empty() || !is_complete)
}

fn one_of_many(
    (seed, faults, choice): (u64, Faults, RunChoice),
    totals: &Mutex<Totals>,
    broken: &Mutex<Vec<(u64, String)>>,
) {
    let report = run(seed, faults, choice);
    let twice = seed.is_multiple_of(TWICE_EVERY);
    let differs = twice && run(seed, faults, choice).trace != report.trace;
    if let Ok(mut totals) = totals.lock() {
        totals.add(&report);
        totals.twice += u64::from(twice);
    }
    let what = match report.violations.first() {
        Some((rule, what)) => format!("{rule}: {what}"),
        None if differs => "a second run differs from the first".to_owned(),
        None => return,
    };
    if let Ok(mut broken) = broken.lock() {
        broken.push((seed, what));
    }
}

fn print_totals(totals: &Totals, began: Instant) {
    let (ok, unknown, failed) = totals.outcomes;
    println!(
        "{} seeds ({} of them twice) in {:.1} s: {:.1} simulated hours, {ok} operations done, {unknown} in doubt, {failed} refused, \
         {} messages, {} crashes, {} partitions",
        totals.runs,
        totals.twice,
        began.elapsed().as_secs_f64(),
        totals.simulated / 3600.0,
        totals.messages,
        totals.crashes,
        totals.partitions,
    );
    if let Some((seconds, begun, kinds)) = totals.least {
        println!("each run: {seconds:.0} simulated seconds, {begun} operations, {kinds} kinds of fault, or more");
    }
}

/// Tells how many runs reached each rare state. False if there were enough runs to reach them all, and one was not; with a bug put in, and
/// in clusters that are larger or smaller than those of most runs, they may be out of reach.
fn print_rare_states(totals: &Totals, options: &SimulateOptions) -> bool {
    let kind = options.choice().kind;
    if kind == RunKind::Disks {
        return true;
    }
    let demanded = required_states(kind == RunKind::Moves);
    let runs = |name: &str| totals.reached.get(name).copied().unwrap_or_default();
    demanded.iter().for_each(|name| println!("{:>6} runs: {name}", runs(name)));
    let missed: Vec<&str> = demanded.into_iter().filter(|name| runs(name) == 0).collect();
    let has_usual_machines = options.machines.is_none_or(|(least, most)| least < most && most <= USUAL_MACHINES_MAX);
    let is_usual = options.mutate.is_none() && has_usual_machines;
    let is_due = options.seeds >= SEEDS_MIN && is_usual && !missed.is_empty();
    if is_due {
        println!("never reached in {} seeds: {}", options.seeds, missed.join("; "));
    }
    !is_due
}

/// Runs seeds with each deliberate bug, as many bugs at once as there are threads. Returns 1 if one is not found, else 0.
fn mutations(options: &SimulateOptions) -> i32 {
    let (next, missed, began) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..threads(options) {
            scope.spawn(|| {
                while let Some((name, faults)) = MUTATIONS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let choice = options.choice();
                    let kind = if FOUND_WITH_MOVES.contains(name) { RunKind::Moves } else { choice.kind };
                    let found = (1..=MUTATION_SEEDS).find_map(|seed| {
                        let rules = run(seed, *faults, RunChoice { kind, ..choice }).violations;
                        rules.first().map(|(rule, _)| (seed, *rule))
                    });
                    match found {
                        Some((seed, rule)) => println!("{name}: found after {seed} seeds by {rule}"),
                        None => {
                            println!("{name}: NOT found in {MUTATION_SEEDS} seeds");
                            missed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let missed = missed.into_inner();
    let found = MUTATIONS.len() - missed;
    println!("{found} of {} bugs found in {:.1} s", MUTATIONS.len(), began.elapsed().as_secs_f64());
    i32::from(missed > 0)
}

/// Threads, one for each core unless the options say otherwise.
fn threads(options: &SimulateOptions) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    options.threads.unwrap_or_else(cores).max(1)
}
