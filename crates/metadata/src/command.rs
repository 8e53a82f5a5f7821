//! Commands to the log. The node that proposes a command turns it into an entry, once.

use crate::{PlanStep, RoleCommand, VersionRange};
use henge_base::HostId;
use henge_model::{IndexDraft, Replication, TableChange, TableDraft, Token, TypeChange, UserType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// A wish. Its variants differ in size, but there is never more than one at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Create the cluster with its first member.
    Bootstrap {
        /// The cluster's name.
        name: String,
        /// The member.
        first: JoinDraft,
    },
    /// Become a member.
    Join {
        /// The name of the cluster that the node means to join.
        name: String,
        /// The member.
        member: JoinDraft,
    },
    /// Change a member's addresses.
    UpdateMember {
        /// The member.
        id: HostId,
        /// The address at which peers reach it.
        address: SocketAddr,
        /// The address at which clients reach it.
        rpc_address: SocketAddr,
    },
    /// Remove a member that is down for good. Its id never comes back.
    RemoveMember {
        /// The member.
        id: HostId,
        /// Also if it has the only copies of rows, which are lost then.
        #[serde(default)]
        force: bool,
    },
    /// Let a member go, which gives its rows to others first. Its id never comes back.
    LeaveMember {
        /// The member.
        id: HostId,
        /// Also if fewer members are left than keyspaces want copies.
        force: bool,
    },
    /// Become a member in place of one that is down for good, with its tokens.
    ReplaceMember {
        /// The name of the cluster that the node means to join.
        name: String,
        /// The member that is down.
        dead: HostId,
        /// The new member.
        member: JoinDraft,
    },
    /// Take the next step of a plan, if it is still at a step.
    AdvancePlan {
        /// The plan's id.
        plan: u64,
        /// The step that it is at.
        from: PlanStep,
    },
    /// Take a plan back whose new replicas are not read yet.
    AbortPlan {
        /// The plan's id.
        plan: u64,
    },
    /// Give the ranges of a replication setting other replicas: a step of a move, whose data is there.
    MoveRanges {
        /// The setting.
        setting: Replication,
        /// All ranges of the ring, by their last tokens in ascending order.
        ranges: Vec<RangeReplicas>,
    },
    /// Let other members vote in place of voters that have been down for long.
    ReplaceVoters {
        /// Members that are down.
        down: BTreeSet<HostId>,
    },
    /// Add the keyspaces that newer clusters have from their first entry on.
    CreateSystemKeyspaces,
    /// `CREATE KEYSPACE`.
    CreateKeyspace {
        /// Its name.
        name: String,
        /// Its replication setting.
        replication: Replication,
        /// Its `durable_writes`.
        durable_writes: bool,
        /// Leave one that exists as it is.
        if_not_exists: bool,
    },
    /// `ALTER KEYSPACE`.
    AlterKeyspace {
        /// Its name.
        name: String,
        /// Its `durable_writes`.
        durable_writes: bool,
        /// Its replication setting; `None` leaves it.
        #[serde(default)]
        replication: Option<Replication>,
    },
    /// `DROP KEYSPACE`.
    DropKeyspace {
        /// Its name.
        name: String,
        /// Do nothing if there is none.
        if_exists: bool,
    },
    /// `CREATE TABLE`.
    CreateTable {
        /// The table.
        draft: TableDraft,
        /// Leave one that exists as it is.
        if_not_exists: bool,
    },
    /// `ALTER TABLE`.
    AlterTable {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        table: String,
        /// Do nothing if there is none.
        if_exists: bool,
        /// The change.
        change: TableChange,
    },
    /// `DROP TABLE`.
    DropTable {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        table: String,
        /// Do nothing if there is none.
        if_exists: bool,
    },
    /// `CREATE TYPE`.
    CreateType {
        /// The type.
        user_type: UserType,
        /// Leave one that exists as it is.
        if_not_exists: bool,
    },
    /// `ALTER TYPE`.
    AlterType {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// Do nothing if there is none.
        if_exists: bool,
        /// The change.
        change: TypeChange,
    },
    /// `DROP TYPE`.
    DropType {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// Do nothing if there is none.
        if_exists: bool,
    },
    /// `CREATE INDEX`.
    CreateIndex {
        /// Its keyspace.
        keyspace: String,
        /// Its table.
        table: String,
        /// The index.
        draft: IndexDraft,
        /// Leave one that exists as it is.
        if_not_exists: bool,
    },
    /// `DROP INDEX`.
    DropIndex {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// Do nothing if there is none.
        if_exists: bool,
    },
    /// A statement about roles.
    Role(RoleCommand),
    /// A command of a role, which gets every permission on what the command creates.
    By {
        /// The creator.
        role: String,
        /// The command.
        command: Box<Command>,
    },
    /// Write the formats of a version from now on, which every member speaks.
    RaiseVersion {
        /// The version.
        to: u32,
        /// The members that said so.
        asked: BTreeSet<HostId>,
    },
    /// `TRUNCATE`.
    Truncate {
        /// The table's keyspace.
        keyspace: String,
        /// Its name.
        table: String,
    },
}

impl Command {
    /// True of changes of the schema that a full disk refuses. Those that make room are taken, and so is what the cluster needs itself.
    pub fn takes_room(&self) -> bool {
        match self {
            Command::CreateKeyspace { .. } | Command::AlterKeyspace { .. } => true,
            Command::CreateTable { .. } | Command::AlterTable { .. } => true,
            Command::CreateType { .. } | Command::AlterType { .. } | Command::CreateIndex { .. } => true,
            Command::By { command, .. } => command.takes_room(),
            Command::Bootstrap { .. } | Command::Join { .. } | Command::UpdateMember { .. } => false,
            Command::RemoveMember { .. } | Command::LeaveMember { .. } | Command::ReplaceMember { .. } => false,
            Command::AdvancePlan { .. } | Command::AbortPlan { .. } => false,
            Command::ReplaceVoters { .. } | Command::MoveRanges { .. } => false,
            Command::DropKeyspace { .. } | Command::DropTable { .. } | Command::Truncate { .. } => false,
            Command::DropType { .. } | Command::DropIndex { .. } => false,
            Command::CreateSystemKeyspaces | Command::Role(_) | Command::RaiseVersion { .. } => false,
        }
    }

    /// True of commands that give ranges other replicas, if there are rows.
    pub fn may_begin_a_plan(&self) -> bool {
        match self {
            Command::Join { .. } | Command::ReplaceMember { .. } => true,
            Command::RemoveMember { .. } | Command::LeaveMember { .. } => true,
            Command::AlterKeyspace { replication, .. } => replication.is_some(),
            Command::By { command, .. } => command.may_begin_a_plan(),
            _ => false,
        }
    }
}

/// A node that wants to be a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinDraft {
    /// Its identity.
    pub id: HostId,
    /// Its datacentre.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// The address at which peers reach it.
    pub address: SocketAddr,
    /// The address at which clients reach it.
    pub rpc_address: SocketAddr,
    /// The number of tokens it takes.
    pub num_tokens: u32,
    /// The versions of formats that its release speaks.
    #[serde(default)]
    pub speaks: VersionRange,
}

/// The replicas that a range is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeReplicas {
    /// The last token of the range, which begins behind the range before.
    pub end: Token,
    /// The replicas that answer reads.
    pub readers: Vec<HostId>,
    /// The replicas that take writes only.
    pub pending: Vec<HostId>,
}
