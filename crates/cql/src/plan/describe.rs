//! The targets of DESCRIBE.

/// The target of a DESCRIBE, with names resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DescribeTarget {
    /// The cluster, and the owners of tokens if the keyspace in use is not a system one.
    Cluster {
        /// The keyspace in use.
        owned: Option<String>,
    },
    /// Names of keyspaces.
    Keyspaces,
    /// Names of tables, of one keyspace or all.
    Tables {
        /// The keyspace; `None` for all.
        keyspace: Option<String>,
    },
    /// Names of user types, of one keyspace or all.
    Types {
        /// The keyspace; `None` for all.
        keyspace: Option<String>,
    },
    /// The CREATE statement of a user type.
    Type {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
    },
    /// The CREATE statement of an index.
    Index {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
    },
    /// The names of functions or aggregates, of which there are none.
    Nothing,
    /// CREATE statements of every keyspace.
    Schema {
        /// True if system keyspaces are included.
        full: bool,
        /// True if ids are included (`WITH INTERNALS`).
        internals: bool,
    },
    /// CREATE statements of a keyspace.
    Keyspace {
        /// Its name.
        name: String,
        /// True if its tables are left out.
        only: bool,
        /// True if ids are included (`WITH INTERNALS`).
        internals: bool,
    },
    /// The CREATE statement of a table.
    Table {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// True if ids are included (`WITH INTERNALS`).
        internals: bool,
    },
}
