//! `henge admin import`: the rows of a live cluster that speaks CQL, such as Apache Cassandra, brought into another one with the time of each
//! cell. Both clusters serve meanwhile; nothing but the native protocol is used.
//!
//! - `options`: the command line. `run`: the whole import; `copy`: one range of one table; `progress`: what is told meanwhile.
//! - `schema`: definitions, read and made; `table`: the statements for one table.
//! - `row`: one row as writes; `cells`: its cells and their times; `digest`: sums by which both sides are compared.
//! - `ranges`: the ring in parts; `state`: what is done, in a file; `pace`: rows per second; `node`: connections.

// A program for people, outside of any cluster: it reads clocks and starts threads.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod cells;
mod copy;
mod digest;
mod node;
mod options;
mod pace;
mod progress;
mod ranges;
mod row;
mod run;
mod schema;
mod state;
mod table;

pub use options::ImportOptions;
pub use run::import;
