//! The key spaces in an engine, one for each role: thousands of tables share them, so that tables stay cheap.

/// A key space. Tables are mapped to `Rows` or `Timed` by storage id; the rest belongs to the node itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// User rows.
    Rows,
    /// User rows of tables that expire as a rule (time windows, a default TTL).
    Timed,
    /// Partition and range tombstones.
    Tombstones,
    /// Writes owed to replicas that missed them.
    Hints,
    /// Batches under way.
    Batchlog,
    /// Acceptor state.
    Paxos,
    /// Entries of the cluster's own log.
    Metadata,
    /// Facts of this node: its clock's lease and the like.
    Local,
    /// Entries of secondary indexes.
    Index,
}

impl Family {
    /// Every family, in the order of its number.
    pub const ALL: [Family; 9] = [
        Family::Rows,
        Family::Timed,
        Family::Tombstones,
        Family::Hints,
        Family::Batchlog,
        Family::Paxos,
        Family::Metadata,
        Family::Local,
        Family::Index,
    ];

    /// Its name on disk and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Rows => "rows",
            Family::Timed => "timed",
            Family::Tombstones => "tombstones",
            Family::Hints => "hints",
            Family::Batchlog => "batchlog",
            Family::Paxos => "paxos",
            Family::Metadata => "metadata",
            Family::Local => "local",
            Family::Index => "index",
        }
    }

    /// True if its values are encoded rows, written as merge operands only.
    pub const fn merges(self) -> bool {
        matches!(self, Family::Rows | Family::Timed | Family::Tombstones)
    }

    /// True if empty bytes that the combiner writes to a key remove it.
    pub const fn is_emptied(self) -> bool {
        self.merges() || matches!(self, Family::Batchlog | Family::Paxos)
    }

    /// True if its keys begin with the storage id of a table, and are removed with the table.
    pub const fn is_of_tables(self) -> bool {
        self.merges() || matches!(self, Family::Index | Family::Paxos)
    }

    /// Its place in [`Family::ALL`].
    pub const fn number(self) -> usize {
        self as usize
    }
}
