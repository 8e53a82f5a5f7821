//! `henge admin`: what an operator does to a running node, by nodetool's command names.
//!
//! - `client`: requests to the node's admin port; `operations`: what takes long; `handoff`: hints; `cluster`: members and what they own;
//!   `plan`: rows that move; `doctor`: what is wrong; `table`: values in columns, as nodetool prints them.

// A program for people, outside of any cluster: it names the runtime and reads clocks.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod client;
mod cluster;
mod doctor;
mod handoff;
mod operations;
mod plan;
mod table;

use anyhow::ensure;
use clap::Subcommand;
use client::{Client, Place};
use doctor::Diagnosis;
use henge_operator::{
    ClusterReport, Everything, Handoff, KeyspaceSelection, MetadataLog, OperationId, OperationRequest, PlanUnderWay,
    Snapshot, TableSelection, TableStats, Voter, route, size_text,
};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;
use table::print;

/// The exit code of a command that has found problems; one that fails ends with it too.
const PROBLEMS_FOUND: i32 = 2;

/// Acts on a running node.
#[derive(Clone, Debug, clap::Args)]
pub struct AdminOptions {
    /// The node's data directory, where it has a socket for its own user.
    #[arg(long, env = "HENGE_DATA_DIRECTORY", default_value = "./henge-data", global = true)]
    pub data_directory: PathBuf,
    /// The node's admin address, if it has a TCP port for it (admin_port); 127.0.0.1 if only the port is given.
    #[arg(short = 'H', long, global = true)]
    pub host: Option<String>,
    /// That port; 7199 if only the address is given.
    #[arg(short, long, global = true)]
    pub port: Option<u16>,
    /// The form of reports.
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

/// The form of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people, in nodetool's layouts.
    #[default]
    Text,
    /// As one JSON value.
    Json,
}

impl Format {
    /// A report, in words by `text`.
    fn show<R: Serialize>(self, report: &R, text: impl FnOnce(&R) -> String) -> anyhow::Result<String> {
        match self {
            Format::Text => Ok(text(report)),
            Format::Json => Ok(format!("{}\n", serde_json::to_string_pretty(report)?)),
        }
    }
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Copy all data of the node as it is now into its data directory, under snapshots. The copy shares files with the node.
    Snapshot {
        /// The name of the copy; without one, the time.
        #[arg(short, long, value_parser = snapshot_name)]
        tag: Option<String>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// List the snapshots.
    Listsnapshots,
    /// Remove a snapshot, or all.
    Clearsnapshot {
        /// The name of the snapshot.
        #[arg(short, long, value_parser = snapshot_name, required_unless_present = "all")]
        tag: Option<String>,
        /// Remove all snapshots.
        #[arg(long, conflicts_with = "tag")]
        all: bool,
    },
    /// Print the sizes of tables on this node.
    Tablestats {
        /// keyspace or keyspace.table; without any, all tables.
        #[arg(value_parser = table_selection)]
        tables: Vec<TableSelection>,
    },
    /// Write what is in memory to files.
    Flush(Waiting),
    /// Rewrite all files into the fewest.
    Compact(Waiting),
    /// Print the members by datacentre: their state, tokens and share of the ring.
    Status {
        /// The keyspace whose copies the shares count; without it, all of users, if they have one replication.
        #[arg(value_parser = name)]
        keyspace: Option<String>,
    },
    /// Print the tokens of all members.
    Ring {
        /// The keyspace whose copies the shares count.
        #[arg(value_parser = name)]
        keyspace: Option<String>,
    },
    /// Print the cluster's name, its members' versions of the schema, and the keyspaces with their replication.
    Describecluster,
    /// Look at the whole cluster, and name each problem with its next step. Ends with 0 if there is none, and with 2 if there is any.
    Doctor,
    /// Print the mode of the node, and which rows move.
    Netstats,
    /// Say that there is nothing to clean up.
    Cleanup {
        /// Keyspace and tables, as nodetool takes them.
        #[arg(num_args = 0..)]
        names: Vec<String>,
    },
    /// Say that there is nothing to rebuild.
    Rebuild {
        /// The datacentre, as nodetool takes it.
        datacenter: Option<String>,
    },
    /// Print where the cluster's metadata log ends on this node, and who votes on it.
    Metadata,
    /// Show the change of members under way: its step, and what it waits for.
    Plan,
    /// Have the node leave: its rows go to the other members, then it ends. Its host id never comes back.
    Decommission {
        /// Also if fewer members are left than keyspaces want copies.
        #[arg(short, long)]
        force: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Remove a member that is down for good. Its rows come from the other replicas, and its host id never comes back.
    Removenode {
        /// The host id of the member.
        host_id: String,
        /// Also if it has the only copies of rows, which are lost then.
        #[arg(short, long)]
        force: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Go on with the metadata log from this node alone, because most voters are lost for good. What only they had agreed on is gone, and
    /// a node that has more of the log than this one has to be replaced.
    Overridemetadata {
        /// The hash at which this node's log ends, as `metadata` prints it.
        #[arg(long)]
        hash: String,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Say whether hints are kept for nodes that are down, and delivered.
    Statushandoff,
    /// Deliver no hints until resumehandoff, or until the node restarts. They are kept all the same.
    Pausehandoff,
    /// Deliver hints again.
    Resumehandoff,
    /// Remove hints. What they held is brought by repair only.
    Truncatehints {
        /// The host id of the member whose hints to remove; without one, all hints.
        host_id: Option<String>,
    },
    /// List the nodes for which this node keeps hints.
    Listpendinghints,
    /// Compare what this node holds with all other replicas now, and bring every replica what it lacks. It happens by itself all the time.
    Repair {
        /// The keyspace; without it, all.
        #[arg(value_parser = name)]
        keyspace: Option<String>,
        /// The table; without it, all of the keyspace.
        #[arg(value_parser = name)]
        table: Option<String>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// List the operations (snapshot, flush, compact) since the node's start.
    Operations,
    /// Wait until an operation has ended, and print how.
    Watch {
        /// The number of the operation.
        id: u64,
    },
    /// Take the change of members under way back, if reads have not moved yet; or stop an operation after its present step, of which only
    /// compact can be stopped.
    Abort {
        /// The number of the operation; without one, the change of members.
        id: Option<u64>,
    },
}

/// Options of commands that start an operation.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Waiting {
    /// Print the operation's number and do not wait for its end.
    #[arg(long)]
    no_wait: bool,
}

fn snapshot_name(text: &str) -> anyhow::Result<String> {
    ensure!(route::is_name(text), "{text:?} cannot name a snapshot: letters, digits, - _ and . can");
    Ok(text.to_owned())
}

fn name(text: &str) -> anyhow::Result<String> {
    ensure!(is_name(text), "{text:?} is no name of a keyspace or a table");
    Ok(text.to_owned())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn table_selection(text: &str) -> anyhow::Result<TableSelection> {
    let (keyspace, table) = text.split_once('.').map_or((text, None), |(keyspace, table)| (keyspace, Some(table)));
    ensure!(
        is_name(keyspace) && table.is_none_or(is_name),
        "{text:?} names no table: write keyspace or keyspace.table"
    );
    Ok(TableSelection { keyspace: Some(keyspace.to_owned()), table: table.map(str::to_owned) })
}

/// The port, if one is asked for, or the socket.
fn place(options: &AdminOptions) -> Place {
    match (&options.host, options.port) {
        (None, None) => Place::Socket(options.data_directory.clone()),
        (host, port) => {
            Place::Port(host.clone().unwrap_or_else(|| "127.0.0.1".to_owned()), port.unwrap_or(route::PORT))
        }
    }
}

/// Runs a command; gives the process' exit code.
pub fn admin(options: &AdminOptions) -> anyhow::Result<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client { place: place(options) };
    let (text, code) = match &options.command {
        Command::Doctor => {
            let diagnosis = runtime.block_on(doctor::diagnose(&client))?;
            (options.format.show(&diagnosis, Diagnosis::text)?, if diagnosis.is_well() { 0 } else { PROBLEMS_FOUND })
        }
        command => (runtime.block_on(run(&client, command, options.format))?, 0),
    };
    // A reader that has gone away, as `head` does, is no failure of the command.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(code)
}

/// Runs a command; gives what it prints.
async fn run(client: &Client, command: &Command, format: Format) -> anyhow::Result<String> {
    let start = async |request, waiting: &Waiting| operations::start(client, request, !waiting.no_wait).await;
    match command {
        Command::Snapshot { tag, waiting } => {
            let name = tag.clone().unwrap_or_else(|| jiff::Timestamp::now().as_millisecond().to_string());
            start(OperationRequest::Snapshot { name }, waiting).await
        }
        Command::Flush(waiting) => start(OperationRequest::Flush, waiting).await,
        Command::Compact(waiting) => start(OperationRequest::Compact, waiting).await,
        Command::Status { keyspace } => format.show(&cluster_of(client, keyspace.clone()).await?, cluster::status),
        Command::Ring { keyspace } => format.show(&cluster_of(client, keyspace.clone()).await?, cluster::ring),
        Command::Describecluster => format.show(&cluster_of(client, None).await?, cluster::describe),
        Command::Doctor => Ok(doctor::diagnose(client).await?.text()),
        Command::Netstats => {
            let whole = cluster_of(client, None).await?;
            let plan = client.report::<PlanUnderWay>(&Everything {}).await?;
            format.show(&plan, |plan| cluster::netstats(&whole, plan))
        }
        Command::Cleanup { .. } => Ok(cluster::CLEANUP.to_owned()),
        Command::Rebuild { .. } => Ok(cluster::REBUILD.to_owned()),
        Command::Metadata => format.show(&client.report::<MetadataLog>(&Everything {}).await?, metadata),
        Command::Plan => format.show(&client.report::<PlanUnderWay>(&Everything {}).await?, plan::describe),
        Command::Decommission { force, waiting } => {
            start(OperationRequest::Decommission { force: *force }, waiting).await
        }
        Command::Removenode { host_id, force, waiting } => {
            start(OperationRequest::RemoveMember { host_id: host_id.clone(), force: *force }, waiting).await
        }
        Command::Overridemetadata { hash, waiting } => {
            start(OperationRequest::BeginLineage { hash: hash.clone() }, waiting).await
        }
        Command::Statushandoff => format.show(&client.report::<Handoff>(&Everything {}).await?, handoff::status),
        Command::Pausehandoff => operations::start(client, OperationRequest::PauseHandoff, true).await,
        Command::Resumehandoff => operations::start(client, OperationRequest::ResumeHandoff, true).await,
        Command::Truncatehints { host_id } => {
            let request = OperationRequest::TruncateHints { host_id: host_id.clone() };
            operations::start(client, request, true).await
        }
        Command::Listpendinghints => format.show(&client.report::<Handoff>(&Everything {}).await?, handoff::pending),
        Command::Repair { keyspace, table, waiting } => {
            let request = OperationRequest::Repair { keyspace: keyspace.clone(), table: table.clone() };
            start(request, waiting).await
        }
        Command::Operations => Ok(operations::list(&client.operations().await?)),
        Command::Watch { id } => operations::wait(client, client.watch(OperationId(*id)).await?).await,
        Command::Abort { id: None } => operations::start(client, OperationRequest::AbortPlan, true).await,
        Command::Abort { id: Some(id) } => {
            client.abort(OperationId(*id)).await?;
            Ok(format!("Operation {id} stops after its present step\n"))
        }
        Command::Listsnapshots => {
            format.show(&client.report::<Vec<Snapshot>>(&Everything {}).await?, |snapshots| list_snapshots(snapshots))
        }
        Command::Clearsnapshot { tag, .. } => clear_snapshots(client, tag.as_deref()).await,
        Command::Tablestats { tables } => table_stats(client, tables, format).await,
    }
}

async fn cluster_of(client: &Client, keyspace: Option<String>) -> anyhow::Result<ClusterReport> {
    client.report(&KeyspaceSelection { keyspace }).await
}

fn metadata(log: &MetadataLog) -> String {
    let row = |voter: &Voter| {
        let address = voter.address.clone().unwrap_or_else(|| "-".to_owned());
        vec![if voter.is_up { "UN" } else { "DN" }.to_owned(), address, voter.host_id.clone()]
    };
    let voters = print(&["Status", "Address", "Host ID"], log.voters.iter().map(row).collect());
    let MetadataLog { lineage, index, hash, .. } = log;
    format!("Lineage: {lineage}\nEntries: {index}\nHash: {hash}\n\nVoters\n{voters}")
}

fn list_snapshots(snapshots: &[Snapshot]) -> String {
    if snapshots.is_empty() {
        return "There are no snapshots\n".to_owned();
    }
    let row = |snapshot: &Snapshot| {
        let [own, all] = [snapshot.own_bytes, snapshot.bytes].map(size_text);
        vec![snapshot.name.clone(), own, all, table::format_time(snapshot.created_seconds)]
    };
    print(&["Snapshot name", "True size", "Size on disk", "Creation time"], snapshots.iter().map(row).collect())
}

async fn clear_snapshots(client: &Client, tag: Option<&str>) -> anyhow::Result<String> {
    let names = match tag {
        Some(tag) => vec![tag.to_owned()],
        None => {
            client.report::<Vec<Snapshot>>(&Everything {}).await?.into_iter().map(|snapshot| snapshot.name).collect()
        }
    };
    if names.is_empty() {
        return Ok("There are no snapshots\n".to_owned());
    }
    let mut text = String::new();
    for name in names {
        client.clear_snapshot(&name).await?;
        text += &format!("Cleared snapshot {name}\n");
    }
    Ok(text)
}

async fn table_stats(client: &Client, selections: &[TableSelection], format: Format) -> anyhow::Result<String> {
    let all = [TableSelection::default()];
    let mut rows = Vec::new();
    for selection in if selections.is_empty() { &all } else { selections } {
        rows.extend(client.report::<Vec<TableStats>>(selection).await?);
    }
    let row = |TableStats { keyspace, table, disk_bytes, partitions }: &TableStats| {
        vec![format!("{keyspace}.{table}"), size_text(*disk_bytes), partitions.to_string()]
    };
    let names = ["Table", "Space used", "Number of partitions (estimate)"];
    format.show(&rows, |rows: &Vec<TableStats>| print(&names, rows.iter().map(row).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_place() {
        assert!(snapshot_name("../../etc").is_err() && snapshot_name("").is_err() && snapshot_name("a?b").is_err());
        let selection = table_selection("ks.t").unwrap();
        assert_eq!((selection.keyspace.as_deref(), selection.table.as_deref()), (Some("ks"), Some("t")));
        assert!(["ks&x=1", "ks.", ".t", ""].into_iter().all(|text| table_selection(text).is_err()));
    }
}
