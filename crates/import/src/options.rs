//! The command line.

use crate::node::Nodes;
use henge_model::Consistency;
use henge_shell::Login;
use std::path::PathBuf;

/// The keyspace or table to import, from where, and how fast.
#[derive(Clone, clap::Args)]
pub struct ImportOptions {
    /// keyspace, or keyspace.table for one of its tables.
    #[arg(value_parser = selection)]
    pub(crate) selection: Selection,
    /// Nodes of the cluster that is read, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) from: Vec<String>,
    /// Their port for clients.
    #[arg(long, default_value_t = 9042)]
    pub(crate) from_port: u16,
    /// The role to log in as there.
    #[arg(long)]
    pub(crate) from_username: Option<String>,
    /// Its password; on the command line others may see it.
    #[arg(long, env = "IMPORT_FROM_PASSWORD", hide_env_values = true)]
    pub(crate) from_password: Option<String>,
    /// The authorities' certificates of that cluster, as PEM; with them TLS is used.
    #[arg(long)]
    pub(crate) from_ssl_certfile: Option<PathBuf>,
    /// Nodes of the cluster that is written to, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "127.0.0.1")]
    pub(crate) to: Vec<String>,
    /// Their port for clients.
    #[arg(long, default_value_t = 9042)]
    pub(crate) to_port: u16,
    /// The role to log in as there.
    #[arg(long)]
    pub(crate) to_username: Option<String>,
    /// Its password; on the command line others may see it.
    #[arg(long, env = "IMPORT_TO_PASSWORD", hide_env_values = true)]
    pub(crate) to_password: Option<String>,
    /// The authorities' certificates of that cluster, as PEM; with them TLS is used.
    #[arg(long)]
    pub(crate) to_ssl_certfile: Option<PathBuf>,
    /// The replication of the keyspace that is made, as a map of CQL; without it, that of the source.
    #[arg(long)]
    pub(crate) replication: Option<String>,
    /// Make no keyspace, type or table: they are there.
    #[arg(long)]
    pub(crate) no_schema: bool,
    /// Do not read both sides of each range once more to compare them.
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// The level at which both sides are read and the one is written.
    #[arg(long, default_value = "LOCAL_QUORUM", value_parser = level)]
    pub(crate) consistency: Consistency,
    /// Ranges of the ring that each table is read in.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) ranges: u32,
    /// Ranges that are copied at once, each by a connection to either side.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) connections: u8,
    /// Rows that are read at once on a connection.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) page_rows: u32,
    /// Rows that are copied in a second on all connections; 0 for no limit.
    #[arg(long, default_value_t = 0)]
    pub(crate) rate: u32,
    /// The file that says what is done, from which an import that was interrupted goes on; without it, henge-import-NAME.state here.
    #[arg(long)]
    pub(crate) state: Option<PathBuf>,
    /// Seconds between two lines of progress.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) progress_seconds: u32,
}

impl std::fmt::Debug for ImportOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the passwords.
        f.debug_struct("ImportOptions").field("selection", &self.selection).field("from", &self.from).finish()
    }
}

/// A keyspace, or one of its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) keyspace: String,
    pub(crate) table: Option<String>,
}

impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.keyspace)?;
        self.table.iter().try_for_each(|table| write!(f, ".{table}"))
    }
}

fn selection(text: &str) -> Result<Selection, String> {
    let (keyspace, table) = text.split_once('.').map_or((text, None), |(keyspace, table)| (keyspace, Some(table)));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name(keyspace) || !table.is_none_or(is_name) {
        return Err(format!("{text:?} is no name: expected keyspace or keyspace.table, as they are stored"));
    }
    Ok(Selection { keyspace: keyspace.to_owned(), table: table.map(str::to_owned) })
}

fn level(name: &str) -> Result<Consistency, String> {
    let found = Consistency::all().find(|level| level.name().eq_ignore_ascii_case(name));
    let found =
        found.filter(|level| !level.is_serial() && *level != Consistency::Any && *level != Consistency::EachQuorum);
    found.ok_or_else(|| format!("{name:?} is no level at which rows are read and written"))
}

impl ImportOptions {
    /// The nodes that are read.
    pub(crate) fn source(&self) -> Nodes {
        let credentials = credentials(&self.from_username, &self.from_password);
        nodes(&self.from, self.from_port, &credentials, &self.from_ssl_certfile)
    }

    /// The nodes that are written to.
    pub(crate) fn target(&self) -> Nodes {
        let credentials = credentials(&self.to_username, &self.to_password);
        nodes(&self.to, self.to_port, &credentials, &self.to_ssl_certfile)
    }

    /// The file that says what is done.
    pub(crate) fn state_path(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| PathBuf::from(format!("henge-import-{}.state", self.selection)))
    }
}

fn credentials(user: &Option<String>, password: &Option<String>) -> Option<(String, String)> {
    user.clone().map(|user| (user, password.clone().unwrap_or_default()))
}

fn nodes(hosts: &[String], port: u16, credentials: &Option<(String, String)>, authorities: &Option<PathBuf>) -> Nodes {
    let login = |host: &String| Login {
        host: host.clone(),
        port,
        credentials: credentials.clone(),
        authorities: authorities.clone(),
    };
    Nodes::new(hosts.iter().map(login).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyspace_or_a_table_is_selected() {
        assert_eq!(selection("ks").unwrap(), Selection { keyspace: "ks".to_owned(), table: None });
        assert_eq!(selection("ks.T").unwrap().to_string(), "ks.T");
        for text in ["", "a.", ".b", "a.b.c", "a b", "a;b"] {
            assert!(selection(text).is_err(), "{text}");
        }
    }

    #[test]
    fn levels_are_those_of_reads_and_writes() {
        assert_eq!(level("local_quorum"), Ok(Consistency::LocalQuorum));
        for name in ["ANY", "SERIAL", "EACH_QUORUM", "x"] {
            assert!(level(name).is_err(), "{name}");
        }
    }
}
