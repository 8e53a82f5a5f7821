//! The options of `henge simulate`.

use crate::shape::{COPIES, MACHINES_MAX, RunChoice, RunKind};
use std::path::PathBuf;

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
    /// Run the plan in this file instead of the one that the seed draws.
    #[arg(long, conflicts_with_all = ["seeds", "mutations", "moves", "disks"])]
    pub plan: Option<PathBuf>,
    /// Print the plan of --seed or --plan, and run nothing.
    #[arg(long)]
    pub print_plan: bool,
    /// Look for the smallest part of the plan of --seed or --plan that breaks the same rule.
    #[arg(long, conflicts_with = "print_plan")]
    pub shrink: bool,
    /// Runs to find it with, at most.
    #[arg(long, default_value_t = 200, requires = "shrink", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub shrink_runs: u64,
    /// Have members come and go in clusters that are large enough.
    #[arg(long)]
    pub moves: bool,
    /// Have disks set back, copied, lost and swapped, and nothing else happen.
    #[arg(long, conflicts_with = "moves")]
    pub disks: bool,
    /// Give each run so many machines, N or N-M, with faults and clients for as many, instead of 3 to 9 machines, most often 3 to 5.
    #[arg(long, conflicts_with = "plan", value_name = "N[-M]", value_parser = machines)]
    pub machines: Option<(usize, usize)>,
    /// Put a bug in on purpose (see --mutations for their names).
    #[arg(long)]
    pub mutate: Option<String>,
    /// Put in each bug in turn, and tell after how many seeds it is found.
    #[arg(long)]
    pub mutations: bool,
    /// Run a cluster of so many members that nothing happens to, with one message of a hundred lost, and tell what it costs.
    #[arg(long, value_parser = clap::value_parser!(u16).range(2..=10_000), conflicts_with_all = ["seeds", "seed", "plan", "print_plan", "shrink", "mutate", "mutations", "moves", "disks", "machines"])]
    pub members: Option<u16>,
    /// Seconds in which traffic and false suspicions are counted, with --members.
    #[arg(long, default_value_t = 60, requires = "members", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub quiet: u64,
    /// Threads; by default one for each core.
    #[arg(long)]
    pub threads: Option<usize>,
}

impl SimulateOptions {
    pub(super) fn choice(&self) -> RunChoice {
        let kind = match (self.moves, self.disks) {
            (true, _) => RunKind::Moves,
            (false, true) => RunKind::Disks,
            (false, false) => RunKind::Faults,
        };
        RunChoice { kind, machines: self.machines }
    }
}

/// The least and the most machines of `N` or `N-M`.
fn machines(text: &str) -> Result<(usize, usize), String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse().ok().filter(|number| (COPIES..=MACHINES_MAX).contains(number));
    match (number(least), number(most)) {
        (Some(least), Some(most)) if least <= most => Ok((least, most)),
        _ => Err(format!("machines are {COPIES} to {MACHINES_MAX}, as 7 or 5-9")),
    }
}

#[cfg(test)]
mod tests {
    use super::machines;

    #[test]
    fn machines_are_a_number_or_a_range_of_what_may_be() {
        assert_eq!(machines("25"), Ok((25, 25)));
        assert_eq!(machines("5-9"), Ok((5, 9)));
        for wrong in ["", "2", "129", "9-5", "5-", "-9", "5-200", "five"] {
            assert!(machines(wrong).is_err(), "{wrong}");
        }
    }
}
