//! The command line options, as in cqlsh.

use std::path::PathBuf;

/// A CQL shell.
#[derive(Clone, Default, clap::Args)]
pub struct ShellOptions {
    /// The node to connect to; 127.0.0.1 unless `cqlshrc` names another one.
    #[arg(env = "CQLSH_HOST")]
    pub host: Option<String>,
    /// Its port for clients; 9042 unless `cqlshrc` names another one.
    #[arg(env = "CQLSH_PORT")]
    pub port: Option<u16>,
    /// Run these statements and end.
    #[arg(short, long, conflicts_with = "file", allow_hyphen_values = true)]
    pub execute: Option<String>,
    /// Run the statements of a file and end.
    #[arg(short, long)]
    pub file: Option<PathBuf>,
    /// The keyspace to begin in.
    #[arg(short, long)]
    pub keyspace: Option<String>,
    /// The role to log in as.
    #[arg(short, long)]
    pub username: Option<String>,
    /// Its password. Left out, it is asked for; on the command line others may see it.
    #[arg(short, long, env = "CQLSH_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// Use TLS.
    #[arg(long)]
    pub ssl: bool,
    /// The authorities' certificates, as PEM: whom to believe the node's.
    #[arg(long, env = "SSL_CERTFILE")]
    pub ssl_certfile: Option<PathBuf>,
    /// The consistency level to begin with.
    #[arg(long, default_value = "ONE")]
    pub consistency_level: String,
    /// Seconds to wait for a connection; 5 unless `cqlshrc` tells others.
    #[arg(long)]
    pub connect_timeout: Option<u64>,
    /// Seconds to wait for an answer; 10 unless `cqlshrc` tells others.
    #[arg(long)]
    pub request_timeout: Option<u64>,
    /// The file of settings, as cqlsh has it. [default: ~/.cassandra/cqlshrc]
    #[arg(long, value_name = "FILE")]
    pub cqlshrc: Option<PathBuf>,
    /// The file with role and password, in a section `[plain_text_auth]`. [default: `credentials` beside `cqlshrc`]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Keep no lines for the next session.
    #[arg(long)]
    pub disable_history: bool,
    /// Never use colours.
    #[arg(long)]
    pub no_color: bool,
    /// Always use colours.
    #[arg(short = 'C', long, conflicts_with = "no_color")]
    pub color: bool,
}
