//! Tokens, replication strategies and placements: the replicas of each range. No async, no clock, and no notion of
//! which nodes are alive.
//!
//! - `member`: a node that owns tokens.
//! - `ring`: all tokens in order, and the placement that a replication setting gives them.
//! - `strategy`: the walks round the ring, by Cassandra's rules.
//! - `hosts`, `replica_set`, `replica_sets`: replicas as numbers of members; each distinct set is kept once.
//! - `placement`: ranges with their readers and writers, and the ranges that move between two placements.
//! - `placement_change`: the difference between two placements, as the metadata log holds it.
//! - `transition`: placements on the way from one to another.
//! - `placement_fault`, `placement_check`: the rules that hold for every placement.
//! - `quorums`: those before and after a change of replicas.
//! - `epoch`: the place in the metadata log that a placement is of.
//! - `allocate`: tokens for a node that joins.

mod allocate;
mod epoch;
mod hosts;
mod member;
mod placement;
mod placement_change;
mod placement_check;
mod placement_fault;
mod quorums;
mod replica_set;
mod replica_sets;
mod ring;
mod strategy;
#[cfg(test)]
mod tests;
mod transition;

pub use allocate::{allocate_tokens, allocate_tokens_beside};
pub use epoch::Epoch;
pub use hosts::{Hosts, MemberIds, MemberNumber};
pub use member::Member;
pub use placement::{PlacedRange, Placement};
pub use placement_change::PlacementChange;
pub use placement_fault::PlacementFault;
pub use quorums::quorums_meet;
pub use replica_set::ReplicaSet;
pub use ring::Ring;
