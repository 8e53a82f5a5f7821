//! What DESCRIBE is asked for.

/// What a DESCRIBE prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DescribeTarget {
    /// The cluster; and who owns which tokens, if a keyspace of the user is in use.
    Cluster {
        /// That keyspace.
        owned: Option<String>,
    },
    /// Names of keyspaces.
    Keyspaces,
    /// Names of tables, of one keyspace or all.
    Tables {
        /// The keyspace.
        keyspace: Option<String>,
    },
    /// Names of user types, of one keyspace or all.
    Types {
        /// The keyspace.
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
    /// Names of things there are none of yet: functions, aggregates.
    Nothing,
    /// CREATE statements of every keyspace.
    Schema {
        /// System keyspaces too.
        full: bool,
        /// With ids.
        internals: bool,
    },
    /// CREATE statements of a keyspace.
    Keyspace {
        /// Its name.
        name: String,
        /// Without its tables.
        only: bool,
        /// With ids.
        internals: bool,
    },
    /// The CREATE statement of a table.
    Table {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        name: String,
        /// With ids.
        internals: bool,
    },
}
