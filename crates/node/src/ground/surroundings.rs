//! Facts that only the process around a node knows: its settings, clients and threads. The tables of `system_views` show them.

use henge_operator::{BackupOrder, MachineHealth, MemberBackup};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A process that runs a node. Asked only when somebody reads one of those tables; it must not wait for anything.
pub trait Surroundings: Send + Sync {
    /// Every setting with its value in text, secrets left out; `None` for one that is not set.
    fn settings(&self) -> Vec<(String, Option<String>)>;
    /// The connections of clients that have said STARTUP.
    fn clients(&self) -> Vec<ClientFacts>;
    /// The requests of clients that are under way.
    fn queries(&self) -> Vec<QueryFacts>;
    /// Threads that take work from a queue.
    fn pools(&self) -> Vec<PoolFacts>;
    /// Statements executed since the start.
    fn executed_statements(&self) -> StatementCounts;
    /// The process and its machine, for an operator. Reads settings of the kernel.
    fn machine_health(&self) -> MachineHealth;
    /// Begins to back this node up, with the tokens that it has; if that was begun before, tells how far it is.
    fn back_up(&self, order: &BackupOrder, tokens: Vec<i64>) -> MemberBackup;
    /// The name of an address, or its text if it has none.
    fn hostname(&self, address: IpAddr) -> String;
}

/// A connection of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFacts {
    /// The client's address.
    pub address: SocketAddr,
    /// The role that is logged in; `anonymous` where nobody has to; none while it has not logged in yet.
    pub username: Option<String>,
    /// The keyspace in use.
    pub keyspace: Option<String>,
    /// Of the native protocol.
    pub protocol_version: u8,
    /// The options of STARTUP: keys in capitals and in order, each once.
    pub options: Vec<(String, String)>,
    /// `authenticating` or `ready`.
    pub stage: &'static str,
    /// Requests, from STARTUP on.
    pub requests: u64,
    /// Its encryption, if it has any.
    pub tls: Option<TlsFacts>,
}

/// The encryption that client and server agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// As `TLSv1.3`.
    pub protocol: String,
    /// As IANA names it.
    pub cipher_suite: String,
}

/// A request under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFacts {
    /// Its name, unlike that of all others under way on this node.
    pub id: String,
    /// From its arrival until it started.
    pub queued: Duration,
    /// Since then.
    pub running: Duration,
    /// The request in words.
    pub task: String,
}

/// Threads that take work from one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFacts {
    /// The name of the threads.
    pub name: String,
    /// Jobs at work.
    pub active: u64,
    /// At most; `None` where nothing but clients' connections limits it.
    pub limit: Option<u64>,
    /// Jobs done since the start.
    pub completed: u64,
    /// Jobs that wait; `None` where they wait with clients.
    pub pending: Option<u64>,
}

/// Statements of clients, batches apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementCounts {
    /// Prepared ones.
    pub prepared: u64,
    /// Others.
    pub regular: u64,
}
