//! The actions that another terminal may ask a running `henge dev` for.

use serde::{Deserialize, Serialize};

/// An action on the cluster that a `henge dev` in the same folder runs.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand, Serialize, Deserialize)]
pub(super) enum DevAction {
    /// Print each node's number, address, process id, datacentre, rack and state.
    Status,
    /// Stop a node, or the whole cluster.
    Stop {
        /// The node's number; all nodes if it is left out.
        node: Option<usize>,
    },
    /// Start a node that has ended.
    Start {
        /// The node's number.
        node: usize,
    },
    /// Stop a node and start it again.
    Restart {
        /// The node's number.
        node: usize,
    },
    /// Kill a node, as a crash would.
    Kill {
        /// The node's number.
        node: usize,
    },
    /// Add a node at the next address.
    Add {
        /// Its datacentre; that of the last node if it is left out.
        #[arg(long)]
        datacenter: Option<String>,
        /// Its rack; by `--racks` if it is left out.
        #[arg(long)]
        rack: Option<String>,
    },
}
