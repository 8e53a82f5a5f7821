//! The binary: argument parsing, nothing else.

use clap::{Parser, Subcommand};

/// Fewer system calls and less waiting between threads than the C library's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A leaderless wide-column database for applications written for Apache Cassandra.
#[derive(Parser)]
#[command(name = "henge", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure reads or writes and what they cost the servers.
    Bench(henge_bench::BenchOptions),
    /// Run whole clusters from seeds and check what they promise.
    Simulate(henge_simulator::SimulateOptions),
}

fn main() {
    let outcome = match Arguments::parse().command {
        Command::Bench(options) => henge_bench::bench(&options),
        Command::Simulate(options) => henge_simulator::simulate(&options),
    };
    let code = outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        1
    });
    std::process::exit(code);
}
