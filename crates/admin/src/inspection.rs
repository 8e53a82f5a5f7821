//! Commands that look at one node, by nodetool's names.
//!
//! - `layout`: their reports as nodetool prints them; `percentiles`: those of latencies.

mod layout;
mod percentiles;

use crate::Format;
use crate::client::Client;
use crate::names::name;
use clap::Subcommand;
use henge_operator::{
    Compaction, ConnectedClient, Endpoints, Everything, GossipState, KeyspaceSelection, NodeInfo, OperationLatencies,
    PartitionSelection, RingDescription, ThreadPool,
};

/// A command that changes nothing.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Inspection {
    /// Print the node's identity, uptime, memory, load and cache.
    Info {
        /// List all tokens.
        #[arg(short = 'T', long)]
        tokens: bool,
    },
    /// Print the version that the node tells drivers.
    Version {
        /// Print Henge's own version too.
        #[arg(short, long)]
        verbose: bool,
    },
    /// Print gossip, member by member. A fact of version 0 stands in the metadata log, and gossip does not carry it.
    Gossipinfo,
    /// Print the threads that take work from a queue: jobs at work, waiting and done.
    Tpstats,
    /// Print the engine's compaction.
    Compactionstats,
    /// Print percentiles of the latencies of clients' requests that the node coordinated since its start.
    Proxyhistograms,
    /// Print the addresses of the replicas of a partition.
    Getendpoints {
        /// The keyspace.
        #[arg(value_parser = name)]
        keyspace: String,
        /// The table.
        #[arg(value_parser = name)]
        table: String,
        /// The partition key; the columns of a key of several are parted by colons.
        #[arg(allow_hyphen_values = true)]
        key: String,
    },
    /// Print the ranges of a keyspace, with their replicas.
    Describering {
        /// The keyspace.
        #[arg(value_parser = name)]
        keyspace: String,
    },
    /// Print the number of connections of clients by role.
    Clientstats {
        /// List each connection.
        #[arg(long)]
        all: bool,
    },
    /// Say if clients can connect.
    Statusbinary,
    /// Say if the node takes part in gossip.
    Statusgossip,
    /// Print the bytes that flushes and compactions write in a second at most.
    Getcompactionthroughput,
}

/// Carries a command out; gives what it prints.
pub(crate) async fn run(client: &Client, command: &Inspection, format: Format) -> anyhow::Result<String> {
    match command {
        Inspection::Info { tokens } => {
            format.show(&client.report::<NodeInfo>(&Everything {}).await?, |node| layout::info(node, *tokens))
        }
        Inspection::Version { verbose } => {
            format.show(&client.report::<NodeInfo>(&Everything {}).await?, |node| layout::version(node, *verbose))
        }
        Inspection::Gossipinfo => {
            format.show(&client.report::<Vec<GossipState>>(&Everything {}).await?, |all| layout::gossip(all))
        }
        Inspection::Tpstats => {
            format.show(&client.report::<Vec<ThreadPool>>(&Everything {}).await?, |all| layout::thread_pools(all))
        }
        Inspection::Compactionstats => {
            format.show(&client.report::<Compaction>(&Everything {}).await?, layout::compaction)
        }
        Inspection::Proxyhistograms => {
            let latencies = client.report::<Vec<OperationLatencies>>(&Everything {}).await?;
            format.show(&latencies, |all| percentiles::of_coordinator(all))
        }
        Inspection::Getendpoints { keyspace, table, key } => {
            let partition = PartitionSelection { keyspace: keyspace.clone(), table: table.clone(), key: key.clone() };
            format.show(&client.report::<Endpoints>(&partition).await?, layout::endpoints)
        }
        Inspection::Describering { keyspace } => {
            let keyspace = KeyspaceSelection { keyspace: Some(keyspace.clone()) };
            format.show(&client.report::<RingDescription>(&keyspace).await?, layout::ring)
        }
        Inspection::Clientstats { all } => {
            let clients = client.report::<Vec<ConnectedClient>>(&Everything {}).await?;
            format.show(&clients, |clients| layout::clients(clients, *all))
        }
        Inspection::Statusbinary => format
            .show(&client.report::<NodeInfo>(&Everything {}).await?, |node| layout::running(node.is_binary_active)),
        Inspection::Statusgossip => format
            .show(&client.report::<NodeInfo>(&Everything {}).await?, |node| layout::running(node.is_gossip_active)),
        Inspection::Getcompactionthroughput => format
            .show(&client.report::<Compaction>(&Everything {}).await?, |compaction| {
                format!("Current compaction throughput: {} MB/s\n", compaction.bytes_per_second_max >> 20)
            }),
    }
}
