//! The figures of a large cluster, as they are printed.

use std::fmt;
use std::time::Duration;

/// A figure of every node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) mean: u64,
    pub(crate) most: u64,
}

impl Spread {
    /// The mean and the greatest of some figures, each divided by `by`.
    pub(crate) fn of(figures: &[u64], by: u64) -> Spread {
        let (by, count) = (by.max(1), (figures.len() as u64).max(1));
        let most = figures.iter().max().copied().unwrap_or_default() / by;
        Spread { mean: figures.iter().sum::<u64>() / count / by, most }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the mean, {} at most", self.mean, self.most)
    }
}

/// A change of the schema. Times are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SchemaTimes {
    /// Until the client was answered; `None` if it was refused.
    pub(crate) answered: Option<Duration>,
    /// Until every node had it; `None` if that took too long.
    pub(crate) everywhere: Option<Duration>,
    /// The bytes that a node sent meanwhile.
    pub(crate) sent: Spread,
}

impl fmt::Display for SchemaTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Option<Duration>| time.map_or("never".to_owned(), |time| format!("{} ms", time.as_millis()));
        write!(f, "answered after {}, everywhere after {}", ms(self.answered), ms(self.everywhere))?;
        write!(f, "; bytes sent by a node: {}", self.sent)
    }
}

/// The figures of a large cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LargeReport {
    pub(crate) members: usize,
    /// Lost messages, per thousand.
    pub(crate) loss_permille: u64,
    /// The bytes of the metadata that every node holds.
    pub(crate) snapshot_bytes: usize,
    /// Memory of the process, in bytes by node; 0 if unknown.
    pub(crate) memory_bytes: usize,
    /// The seconds, which are rounds of gossip, until all took each other for up after a common start; `None` if never.
    pub(crate) rounds: Option<u64>,
    /// The seconds without any fault but lost messages.
    pub(crate) quiet_seconds: u64,
    /// Bytes of gossip that a node sent in a second of them.
    pub(crate) gossip: Spread,
    /// Bytes of any kind.
    pub(crate) all: Spread,
    /// Peers that a node gossiped with in that time.
    pub(crate) gossip_links: Spread,
    /// Peers that it had to do with for any reason.
    pub(crate) links: Spread,
    /// Connections that a node held at one moment of the time before, in which the common start was not over.
    pub(crate) connections_after_start: Spread,
    /// Connections that a node held at one moment of it.
    pub(crate) connections: Spread,
    /// Times that a node took another for down in that time.
    pub(crate) suspicions: usize,
    pub(crate) keyspace: SchemaTimes,
    pub(crate) table: SchemaTimes,
    pub(crate) violations: Vec<String>,
}

impl fmt::Display for LargeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (members, seconds) = (self.members, self.quiet_seconds);
        writeln!(f, "{members} nodes, {} of 1000 messages lost", self.loss_permille)?;
        writeln!(f, "metadata: {} bytes; memory: {} KiB by node", self.snapshot_bytes, self.memory_bytes >> 10)?;
        match self.rounds {
            Some(rounds) => writeln!(f, "all are up everywhere after {rounds} rounds of a second")?,
            None => writeln!(f, "some were never up everywhere")?,
        }
        writeln!(f, "gossip: bytes sent by a node in a second: {}", self.gossip)?;
        writeln!(f, "all of it: bytes sent by a node in a second: {}", self.all)?;
        writeln!(f, "links of a node that gossip used in {seconds} s: {}", self.gossip_links)?;
        writeln!(f, "links of a node that anything used: {}", self.links)?;
        writeln!(f, "connections that a node held at one moment: {}", self.connections)?;
        writeln!(f, "connections after the common start: {}", self.connections_after_start)?;
        writeln!(f, "false suspicions in {seconds} s: {} of {} pairs", self.suspicions, members * (members - 1))?;
        writeln!(f, "CREATE KEYSPACE with a replication of its own: {}", self.keyspace)?;
        write!(f, "CREATE TABLE: {}", self.table)?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n{violation}"))
    }
}
