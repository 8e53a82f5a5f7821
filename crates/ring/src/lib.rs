//! Tokens, replication strategies and placements: who holds which range. No async, no clock; whether a node is alive is
//! not asked here.
//!
//! - `member`: a node that owns tokens.
//! - `ring`: all tokens in order, and the placement a replication setting gives them.
//! - `strategy`: the walks round the ring, as Cassandra has them.
//! - `placement`: ranges with their readers and writers; what moves between two placements.
//! - `allocate`: tokens for a node that joins.

mod allocate;
mod member;
mod placement;
mod ring;
mod strategy;
#[cfg(test)]
mod tests;

pub use allocate::{allocate_tokens, allocate_tokens_beside};
pub use member::Member;
pub use placement::{PlacedRange, Placement};
pub use ring::Ring;
