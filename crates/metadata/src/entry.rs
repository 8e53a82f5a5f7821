//! One item of the log: results, never commands, so that every node that applies it comes to the same state whatever its version
//! makes of algorithms.

use crate::limits::ENTRY_BYTES;
use crate::{Epoch, Placements, Role};
use henge_base::{ClusterId, HostId};
use henge_model::{Keyspace, Replication, StorageId, Table, UserType};
use henge_ring::Member;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// The only format there is.
const FORMAT: u8 = 1;

/// An item of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub epoch: Epoch,
    /// The time of the proposal, microseconds since 1970; informational.
    pub proposed: i64,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// The cluster begins.
    Cluster {
        /// Its id.
        id: ClusterId,
        /// Its name.
        name: String,
        /// The voters that agree on the entries after this one.
        voters: Vec<HostId>,
        /// The version of formats in use.
        version: u32,
    },
    /// A node is a member.
    Joined(Member),
    /// A member's addresses are these now.
    Moved {
        /// The member.
        id: HostId,
        /// The address at which peers reach it.
        address: SocketAddr,
        /// The address at which clients reach it.
        rpc_address: SocketAddr,
    },
    /// These are the placements of all replication settings in use.
    Placed(Placements),
    /// The keyspace, tables included, is this now.
    Keyspace(Arc<Keyspace>),
    /// The keyspace is gone, with its tables.
    KeyspaceDropped(String),
    /// The table is this now.
    Table(Arc<Table>),
    /// The table is gone.
    TableDropped {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        table: String,
    },
    /// The user type is this now. The tables and types it stands in are changed by changes of their own.
    Type(Arc<UserType>),
    /// The user type is gone.
    TypeDropped {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
    },
    /// The role, with its memberships and permissions, is this now.
    Role(Arc<Role>),
    /// The role is gone.
    RoleDropped(String),
    /// Storage ids below this one are taken.
    NextStorageId(StorageId),
}

/// Bytes are not an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Too long.
    #[error("an entry of {0} bytes is longer than any may be")]
    TooLong(usize),
    /// Written by a release that this one does not understand.
    #[error("an entry of format {0}, which this release does not know")]
    Format(u8),
    /// Not an entry at all.
    #[error("an entry cannot be read: {0}")]
    Malformed(String),
}

impl Entry {
    /// Its bytes: the format, then named maps in MessagePack.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        rmp_serde::encode::write_named(&mut out, self).expect("an entry is made of plain structs");
        out
    }

    /// Reads what [`Entry::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Entry, EntryError> {
        if bytes.len() > ENTRY_BYTES {
            return Err(EntryError::TooLong(bytes.len()));
        }
        match bytes.split_first() {
            Some((&FORMAT, body)) => rmp_serde::from_slice(body).map_err(|e| EntryError::Malformed(e.to_string())),
            Some((format, _)) => Err(EntryError::Format(*format)),
            None => Err(EntryError::Malformed("it is empty".to_owned())),
        }
    }
}

/// The replication settings that need a placement of their own, with nothing in them that is not in the setting.
pub(crate) fn settings<'a>(keyspaces: impl Iterator<Item = &'a Arc<Keyspace>>) -> Vec<Replication> {
    let mut settings: Vec<Replication> = keyspaces.map(|k| k.replication.clone()).collect();
    settings.sort();
    settings.dedup();
    settings
}
