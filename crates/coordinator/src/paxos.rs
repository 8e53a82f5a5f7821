//! Conditional writes and SERIAL reads, by Paxos among the replicas of one partition (see `henge_paxos`, and docs/architecture.md).
//!
//! - `electorate`: who votes on a partition, and how many must.
//! - `begin`: a round is promised, what others left unfinished is finished, and rows are read.
//! - `doubts`: values of a request whose outcome is not known yet.
//! - `propose`, `commit`: a value is decided, and reaches the rows.
//! - `conditional`, `serial_read`, `settlement`: what these come to together.

mod begin;
mod commit;
mod conditional;
mod doubts;
mod electorate;
mod propose;
mod serial_read;
mod settlement;

pub use conditional::{Conditional, Decision, conditional};
pub(crate) use serial_read::serial_read;
pub use settlement::{Settlement, settle_partition};

#[cfg(test)]
mod tests;
