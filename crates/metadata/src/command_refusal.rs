//! Why the log refuses a command. Nothing has changed then.

use henge_base::HostId;
use serde::{Deserialize, Serialize};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CommandRefusal {
    /// `IF NOT EXISTS` or `IF EXISTS` says to leave things as they are: no error for the client.
    #[error("there is nothing to change")]
    Nothing,
    /// The keyspace or table exists. `table` is empty for a keyspace.
    #[error("{}", existing(keyspace, table))]
    AlreadyExists {
        /// The keyspace.
        keyspace: String,
        /// The table.
        table: String,
    },
    /// The keyspace does not exist.
    #[error("Keyspace '{0}' doesn't exist")]
    NoKeyspace(String),
    /// The table does not exist.
    #[error("Table '{keyspace}.{table}' doesn't exist")]
    NoTable {
        /// The keyspace.
        keyspace: String,
        /// The table.
        table: String,
    },
    /// The cluster exists already, or does not exist yet.
    #[error("{0}")]
    Cluster(String),
    /// The node cannot be a member.
    #[error("{0}")]
    Member(String),
    /// Another plan is under way: the command may be carried out later.
    #[error("{0}")]
    Busy(String),
    /// The command contradicts the state.
    #[error("{0}")]
    Invalid(String),
    /// A limit is reached.
    #[error("{0}")]
    Limit(String),
    /// The node that asks for membership has it: it may have asked before, and have missed the answer.
    #[error("host {0} is a member already")]
    MemberAlready(HostId),
}

impl CommandRefusal {
    /// True if the client gets success although nothing changed, as for `IF NOT EXISTS`.
    pub fn is_no_op(&self) -> bool {
        matches!(self, CommandRefusal::Nothing)
    }
}

fn existing(keyspace: &str, table: &str) -> String {
    if table.is_empty() {
        format!("Cannot add existing keyspace \"{keyspace}\"")
    } else {
        format!("Cannot add already existing table \"{table}\" to keyspace \"{keyspace}\"")
    }
}
