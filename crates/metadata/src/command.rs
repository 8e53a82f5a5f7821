//! What can be asked of the log. A command is turned into an entry once, by whoever proposes it.

use crate::RoleCommand;
use henge_base::HostId;
use henge_model::{ColumnMask, DataType, IndexDraft, Order, Replication, TableId, TableOptions, TypeChange, UserType};
use serde::{Deserialize, Serialize};
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
        /// Which member.
        id: HostId,
        /// Where peers reach it.
        address: SocketAddr,
        /// Where clients reach it.
        rpc_address: SocketAddr,
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
    /// `ALTER KEYSPACE`, of a replication setting that moves no data.
    AlterKeyspace {
        /// Its name.
        name: String,
        /// Its `durable_writes`.
        durable_writes: bool,
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
        /// What changes.
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
        /// What changes.
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
    /// What someone asks for who gets every permission on what it creates.
    By {
        /// The creator.
        role: String,
        /// What is asked for.
        command: Box<Command>,
    },
    /// `TRUNCATE`.
    Truncate {
        /// The table's keyspace.
        keyspace: String,
        /// Its name.
        table: String,
    },
}

/// What an `ALTER TABLE` changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TableChange {
    /// Columns join it.
    Add {
        /// Which.
        columns: Vec<AddedColumn>,
        /// Leave out those that are there.
        if_not_exists: bool,
    },
    /// Columns leave it.
    Drop {
        /// Their names.
        columns: Vec<String>,
        /// Leave out those that are not there.
        if_exists: bool,
        /// When they are said to have been dropped, microseconds since 1970; now, if nothing is said.
        #[serde(default)]
        dropped_us: Option<i64>,
    },
    /// Columns of the primary key get other names.
    Rename {
        /// From, to.
        names: Vec<(String, String)>,
        /// Leave out those that are not there.
        if_exists: bool,
    },
    /// A column gets a mask, or loses it.
    Mask {
        /// The column's name.
        column: String,
        /// The type that the mask was made for.
        data_type: Option<DataType>,
        /// The mask.
        mask: Option<ColumnMask>,
        /// Do nothing if it is not there.
        if_exists: bool,
    },
    /// It gets other settings.
    Options {
        /// What they were taken to be; a table that was altered meanwhile is left alone.
        was: Box<TableOptions>,
        /// What they are to be.
        now: Box<TableOptions>,
    },
    /// A compact table becomes as others are.
    DropCompactStorage,
}

/// A column that is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedColumn {
    /// Its name and type.
    pub draft: ColumnDraft,
    /// `STATIC`.
    pub is_static: bool,
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
    /// Where peers reach it.
    pub address: SocketAddr,
    /// Where clients reach it.
    pub rpc_address: SocketAddr,
    /// How many tokens it wants.
    pub num_tokens: u32,
}

/// A table before it has ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableDraft {
    /// Its keyspace.
    pub keyspace: String,
    /// Its name.
    pub name: String,
    /// The id the statement asks for.
    pub id: Option<TableId>,
    /// Columns of the partition key, in order.
    pub partition_key: Vec<ColumnDraft>,
    /// Clustering columns, in order.
    pub clustering: Vec<ColumnDraft>,
    /// Static columns, by name.
    pub statics: Vec<ColumnDraft>,
    /// Regular columns, by name.
    pub regulars: Vec<ColumnDraft>,
    /// Settings.
    pub options: TableOptions,
}

/// A column before it has an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDraft {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Its direction, if it is a clustering column.
    pub order: Order,
    /// Its mask.
    #[serde(default)]
    pub mask: Option<ColumnMask>,
}
