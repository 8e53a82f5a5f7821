//! The commands, and what their arguments may be.

use crate::backup::{backup_name, rate};
use crate::handoff::HandoffCommand;
use crate::inspection::Inspection;
use crate::logging::LoggingCommand;
use crate::names::{name, snapshot_name, table_selection};
use clap::Subcommand;
use henge_import::ImportOptions;
use henge_operator::{NamedTables, TableSelection};
use std::path::PathBuf;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
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
    /// Copy all nodes' files into a place that every node reaches, each content once. The nodes serve meanwhile.
    Backup {
        /// A folder, which exists, of a disk that every node has mounted at the same path; or s3://bucket/prefix, with endpoint, region and
        /// credentials in the environment of every node.
        place: PathBuf,
        /// The name of the backup; without one, the time.
        #[arg(short, long, value_parser = backup_name)]
        name: Option<String>,
        /// Bytes that each node reads of its files in a second; 0 for no limit.
        #[arg(long, default_value = "64MiB", value_parser = rate)]
        rate: u64,
        /// Leave out nodes that are down. Rows of which only they have copies are missing then.
        #[arg(long)]
        without_down: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// List the finished backups in a place. No node is asked.
    #[command(visible_alias = "list")]
    Listbackups {
        /// The folder, or s3://bucket/prefix, with endpoint, region and credentials in the environment.
        place: PathBuf,
    },
    /// Read all of a backup, and compare it with its checksums. Ends with 2 if any of it is damaged. No node is asked.
    #[command(visible_alias = "verify")]
    Verifybackup {
        /// The folder, or s3://bucket/prefix, with endpoint, region and credentials in the environment.
        place: PathBuf,
        /// The name of the backup.
        #[arg(value_parser = backup_name)]
        name: String,
    },
    /// Write the rows of a backup into this cluster, of whichever size it is, with their timestamps and times to live. Tables that are
    /// missing are made; what is there already stays, and newer values win.
    Restore {
        /// The folder, which the node has at the same path; or s3://bucket/prefix, with the rest in the node's environment.
        place: PathBuf,
        /// The name of the backup.
        #[arg(value_parser = backup_name)]
        name: String,
        /// keyspace.table, to restore one table.
        #[arg(long)]
        table: Option<String>,
        /// Another name for that table, to restore it beside its live self.
        #[arg(long = "as", requires = "table")]
        new_name: Option<String>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Read a keyspace or a table of another cluster, such as one of Apache Cassandra, while both serve, and write its rows into this one
    /// with the time of each cell. Ends with 2 if rows may be missing; the same command goes on then. No admin port is asked.
    Import(Box<ImportOptions>),
    /// Print the sizes of tables on this node, and the reads and writes that it served of them as a replica since its start.
    Tablestats {
        /// keyspace or keyspace.table; without any, all tables.
        #[arg(value_parser = table_selection)]
        tables: Vec<TableSelection>,
    },
    /// Write what is in memory to files. All tables share that memory, so those that are named are not written alone.
    Flush {
        #[command(flatten)]
        tables: Tables,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Rewrite the files of tables, those of their tombstones and indexes included, into the fewest.
    Compact {
        #[command(flatten)]
        tables: Tables,
        #[command(flatten)]
        waiting: Waiting,
    },
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
    /// Show the cluster in a browser on this machine: prints the address to open, and serves it until Ctrl-C.
    Console {
        /// The port of 127.0.0.1 for the browser; 0 for any that is free.
        #[arg(long, default_value_t = 7201)]
        console_port: u16,
        /// The authorities' certificates, as PEM, where clients need TLS: for statements of those who log in there as a role.
        #[arg(long)]
        ssl_certfile: Option<PathBuf>,
    },
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
    /// Show the change of members under way: its step, what it waits for, and how much has moved. Or look at one before it begins.
    Plan {
        #[command(subcommand)]
        command: Option<PlanCommand>,
    },
    /// Have the node leave: its rows go to the other members, then it ends. Its host id never comes back.
    Decommission {
        /// Also if fewer members are left than keyspaces want copies, or ranges lack a quorum on the way.
        #[arg(short, long)]
        force: bool,
        /// Change nothing, and print what would move: as `plan preview decommission`.
        #[arg(long, conflicts_with = "no_wait")]
        dry_run: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Remove a member that is down for good. Its rows come from the other replicas, and its host id never comes back.
    Removenode {
        /// The host id of the member.
        host_id: String,
        /// Also if it has the only copies of rows, which are lost then, or ranges lack a quorum on the way.
        #[arg(short, long)]
        force: bool,
        /// Change nothing, and print what would move: as `plan preview removenode`.
        #[arg(long, conflicts_with = "no_wait")]
        dry_run: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Have the cluster write the formats of the next version, once every member runs a release that speaks it. There is no way back to a
    /// release that does not.
    Finaliseupgrade(Waiting),
    /// Go on with the metadata log from this node alone, because most voters are lost for good. What only they had agreed on is gone, and
    /// a node that has more of the log than this one has to be replaced.
    Overridemetadata {
        /// The hash at which this node's log ends, as `metadata` prints it.
        #[arg(long)]
        hash: String,
        #[command(flatten)]
        waiting: Waiting,
    },
    #[command(flatten)]
    Handoff(HandoffCommand),
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
    #[command(flatten)]
    Inspection(Inspection),
    #[command(flatten)]
    Logging(LoggingCommand),
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

/// The plan under way, or one that is yet to be.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Show the change of members under way, as without a word behind plan.
    Status,
    /// Look at a change before it begins: what moves from whom to whom, in which time, who owns what afterwards, and which ranges lack a
    /// quorum. Changes nothing. Ends with 2 if the change would be refused now.
    Preview {
        #[command(subcommand)]
        change: PreviewCommand,
    },
}

/// A change to look at.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PreviewCommand {
    /// A member that serves leaves.
    Decommission {
        /// The host id of the member; without one, the node that is asked.
        host_id: Option<String>,
        /// As decommission takes it.
        #[arg(short, long)]
        force: bool,
    },
    /// A member that is down for good is removed.
    Removenode {
        /// The host id of the member.
        host_id: String,
        /// As removenode takes it.
        #[arg(short, long)]
        force: bool,
    },
    /// A node is started with --replace in place of a member that is down for good.
    Replace {
        /// The host id of the member.
        host_id: String,
    },
    /// A node joins.
    Join {
        /// Its datacentre; without it, that of the node that is asked.
        #[arg(long)]
        datacenter: Option<String>,
        /// Its rack; without it, that of the node that is asked.
        #[arg(long)]
        rack: Option<String>,
        /// The number of its tokens; without it, as the node that is asked has it set.
        #[arg(long)]
        num_tokens: Option<u32>,
    },
    /// A keyspace gets another replication by ALTER KEYSPACE.
    Alter {
        /// The keyspace.
        #[arg(value_parser = name)]
        keyspace: String,
        /// A number of copies for SimpleStrategy, or dc1:3,dc2:2 for NetworkTopologyStrategy.
        replication: String,
    },
}

/// Tables that an operation is about.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Tables {
    /// The keyspace; without it, all keyspaces.
    #[arg(value_parser = name)]
    keyspace: Option<String>,
    /// Its tables; without any, all of them.
    #[arg(value_parser = name)]
    tables: Vec<String>,
}

impl Tables {
    pub(crate) fn to_names(&self) -> NamedTables {
        NamedTables { keyspace: self.keyspace.clone(), tables: self.tables.clone() }
    }
}

/// Options of commands that start an operation.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Waiting {
    /// Print the operation's number and do not wait for its end.
    #[arg(long)]
    pub(crate) no_wait: bool,
}
