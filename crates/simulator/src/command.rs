//! `henge simulate`: runs many seeds, replays one seed, or proves that the checks can fail.

use crate::large_cluster;
use crate::panics::{self, caught};
use crate::rare_states::{SEEDS_MIN, required_states};
use crate::report::Report;
use crate::run::{self, RunKind};
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
const FOUND_WITH_MOVES: [&str; 1] = ["hold-untold-clocks"];

/// Runs whole clusters in one thread each, from seeds, and checks what they promise.
#[derive(Clone, Debug, clap::Args)]
pub struct SimulateOptions {
    /// Number of seeds to run.
    #[arg(long, default_value_t = 100)]
    pub seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub first: u64,
    /// Run this seed alone, and tell everything about it.
    #[arg(long, conflicts_with_all = ["seeds", "mutations"])]
    pub seed: Option<u64>,
    /// Have members come and go in clusters that are large enough.
    #[arg(long)]
    pub moves: bool,
    /// Have disks set back, copied, lost and swapped, and nothing else happen.
    #[arg(long, conflicts_with = "moves")]
    pub disks: bool,
    /// Put a bug in on purpose (see --mutations for their names).
    #[arg(long)]
    pub mutate: Option<String>,
    /// Put in each bug in turn, and tell after how many seeds it is found.
    #[arg(long)]
    pub mutations: bool,
    /// Run a cluster of so many members that nothing happens to, with one message of a hundred lost, and tell what it costs.
    #[arg(long, value_parser = clap::value_parser!(u16).range(2..=10_000), conflicts_with_all = ["seeds", "seed", "mutate", "mutations", "moves", "disks"])]
    pub members: Option<u16>,
    /// Seconds in which traffic and false suspicions are counted, with --members.
    #[arg(long, default_value_t = 60, requires = "members", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub quiet: u64,
    /// Threads; by default one for each core.
    #[arg(long)]
    pub threads: Option<usize>,
}

impl SimulateOptions {
    fn kind(&self) -> RunKind {
        match (self.moves, self.disks) {
            (true, _) => RunKind::Moves,
            (false, true) => RunKind::Disks,
            (false, false) => RunKind::Faults,
        }
    }
}

const MUTATIONS: [(&str, Faults); 26] = [
    ("ack-before-sync", Faults { ack_before_sync: true, ..NONE }),
    ("quorum-off-by-one", Faults { quorum_off_by_one: true, ..NONE }),
    ("digest-of-bytes", Faults { digest_of_bytes: true, ..NONE }),
    ("drop-hints", Faults { drop_hints: true, ..NONE }),
    ("clock-in-reconcile", Faults { clock_in_reconcile: true, ..NONE }),
    ("ignore-accepted", Faults { ignore_accepted: true, ..NONE }),
    ("unlogged-batches", Faults { unlogged_batches: true, ..NONE }),
    ("trust-indexes", Faults { trust_indexes: true, ..NONE }),
    ("forget-unsent", Faults { forget_unsent: true, ..NONE }),
    ("mend-at-zero", Faults { mend_at_zero: true, ..NONE }),
    ("purge-without-fence", Faults { purge_without_fence: true, ..NONE }),
    ("outlive-failed-syncs", Faults { outlive_failed_syncs: true, ..NONE }),
    ("stamp-beyond-the-bound", Faults { stamp_beyond_the_bound: true, ..NONE }),
    ("minority-votes", Faults { minority_votes: true, ..NONE }),
    ("admit-older-copies", Faults { admit_older_copies: true, ..NONE }),
    ("hold-untold-clocks", Faults { hold_untold_clocks: true, ..NONE }),
    ("majority-of-all", Faults { majority_of_all: true, ..NONE }),
    ("trust-forwarders", Faults { trust_forwarders: true, ..NONE }),
    ("mix-serial-levels", Faults { mix_serial_levels: true, ..NONE }),
    ("leave-undecided", Faults { leave_undecided: true, ..NONE }),
    ("settle-undecided", Faults { settle_undecided: true, ..NONE }),
    ("skip-pending", Faults { skip_pending: true, ..NONE }),
    ("mend-readers-only", Faults { mend_readers_only: true, ..NONE }),
    ("trust-unread-commits", Faults { trust_unread_commits: true, ..NONE }),
    ("unsynced-promises", Faults { unsynced_promises: true, ..NONE }),
    ("number-pages", Faults { number_pages: true, ..NONE }),
];
const NONE: Faults = Faults {
    ack_before_sync: false,
    quorum_off_by_one: false,
    digest_of_bytes: false,
    drop_hints: false,
    clock_in_reconcile: false,
    ignore_accepted: false,
    unlogged_batches: false,
    trust_indexes: false,
    mend_at_zero: false,
    purge_without_fence: false,
    outlive_failed_syncs: false,
    unsynced_commits: false,
    catch_up_by_entries: false,
    unknown_when_behind: false,
    replay_when_behind: false,
    forget_unsent: false,
    forget_batches_early: false,
    minority_votes: false,
    forget_votes: false,
    forget_own: false,
    silent_shutdown: false,
    stamp_beyond_the_bound: false,
    withhold_entries: false,
    prove_without_one: false,
    forget_unproven: false,
    settle_undecided: false,
    wait_for_silent: false,
    trust_logged_addresses: false,
    admit_older_copies: false,
    hold_untold_clocks: false,
    majority_of_all: false,
    mix_serial_levels: false,
    trust_unfixed_levels: false,
    serve_stale_plans: false,
    forget_moved: false,
    drop_behind: false,
    trust_forwarders: false,
    admit_all: false,
    ack_any_early: false,
    stream_no_acceptors: false,
    apply_stale_pages: false,
    skip_barriers: false,
    clean_owned: false,
    lower_without_merging: false,
    leave_undecided: false,
    skip_pending: false,
    mend_readers_only: false,
    trust_unread_commits: false,
    number_pages: false,
    unsynced_promises: false,
};

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
    if let Some(seed) = options.seed {
        return Ok(single(seed, faults, options.kind()));
    }
    Ok(many(options, faults))
}

/// Runs a seed; a panic counts as a violation.
fn run(seed: u64, faults: Faults, kind: RunKind) -> Report {
    caught(seed, || run::run_seed(seed, faults, kind))
}

fn mutation_named(name: &str) -> anyhow::Result<Faults> {
    let known = MUTATIONS.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = MUTATIONS.iter().map(|(known, _)| *known).collect();
    known
        .map(|(_, faults)| *faults)
        .ok_or_else(|| anyhow::anyhow!("no bug is called {name}; there are: {}", names.join(", ")))
}

fn single(seed: u64, faults: Faults, kind: RunKind) -> i32 {
    let report = run(seed, faults, kind);
    println!("{report:#?}");
    let same = run(seed, faults, kind).trace == report.trace;
    println!("a second run {}", if same { "is the same" } else { "DIFFERS" });
    i32::from(!report.violations.is_empty() || !same)
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
        self.simulated += report.time.as_secs_f64();
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
                    one_of_many((seed, faults, options.kind()), &totals, &broken);
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
    (seed, faults, kind): (u64, Faults, RunKind),
    totals: &Mutex<Totals>,
    broken: &Mutex<Vec<(u64, String)>>,
) {
    let report = run(seed, faults, kind);
    let twice = seed.is_multiple_of(TWICE_EVERY);
    let differs = twice && run(seed, faults, kind).trace != report.trace;
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
}

/// Tells how many runs reached each rare state. False if there were enough runs to reach them all, and one was not; with a bug put in they
/// may be out of reach.
fn print_rare_states(totals: &Totals, options: &SimulateOptions) -> bool {
    let kind = options.kind();
    if kind == RunKind::Disks {
        return true;
    }
    let demanded = required_states(kind == RunKind::Moves);
    let runs = |name: &str| totals.reached.get(name).copied().unwrap_or_default();
    demanded.iter().for_each(|name| println!("{:>6} runs: {name}", runs(name)));
    let missed: Vec<&str> = demanded.into_iter().filter(|name| runs(name) == 0).collect();
    let is_due = options.seeds >= SEEDS_MIN && options.mutate.is_none() && !missed.is_empty();
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
                    let kind = if FOUND_WITH_MOVES.contains(name) { RunKind::Moves } else { options.kind() };
                    let found = (1..=MUTATION_SEEDS).find_map(|seed| {
                        let rules = run(seed, *faults, kind).violations;
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
