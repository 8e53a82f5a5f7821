//! `henge init`: a node's data directory and host id, before its first start.

use crate::args::NodeFiles;
use crate::server::seed;
use henge_node::Random;
use henge_storage::DataDirectory;

/// Makes a node's data directory, and prints the node's host id. A directory that is there stays as it is.
#[derive(Clone, Debug, clap::Args)]
pub struct InitOptions {
    #[command(flatten)]
    files: NodeFiles,
}

/// Runs `henge init`.
pub fn init(options: &InitOptions) -> anyhow::Result<i32> {
    let config = options.files.config()?;
    println!("{}", DataDirectory::initialise(&config.server.data_directory, &mut Random::new(seed()?))?);
    Ok(0)
}
