//! Whole clusters in one thread, from one seed: replayable proof of what the database promises.
//!
//! - `clockwork`: the executor, an event heap in microseconds; `trace`: its hash; `slot`: its one future.
//! - `cluster`, `machine`, `world`, `network`: nodes with disks that lose what was not synced, behind a bad network.
//! - `registers`, `swap`, `pairs`, `counts`: what clients work on.
//! - `storm`: what goes wrong; `client`, `history`: what clients do meanwhile and what they are told.
//! - `checks`, `wire`: the invariants; `run`: one run from beginning to end; `command`: `henge simulate`.

// Above the seams: real clocks, threads and maps are allowed here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod acknowledged;
mod checks;
mod client;
mod clockwork;
mod cluster;
mod command;
mod counts;
mod history;
mod linear;
mod machine;
mod network;
mod pairs;
mod panics;
mod registers;
mod run;
mod slot;
mod storm;
mod swap;
mod trace;
mod wire;
mod world;

pub use command::{SimulateOptions, simulate};
pub use run::{Report, run};
