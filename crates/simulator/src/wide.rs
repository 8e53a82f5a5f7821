//! The workload of wide rows (W6): statements of every kind on one table, checked against a model of its cells.
//!
//! - `place`: partitions, rows, columns and slices of the table; `change`, `draft`: statements that write, by their effects.
//! - `select`, `answer`: statements that read, and rows as they came; `history`: all of them with their outcomes.
//! - `cells`: the versions of every cell, which is the model; `verdict`: the versions that a read may answer.
//! - `shape`: order, bounds and limits of an answer; `check`: an answer against the model; `client`: clients that execute.
//!
//! | | |
//! |---|---|
//! | I2, I3, I4, I12, I39 | as `checks` has them for registers, for each cell and element of a collection |
//! | I14 | no value is answered that has expired by the time that the client gives |
//! | I16 | an answer holds what it asked for, in order, once, within its limits |
//! | I17 | the pages of an answer leave out no row that was there all the time, whichever nodes answer them |
//! | I43 | a row shows all columns of a statement, or none |
//!
//! The model shares no code with rows, keys or merging: it holds no more than what statements say.

mod answer;
mod cells;
mod change;
mod check;
mod client;
mod draft;
mod history;
mod place;
mod select;
mod shape;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use check::{check_answers, check_final};
pub(crate) use client::WideClients;
#[cfg(test)]
pub(crate) use draft::{Draft, KINDS};
pub(crate) use place::Partition;
pub(crate) use select::Select;

/// The table; a run may add options to it.
pub(crate) const TABLE: &str = "CREATE TABLE sim.wide (p int, q text, c int, d int, s bigint static, v bigint, w text, \
    x bigint, t set<int>, m map<int, bigint>, l list<bigint>, PRIMARY KEY ((p, q), c, d)) \
    WITH CLUSTERING ORDER BY (c ASC, d DESC)";

/// The same, which purges by `gc_grace_seconds` as long as the registers that do.
pub(crate) const GRACE_TABLE: &str = "CREATE TABLE sim.wide (p int, q text, c int, d int, s bigint static, v bigint, w text, \
    x bigint, t set<int>, m map<int, bigint>, l list<bigint>, PRIMARY KEY ((p, q), c, d)) \
    WITH CLUSTERING ORDER BY (c ASC, d DESC) AND gc_grace_seconds = 120 \
    AND compaction = {'class': 'UnifiedCompactionStrategy', 'only_purge_repaired_tombstones': 'false'}";
