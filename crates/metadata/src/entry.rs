//! One item of the log: results, never commands, so that every node that applies it comes to the same state whatever its version
//! makes of algorithms.

use crate::limits::ENTRY_BYTES;
use crate::whole_placements::WholePlacements;
use crate::{CommandId, EntryHash, Epoch, Plan, PlanStep, Position, Role, VersionRange};
use henge_base::{Bytes, ClusterId, HostId};
use henge_model::{Keyspace, Replication, StorageId, Table, UserType};
use henge_ring::{Member, PlacementChange};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// The format that version 1 writes.
const FORMAT: u8 = 3;
/// The format that the version of tests writes: the same with a number of its own.
const FORMAT_OF_TESTS: u8 = 4;
/// The format of logs with one voter, which named no entry before and no command. It is read.
const FORMAT_UNCHAINED: u8 = 1;

/// An item of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub epoch: Epoch,
    /// The hash of the entry before it.
    #[serde(default)]
    pub previous: EntryHash,
    /// The command that it carries out.
    #[serde(default)]
    pub origin: CommandId,
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
    /// The formats of this version are written from now on. An entry of its own version carries it, which every member reads.
    Version(u32),
    /// These members agree on the entries after this one.
    Voters(Vec<HostId>),
    /// A node is a member.
    Joined(Member),
    /// A member is one no more; its id never comes back.
    Removed(HostId),
    /// A member's addresses are these now.
    Moved {
        /// The member.
        id: HostId,
        /// The address at which peers reach it.
        address: SocketAddr,
        /// The address at which clients reach it.
        rpc_address: SocketAddr,
    },
    /// These are the placements of all replication settings in use: as entries of the first format say it.
    Placed(WholePlacements),
    /// The placement of one replication setting changes. A setting without one gets its first.
    Placement {
        /// The setting.
        setting: Replication,
        /// The ranges with other replicas than before.
        change: PlacementChange,
    },
    /// No keyspace has this replication setting any more.
    Unplaced(Replication),
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
    /// A plan begins.
    PlanBegun(Plan),
    /// The plan under way is at this step now.
    PlanStep(PlanStep),
    /// No plan is under way any more.
    PlanEnded,
    /// The ranges of a keyspace on its way to another replication setting have other replicas than before. The first such change holds all
    /// ranges.
    Transit {
        /// The keyspace.
        keyspace: String,
        /// The ranges with other replicas.
        change: PlacementChange,
    },
    /// The keyspace in transit has the placement of its setting from now on.
    TransitEnded,
    /// A keyspace whose rows every member keeps is shown with this replication setting.
    Shown {
        /// The keyspace.
        keyspace: String,
        /// The setting.
        replication: Replication,
    },
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
    #[error("an entry of format {0}, which this release does not read: a later one wrote it")]
    Format(u8),
    /// Not an entry at all.
    #[error("an entry cannot be read: {0}")]
    Malformed(String),
}

/// An entry with the bytes that travel, and their hash.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedEntry {
    entry: Entry,
    bytes: Bytes,
    hash: EntryHash,
}

impl Entry {
    /// Encodes it as a version of formats has it: that of the state which it follows on. The format, then named maps in MessagePack.
    pub fn seal(self, version: u32) -> SealedEntry {
        let mut bytes = vec![if version < VersionRange::OF_TESTS.newest { FORMAT } else { FORMAT_OF_TESTS }];
        rmp_serde::encode::write_named(&mut bytes, &self).expect("an entry is made of plain structs");
        SealedEntry { hash: EntryHash::of(&bytes), entry: self, bytes: bytes.into() }
    }
}

/// True if a release that speaks these versions reads a format.
fn is_read(format: u8, speaks: VersionRange) -> bool {
    match format {
        FORMAT | FORMAT_UNCHAINED => true,
        FORMAT_OF_TESTS => speaks.contains(VersionRange::OF_TESTS.newest),
        _ => false,
    }
}

impl SealedEntry {
    /// Reads what [`Entry::seal`] wrote in one of these versions.
    pub fn decode(bytes: Bytes, speaks: VersionRange) -> Result<SealedEntry, EntryError> {
        if bytes.len() > ENTRY_BYTES {
            return Err(EntryError::TooLong(bytes.len()));
        }
        let entry = match bytes.split_first() {
            Some((&format, _)) if !is_read(format, speaks) => return Err(EntryError::Format(format)),
            Some((_, body)) => rmp_serde::from_slice(body).map_err(|e| EntryError::Malformed(e.to_string()))?,
            None => return Err(EntryError::Malformed("it is empty".to_owned())),
        };
        Ok(SealedEntry { entry, hash: EntryHash::of(&bytes), bytes })
    }

    /// The entry.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The bytes that travel and are stored.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// True if it was made to follow on an entry of this hash. Entries of the first format do not say.
    pub fn follows_on(&self, hash: EntryHash) -> bool {
        self.bytes.first() == Some(&FORMAT_UNCHAINED) || self.entry.previous == hash
    }

    /// The place in the log that it ends.
    pub fn position(&self) -> Position {
        Position { epoch: self.entry.epoch, hash: self.hash }
    }
}
