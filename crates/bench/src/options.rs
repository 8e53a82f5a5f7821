//! The command line.

use henge_model::Consistency;
use henge_protocol::Version;
use henge_shell::{Access, ShellOptions};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Measures single-row reads or writes and what they cost the servers.
#[derive(Clone, Debug, clap::Args)]
pub struct BenchOptions {
    /// Servers, comma-separated; connections are spread over them.
    #[arg(long, value_delimiter = ',', default_value = "127.0.0.1:9042")]
    pub hosts: Vec<SocketAddr>,
    /// The role to log in as.
    #[arg(short, long)]
    pub username: Option<String>,
    /// Its password, by default that of CQLSH_PASSWORD. Left out, it is asked for; on the command line others may see
    /// it.
    #[arg(short, long)]
    pub password: Option<String>,
    /// Use TLS.
    #[arg(long)]
    pub ssl: bool,
    /// The authorities' certificates, as PEM: whom to believe the servers'.
    #[arg(long, env = "SSL_CERTFILE")]
    pub ssl_certfile: Option<PathBuf>,
    /// The file with credentials and certificates, as of `henge shell`. [default: ~/.cassandra/cqlshrc]
    #[arg(long, value_name = "FILE")]
    pub cqlshrc: Option<PathBuf>,
    /// Write instead of read.
    #[arg(long)]
    pub write: bool,
    /// Write under a condition that holds: UPDATE ... IF EXISTS.
    #[arg(long, conflicts_with = "write")]
    pub conditional: bool,
    /// Write logged batches of two rows, which are of two partitions as a rule.
    #[arg(long, conflicts_with_all = ["write", "conditional"])]
    pub batch: bool,
    /// Read 5,000 neighbouring rows of one partition with every request; rows are counted.
    #[arg(long, conflicts_with_all = ["write", "conditional", "batch"])]
    pub scan: bool,
    /// Send the statement's text with every request instead of preparing it.
    #[arg(long)]
    pub unprepared: bool,
    /// Write every row once before measuring.
    #[arg(long)]
    pub fill: bool,
    /// Rows that keys are drawn from.
    #[arg(long, default_value_t = 100_000)]
    pub rows: u64,
    /// The first of these keys.
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// Bytes of a value.
    #[arg(long, default_value_t = 200)]
    pub value_bytes: usize,
    /// Requests under way at any time, over all connections.
    #[arg(long, default_value_t = 256)]
    pub in_flight: usize,
    /// Connections, each with a thread.
    #[arg(long, default_value_t = 4)]
    pub connections: usize,
    /// Requests per second over all connections; 0: as many as go.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Seconds measured.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 3)]
    pub warm_up: u64,
    /// ONE, QUORUM and so on.
    #[arg(long, default_value = "ONE")]
    pub consistency: String,
    /// Replicas, for the keyspace that is made.
    #[arg(long, default_value_t = 1)]
    pub replication: u32,
    /// Protocol version, 4 or 5.
    #[arg(long, default_value_t = 5)]
    pub protocol: u8,
    /// Measure only what a synced append to a file in this folder costs.
    #[arg(long)]
    pub probe: Option<PathBuf>,
    /// Processes of the servers, comma-separated: their CPU time is divided by the operations.
    #[arg(long, value_delimiter = ',')]
    pub pids: Vec<u32>,
}

impl BenchOptions {
    /// The statement of a load.
    pub(crate) fn statement(&self) -> &'static str {
        if self.batch {
            return "BEGIN BATCH INSERT INTO bench.data (k, v) VALUES (?, ?); INSERT INTO bench.data (k, v) VALUES (?, ?); \
                    APPLY BATCH";
        }
        match (self.write, self.conditional, self.scan) {
            (true, _, false) => "INSERT INTO bench.data (k, v) VALUES (?, ?)",
            (true, _, true) => "INSERT INTO bench.wide (k, c, v) VALUES (0, ?, ?)",
            (_, true, _) => "UPDATE bench.data SET v = :v WHERE k = :k IF EXISTS",
            (_, _, true) => "SELECT c, v FROM bench.wide WHERE k = 0 AND c >= ? LIMIT 5000",
            _ => "SELECT v FROM bench.data WHERE k = ?",
        }
    }

    /// Rows of one operation.
    pub(crate) fn rows_per_operation(&self) -> u64 {
        if self.scan && !self.write { 5_000 } else { 1 }
    }

    /// Role, password and certificates, which `henge shell` would find.
    pub(crate) fn find_access(&self) -> anyhow::Result<Access> {
        Access::find(&ShellOptions {
            username: self.username.clone(),
            password: self.password.clone(),
            ssl: self.ssl,
            ssl_certfile: self.ssl_certfile.clone(),
            cqlshrc: self.cqlshrc.clone(),
            ..ShellOptions::default()
        })
    }

    /// The server of a connection.
    pub(crate) fn host(&self, connection: usize) -> SocketAddr {
        self.hosts[connection % self.hosts.len().max(1)]
    }

    pub(crate) fn version(&self) -> anyhow::Result<Version> {
        Version::from_number(self.protocol).ok_or_else(|| anyhow::anyhow!("no protocol version {}", self.protocol))
    }

    pub(crate) fn level(&self) -> anyhow::Result<Consistency> {
        let named = Consistency::all().into_iter().find(|c| c.name().eq_ignore_ascii_case(&self.consistency));
        named.ok_or_else(|| anyhow::anyhow!("no consistency level is called {}", self.consistency))
    }
}
