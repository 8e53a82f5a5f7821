//! The command line of `henge dev`.

use super::action::DevAction;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Starts a cluster of several nodes on this machine. With an action: has the one that runs in the same folder carry it
/// out.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DevOptions {
    #[command(subcommand)]
    pub(super) action: Option<DevAction>,
    /// The number of nodes, in one datacentre.
    #[arg(long, default_value_t = 3, conflicts_with = "datacenters")]
    pub(super) nodes: usize,
    /// Datacentres with their nodes, such as dc1:3,dc2:3.
    #[arg(long)]
    pub(super) datacenters: Option<String>,
    /// The racks of each datacentre, rack1 and so on; its nodes stand in them by turns.
    #[arg(long, default_value_t = 1)]
    pub(super) racks: usize,
    /// The first node's address; the others have those that follow.
    #[arg(long, visible_alias = "address-base", default_value_t = Ipv4Addr::LOCALHOST)]
    pub(super) address: Ipv4Addr,
    /// The folder of all data, logs and certificates.
    #[arg(long, global = true, default_value = "./henge-dev")]
    pub(super) directory: PathBuf,
    /// Further arguments for every `henge server`.
    #[arg(last = true)]
    pub(super) server: Vec<String>,
}
