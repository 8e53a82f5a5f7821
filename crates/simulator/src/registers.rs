//! Registers: rows that clients write, delete and read. Each is the only row of its partition, so that it can be read
//! and deleted in several ways.
//!
//! The first [`SHARED`] have three copies. Their table purges by `gc_grace_seconds` in some runs and never in the
//! others, since it is not known of three copies that all have a deletion. In some runs in which no machine crashes the
//! table has no read repair: hints alone make its replicas equal, and a quorum read may see less than an earlier one. Then
//! come registers with one copy each, of which it is known, so their deletions are purged in every run; registers that are
//! written and read at every level, with as many copies as the run's shape allows, in both datacentres if there are two. The
//! last ones have three copies, in a table that a client creates in the storm, so that replicas may be owed rows of a table
//! that they have yet to hear of.

use crate::levels::Copies;
use crate::machine::Life;
use henge_cql::{BoundValue, Plan};
use henge_model::{Key, KeyRange, ReadCommand};

/// The number of registers with three copies: few, so that operations meet.
pub(crate) const SHARED: i64 = 6;
/// The end of those with one copy.
const SINGLE: i64 = SHARED + 2;
/// The number of registers whose tables are there from the beginning. The last of them are of every level.
pub(crate) const EARLY: i64 = SINGLE + 2;
/// The number of all registers.
pub(crate) const ALL: i64 = EARLY + 2;
/// `gc_grace_seconds` in runs that purge by it: longer than a storm and the repair of all replicas after it.
pub(crate) const GRACE_SECONDS: u64 = 120;

/// Statements that create the keyspaces, and the table of the registers with one copy.
pub(crate) const SCHEMA: [&str; 3] = [
    "CREATE KEYSPACE sim WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
    "CREATE KEYSPACE alone WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "CREATE TABLE alone.registers (k bigint, c int, v bigint, PRIMARY KEY (k, c))",
];

/// The options of the table of registers with three copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SharedTable {
    Default,
    /// Purges by [`GRACE_SECONDS`].
    Grace,
    /// Reads leave replicas that differ as they are.
    Unrepaired,
}

impl SharedTable {
    pub(crate) fn statement(self) -> &'static str {
        match self {
            SharedTable::Default => "CREATE TABLE sim.registers (k bigint, c int, v bigint, PRIMARY KEY (k, c))",
            SharedTable::Grace => {
                "CREATE TABLE sim.registers (k bigint, c int, v bigint, PRIMARY KEY (k, c)) \
                 WITH gc_grace_seconds = 120 AND compaction = {'class': 'UnifiedCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}"
            }
            SharedTable::Unrepaired => {
                "CREATE TABLE sim.registers (k bigint, c int, v bigint, PRIMARY KEY (k, c)) WITH read_repair = 'NONE'"
            }
        }
    }
}

/// Statements that create the registers of every level, with so many copies. Reads leave them as they are where they do so with the shared ones.
pub(crate) fn leveled_schema(copies: Copies, table: SharedTable) -> [String; 2] {
    let replication = match copies {
        Copies([near, 0]) => format!("'class': 'SimpleStrategy', 'replication_factor': {near}"),
        Copies([near, far]) => {
            format!("'class': 'NetworkTopologyStrategy', 'datacenter1': {near}, 'datacenter2': {far}")
        }
    };
    let read_repair = if table == SharedTable::Unrepaired { "NONE" } else { "BLOCKING" };
    [
        format!("CREATE KEYSPACE leveled WITH replication = {{{replication}}}"),
        format!(
            "CREATE TABLE leveled.registers (k bigint, c int, v bigint, PRIMARY KEY (k, c)) WITH read_repair = '{read_repair}'"
        ),
    ]
}

/// An index on the value, which no two registers ever share.
pub(crate) const INDEX: &str = "CREATE INDEX by_value ON sim.registers (v)";
pub(crate) const SELECT_BY_VALUE: &str = "SELECT v, writetime(v), k FROM sim.registers WHERE v = ?";

/// The statements about a register.
pub(crate) struct Texts {
    pub(crate) keyspace: &'static str,
    pub(crate) select: &'static str,
    pub(crate) select_slice: &'static str,
    pub(crate) insert: &'static str,
    pub(crate) deletes: [&'static str; 3],
}

const SHARED_TEXTS: Texts = Texts {
    keyspace: "sim",
    select: "SELECT v, writetime(v) FROM sim.registers WHERE k = ? AND c = 0",
    select_slice: "SELECT v, writetime(v) FROM sim.registers WHERE k = ? AND c >= 0",
    insert: "INSERT INTO sim.registers (k, c, v) VALUES (?, 0, ?)",
    deletes: [
        "DELETE FROM sim.registers WHERE k = ? AND c = 0",
        "DELETE FROM sim.registers WHERE k = ? AND c > -5 AND c <= 7",
        "DELETE FROM sim.registers WHERE k = ?",
    ],
};

const SINGLE_TEXTS: Texts = Texts {
    keyspace: "alone",
    select: "SELECT v, writetime(v) FROM alone.registers WHERE k = ? AND c = 0",
    select_slice: "SELECT v, writetime(v) FROM alone.registers WHERE k = ? AND c >= 0",
    insert: "INSERT INTO alone.registers (k, c, v) VALUES (?, 0, ?)",
    deletes: [
        "DELETE FROM alone.registers WHERE k = ? AND c = 0",
        "DELETE FROM alone.registers WHERE k = ? AND c > -5 AND c <= 7",
        "DELETE FROM alone.registers WHERE k = ?",
    ],
};

const LEVELED_TEXTS: Texts = Texts {
    keyspace: "leveled",
    select: "SELECT v, writetime(v) FROM leveled.registers WHERE k = ? AND c = 0",
    select_slice: "SELECT v, writetime(v) FROM leveled.registers WHERE k = ? AND c >= 0",
    insert: "INSERT INTO leveled.registers (k, c, v) VALUES (?, 0, ?)",
    deletes: [
        "DELETE FROM leveled.registers WHERE k = ? AND c = 0",
        "DELETE FROM leveled.registers WHERE k = ? AND c > -5 AND c <= 7",
        "DELETE FROM leveled.registers WHERE k = ?",
    ],
};

/// The table of the last registers.
pub(crate) const LATE: &str = "CREATE TABLE IF NOT EXISTS sim.late (k bigint, c int, v bigint, PRIMARY KEY (k, c))";

const LATE_TEXTS: Texts = Texts {
    keyspace: "sim",
    select: "SELECT v, writetime(v) FROM sim.late WHERE k = ? AND c = 0",
    select_slice: "SELECT v, writetime(v) FROM sim.late WHERE k = ? AND c >= 0",
    insert: "INSERT INTO sim.late (k, c, v) VALUES (?, 0, ?)",
    deletes: [
        "DELETE FROM sim.late WHERE k = ? AND c = 0",
        "DELETE FROM sim.late WHERE k = ? AND c > -5 AND c <= 7",
        "DELETE FROM sim.late WHERE k = ?",
    ],
};

/// The statements about the register `key`.
pub(crate) fn texts(key: i64) -> &'static Texts {
    match key {
        ..SHARED => &SHARED_TEXTS,
        SHARED..SINGLE => &SINGLE_TEXTS,
        SINGLE..EARLY => &LEVELED_TEXTS,
        EARLY.. => &LATE_TEXTS,
    }
}

/// True for a register of the table whose options differ from run to run, and which has an index.
pub(crate) fn is_shared(key: i64) -> bool {
    key < SHARED
}

/// True for a register with one copy, whose deletions are purged in every run.
pub(crate) fn is_single(key: i64) -> bool {
    (SHARED..SINGLE).contains(&key)
}

/// True for a register that is written and read at every level.
pub(crate) fn is_leveled(key: i64) -> bool {
    (SINGLE..EARLY).contains(&key)
}

/// True for a register whose replicas reads leave as they are in runs that have it so.
pub(crate) fn may_be_unrepaired(key: i64) -> bool {
    is_shared(key) || is_leveled(key)
}

/// True for a register of the table that is created in the storm.
pub(crate) fn is_late(key: i64) -> bool {
    key >= EARLY
}

/// The command that reads a register's row.
pub(crate) fn read_command(life: &Life, key: i64) -> Option<ReadCommand> {
    row_command(life, texts(key).select, key)
}

/// The command that reads the row of a key, by a statement whose only parameter the key is.
pub(crate) fn row_command(life: &Life, select: &str, key: i64) -> Option<ReadCommand> {
    let ready = life.core.prepare(select, None).ok()?;
    let Plan::Select(plan) = &ready.prepared.plan else { return None };
    let key = plan.single_row_key(&[BoundValue::Value(&key.to_be_bytes())])?;
    Some(ReadCommand {
        storage_id: plan.table().storage_id,
        token: Key::token(key.bytes())?,
        keys: KeyRange::One(key),
        statics: false,
        columns: plan.columns().clone(),
        limit: 1,
        now_seconds: 0,
        purge_before: i64::MIN,
        probe: None,
    })
}

#[test]
fn the_grace_is_what_the_table_says() {
    assert!(SharedTable::Grace.statement().contains(&format!("gc_grace_seconds = {GRACE_SECONDS} ")));
}
