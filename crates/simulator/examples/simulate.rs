//! `henge simulate` without the rest of the binary: compiles no C++.

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: henge_simulator::SimulateOptions,
}

fn main() -> anyhow::Result<()> {
    std::process::exit(henge_simulator::simulate(&Arguments::parse().options)?);
}
