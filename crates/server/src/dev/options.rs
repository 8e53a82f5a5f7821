//! The command line of `henge dev`.

use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Starts a cluster of several nodes on this machine.
#[derive(Clone, Debug, clap::Args)]
pub struct DevOptions {
    /// The number of nodes, in one datacentre.
    #[arg(long, default_value_t = 3, conflicts_with = "datacenters")]
    pub(super) nodes: usize,
    /// Datacentres with their nodes, such as dc1:3,dc2:3.
    #[arg(long)]
    pub(super) datacenters: Option<String>,
    /// The first node's address; the others have those that follow.
    #[arg(long, default_value_t = Ipv4Addr::LOCALHOST)]
    pub(super) address: Ipv4Addr,
    /// The folder of all data, logs and certificates.
    #[arg(long, default_value = "./henge-dev")]
    pub(super) directory: PathBuf,
    /// Further arguments for every `henge server`.
    #[arg(last = true)]
    pub(super) server: Vec<String>,
}
