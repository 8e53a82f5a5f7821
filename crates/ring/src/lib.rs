//! Tokens, replication strategies and placements: the replicas of each range. No async, no clock, and no notion of
//! which nodes are alive.
//!
//! - `member`: a node that owns tokens.
//! - `ring`: all tokens in order, and the placement that a replication setting gives them.
//! - `strategy`: the walks round the ring, by Cassandra's rules.
//! - `placement`: ranges with their readers and writers, and the ranges that move between two placements.
//! - `placement_fault`: the rules that hold for every placement.
//! - `allocate`: tokens for a node that joins.

mod allocate;
mod member;
mod placement;
mod placement_fault;
mod ring;
mod strategy;
#[cfg(test)]
mod tests;

pub use allocate::{allocate_tokens, allocate_tokens_beside};
pub use member::Member;
pub use placement::{PlacedRange, Placement};
pub use placement_fault::PlacementFault;
pub use ring::Ring;
