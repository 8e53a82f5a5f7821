//! `henge simulate` without the rest of the binary, so that no C++ is compiled.

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: henge_simulator::SimulateOptions,
}

fn main() -> anyhow::Result<()> {
    std::process::exit(henge_simulator::simulate(&Arguments::parse().options)?);
}
