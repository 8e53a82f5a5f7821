//! `henge admin`: what an operator does to a running node, by nodetool's command names.
//!
//! - `call`: one request to the node's admin port.
//! - `table`: values in columns, as nodetool prints them.

// A program for people, outside of any cluster: it names the runtime and reads clocks.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod call;
mod table;

use anyhow::{Context, bail};
use call::Client;
use clap::Subcommand;
use serde_json::Value;
use table::print;

/// Acts on a running node.
#[derive(Clone, Debug, clap::Args)]
pub struct AdminOptions {
    /// The node's admin address.
    #[arg(short = 'H', long, default_value = "127.0.0.1", global = true)]
    pub host: String,
    /// Its admin port.
    #[arg(short, long, default_value_t = 7199, global = true)]
    pub port: u16,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Copy all data of the node as it is now into its data directory, under snapshots. Shares files: takes a moment and no room.
    Snapshot {
        /// The copy's name; the time if there is none.
        #[arg(short, long)]
        tag: Option<String>,
    },
    /// List the copies there are.
    Listsnapshots,
    /// Remove a copy, or all.
    Clearsnapshot {
        /// Which.
        #[arg(short, long, required_unless_present = "all")]
        tag: Option<String>,
        /// All of them.
        #[arg(long, conflicts_with = "tag")]
        all: bool,
    },
    /// Size of tables on this node.
    Tablestats {
        /// keyspace or keyspace.table; all if there are none.
        tables: Vec<String>,
    },
    /// Write what is in memory to files.
    Flush,
    /// Rewrite all files into the fewest.
    Compact,
}

/// Runs a command; gives the process' exit code.
pub fn admin(options: &AdminOptions) -> anyhow::Result<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client { host: options.host.clone(), port: options.port };
    runtime.block_on(run(&client, &options.command))?;
    Ok(0)
}

async fn run(client: &Client, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Snapshot { tag } => snapshot(client, tag.as_deref()).await,
        Command::Listsnapshots => list(client).await,
        Command::Clearsnapshot { tag, .. } => clear(client, tag.as_deref()).await,
        Command::Tablestats { tables } => tablestats(client, tables).await,
        Command::Flush => flush(client).await,
        Command::Compact => compact(client).await,
    }
}

async fn snapshot(client: &Client, tag: Option<&str>) -> anyhow::Result<()> {
    let name = tag.map_or_else(|| jiff::Timestamp::now().as_millisecond().to_string(), str::to_owned);
    let taken = client.post(&format!("/snapshots/{}", segment(&name)?)).await?;
    println!("Snapshot {name}: {} of data in {}", bytes(&taken["bytes"]), text(&taken["path"]));
    Ok(())
}

async fn flush(client: &Client) -> anyhow::Result<()> {
    let flushed = client.post("/flush").await?;
    println!("Flushed {} from memory to files", bytes(&flushed["memory_bytes"]));
    Ok(())
}

async fn compact(client: &Client) -> anyhow::Result<()> {
    let compacted = client.post("/compact").await?;
    println!("Compacted {} in files to {}", bytes(&compacted["before_bytes"]), bytes(&compacted["after_bytes"]));
    Ok(())
}

/// A name as a part of a path: the node says what names may be, this only keeps other paths out.
fn segment(name: &str) -> anyhow::Result<&str> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        bail!("{name:?} cannot name a snapshot: letters, digits, - _ and . can");
    }
    Ok(name)
}

async fn names(client: &Client) -> anyhow::Result<Vec<Value>> {
    let found = client.get("/snapshots").await?;
    found.as_array().cloned().context("the node's answer is no list")
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let snapshots = names(client).await?;
    if snapshots.is_empty() {
        println!("There are no snapshots");
        return Ok(());
    }
    let row = |snapshot: &Value| {
        let created = snapshot["created_seconds"].as_i64().and_then(|s| jiff::Timestamp::from_second(s).ok());
        vec![
            snapshot["name"].as_str().unwrap_or_default().to_owned(),
            bytes(&snapshot["own_bytes"]),
            bytes(&snapshot["bytes"]),
            created.map_or_else(String::new, |at| at.to_string()),
        ]
    };
    print(&["Snapshot name", "True size", "Size on disk", "Creation time"], snapshots.iter().map(row).collect());
    Ok(())
}

async fn clear(client: &Client, tag: Option<&str>) -> anyhow::Result<()> {
    let names = match tag {
        Some(tag) => vec![segment(tag)?.to_owned()],
        None => names(client).await?.iter().filter_map(|s| Some(s["name"].as_str()?.to_owned())).collect(),
    };
    if names.is_empty() {
        println!("There are no snapshots");
    }
    for name in names {
        client.delete(&format!("/snapshots/{name}")).await?;
        println!("Cleared snapshot {name}");
    }
    Ok(())
}

async fn tablestats(client: &Client, tables: &[String]) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let all = [String::new()];
    for name in if tables.is_empty() { &all } else { tables } {
        let found = client.get(&path(name)?).await?;
        rows.extend(found.as_array().into_iter().flatten().map(|table| {
            vec![
                format!("{}.{}", text(&table["keyspace"]), text(&table["table"])),
                bytes(&table["disk_bytes"]),
                table["partitions"].to_string(),
            ]
        }));
    }
    print(&["Table", "Space used", "Number of partitions (estimate)"], rows);
    Ok(())
}

/// The path of all tables, a keyspace's, or one.
fn path(name: &str) -> anyhow::Result<String> {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) {
        bail!("{name:?} names no table: write keyspace or keyspace.table");
    }
    Ok(match name.split_once('.') {
        Some((keyspace, table)) => format!("/tables?keyspace={keyspace}&table={table}"),
        None if name.is_empty() => "/tables".to_owned(),
        None => format!("/tables?keyspace={name}"),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A number of bytes as people read it.
fn bytes(value: &Value) -> String {
    let bytes = value.as_u64().unwrap_or_default();
    let (mut size, mut unit) = (bytes as f64, "bytes");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, larger);
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.2} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_people_would_use() {
        let sizes = [0u64, 1023, 1024, 1_572_864, 5 << 40].map(|size| bytes(&Value::from(size)));
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.00 KiB", "1.50 MiB", "5.00 TiB"]);
    }

    #[test]
    fn names_stay_within_their_place() {
        assert!(segment("../../etc").is_err() && segment("").is_err() && segment("a?b").is_err());
        assert_eq!(path("ks.t").unwrap(), "/tables?keyspace=ks&table=t");
        assert!(path("ks&x=1").is_err());
    }
}
