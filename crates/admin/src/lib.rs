//! `henge admin`: what an operator does to a running node, by nodetool's command names.
//!
//! - `command`: the commands; `absent`: those of nodetool that Henge has no use for; `names`: their arguments; `client`: requests to the
//!   node's admin port.
//! - `cluster`: members and what they own; `plan`: rows that move; `preview`: rows that would; `handoff`: hints; `backup`: folders of
//!   backups; `operations`: what takes long.
//! - `inspection`: commands that look at one node; `logging`: levels of the log. `doctor`: what is wrong; `console`: all of that in a
//!   browser; `table`: values in columns, as nodetool prints them.

// A program for people, outside of any cluster: it names the runtime and reads clocks.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod absent;
mod backup;
mod client;
mod cluster;
mod command;
mod console;
mod doctor;
mod handoff;
mod inspection;
mod logging;
mod names;
mod operations;
mod plan;
mod preview;
mod table;

pub use absent::absent_command;
use client::{Client, Place};
use command::{Command, Waiting};
use doctor::Diagnosis;
use henge_operator::{
    ClusterReport, Everything, KeyspaceSelection, MetadataLog, OperationId, OperationRequest, PlanPreview,
    PlanUnderWay, Snapshot, TableSelection, TableStats, Voter, route, size_text,
};
pub use names::WrongUsage;
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
        // They ask no node, and wait by themselves.
        Command::Listbackups { place } => {
            (options.format.show(&backup::backups(place)?, |all| backup::list_text(all))?, 0)
        }
        Command::Verifybackup { place, name } => {
            let verified = backup::verify_in(place, name)?;
            let code = if verified.damaged.is_empty() { 0 } else { PROBLEMS_FOUND };
            (options.format.show(&verified, backup::verified_text)?, code)
        }
        command if let Some(selection) = preview::selection(command) => {
            let preview: PlanPreview = runtime.block_on(client.report(&selection))?;
            let code = if preview.refusal.is_none() { 0 } else { PROBLEMS_FOUND };
            (options.format.show(&preview, preview::text)?, code)
        }
        Command::Import(options) => (String::new(), henge_import::import(options)?),
        Command::Console { console_port, ssl_certfile } => {
            runtime.block_on(console::serve(client, *console_port, ssl_certfile.clone()))?;
            (String::new(), 0)
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
        Command::Flush { tables, waiting } => start(OperationRequest::Flush(tables.to_names()), waiting).await,
        Command::Compact { tables, waiting } => start(OperationRequest::Compact(tables.to_names()), waiting).await,
        Command::Status { keyspace } => format.show(&cluster_of(client, keyspace.clone()).await?, cluster::status),
        Command::Ring { keyspace } => format.show(&cluster_of(client, keyspace.clone()).await?, cluster::ring),
        Command::Describecluster => format.show(&cluster_of(client, None).await?, cluster::describe),
        // They print by themselves.
        Command::Console { .. } | Command::Import(_) => Ok(String::new()),
        Command::Listbackups { .. } | Command::Verifybackup { .. } => Ok(String::new()),
        Command::Doctor => Ok(doctor::diagnose(client).await?.text()),
        Command::Backup { place, name, rate, without_down, waiting } => {
            let name = name.clone().unwrap_or_else(|| jiff::Timestamp::now().as_millisecond().to_string());
            let (to, bytes_per_second, without_down) = (backup::place(place)?, *rate, *without_down);
            start(OperationRequest::BackUp { to, name, bytes_per_second, without_down }, waiting).await
        }
        Command::Restore { place, name, table, new_name, waiting } => {
            let table = table.as_ref().map(|table| backup::restored_name(table, new_name.as_deref())).transpose()?;
            start(OperationRequest::Restore { from: backup::place(place)?, name: name.clone(), table }, waiting).await
        }
        Command::Netstats => {
            let whole = cluster_of(client, None).await?;
            let plan = client.report::<PlanUnderWay>(&Everything {}).await?;
            format.show(&plan, |plan| cluster::netstats(&whole, plan))
        }
        Command::Cleanup { .. } => Ok(cluster::CLEANUP.to_owned()),
        Command::Rebuild { .. } => Ok(cluster::REBUILD.to_owned()),
        Command::Metadata => format.show(&client.report::<MetadataLog>(&Everything {}).await?, metadata),
        // Of its words there is a preview, which has been shown by now, and the status.
        Command::Plan { .. } => format.show(&client.report::<PlanUnderWay>(&Everything {}).await?, plan::describe),
        Command::Decommission { force, waiting, .. } => {
            start(OperationRequest::Decommission { force: *force }, waiting).await
        }
        Command::Removenode { host_id, force, waiting, .. } => {
            start(OperationRequest::RemoveMember { host_id: host_id.clone(), force: *force }, waiting).await
        }
        Command::Finaliseupgrade(waiting) => start(OperationRequest::FinaliseUpgrade, waiting).await,
        Command::Overridemetadata { hash, waiting } => {
            start(OperationRequest::BeginLineage { hash: hash.clone() }, waiting).await
        }
        Command::Handoff(command) => handoff::run(client, command, format).await,
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
        Command::Inspection(command) => inspection::run(client, command, format).await,
        Command::Logging(command) => logging::run(client, command, format).await,
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
    let MetadataLog { lineage, index, hash, version, lowest_version, newest_version, .. } = log;
    format!(
        "Lineage: {lineage}\nEntries: {index}\nHash: {hash}\nVersion: {version} (this node speaks {lowest_version} to {newest_version})\n\nVoters\n{voters}"
    )
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
    let row = |TableStats { keyspace, table, disk_bytes, partitions, reads, writes }: &TableStats| {
        let counts = [partitions, reads, writes].map(u64::to_string);
        [format!("{keyspace}.{table}"), size_text(*disk_bytes)].into_iter().chain(counts).collect()
    };
    let names = ["Table", "Space used", "Number of partitions (estimate)", "Local read count", "Local write count"];
    format.show(&rows, |rows: &Vec<TableStats>| print(&names, rows.iter().map(row).collect()))
}
