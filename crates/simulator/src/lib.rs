//! Deterministic simulation: whole clusters in one thread, from one seed. A run can be replayed, and the invariants of
//! the database are checked on it.
//!
//! - `clockwork`: the executor, with an event heap in microseconds; `trace`: its hash; `recent`: its last occurrences; `slot`: its one
//!   future.
//! - `world`, `machine`, `disk`, `wall_clock`, `cluster`, `network`, `power`: nodes with disks that lose unsynced writes and clocks that
//!   are wrong, on an unreliable network, and their starts and ends.
//! - `registers`, `swap`, `pairs`, `counts`, `columns`, `lasting`: the tables and statements of clients.
//! - `wide`: a table of wide rows, its clients, and the model that their answers are checked against.
//! - `shape`, `plan`: a run before it begins; `shrink`: the smallest part of a plan that breaks the same rule; `seconds`: times in plans.
//! - `storm`, `disk_mishap`, `heal`: the faults, and the end of them; `client`, `history`: the operations of clients and their outcomes;
//!   `hang_up`: clients that go away.
//! - `checks`, `wire`, `admission`: the invariants; `rare_states`: states that storms have to reach; `run`: one run from beginning to
//!   end; `report`: its result; `mutations`: bugs that are put in; `command`: `henge simulate`.
//! - `large_cluster`, `large_report`: a cluster of many members, measured; `traffic`: what machines send.

// The simulator is above the seams: real clocks, threads and maps are allowed here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod acknowledged;
mod admission;
mod checks;
mod client;
mod clockwork;
mod cluster;
mod columns;
mod command;
mod counts;
mod delays;
mod disk;
mod disk_mishap;
mod hang_up;
mod heal;
mod history;
mod large_cluster;
mod large_report;
mod lasting;
mod levels;
mod linear;
mod machine;
mod mutations;
mod network;
mod pairs;
mod panics;
mod plan;
mod power;
mod rare_states;
mod recent;
mod registers;
mod report;
mod run;
mod scans;
mod seconds;
mod shape;
mod shrink;
mod slot;
mod small_limits;
mod storm;
mod swap;
mod trace;
mod traffic;
mod wall_clock;
mod wide;
mod wire;
mod world;

pub use command::{SimulateOptions, simulate};
pub use report::Report;
pub use run::run;
