//! Paxos (Lamport, "The Part-Time Parliament") for conditional writes. Each partition has a sequence of instances, and
//! every decision is a write that is committed to the rows before the next one. After Cassandra's second version
//! (CEP-14): reads promise too, so that an uncontended SERIAL read takes one round trip, and a proposer that meets an
//! accepted value finishes it.
//!
//! Pure state machines over opaque bytes. The caller provides clocks, disks and messages.
//!
//! - `ballot`: the order of rounds.
//! - `history`: the values decided last, and what became of one of them.
//! - `acceptor`: the promises, accepted and committed values of one replica, and its answers.
//! - `round`: a proposer's conclusions from the answers to its prepare.
//! - `message`, `shared_request`: the messages between proposers and acceptors.

mod acceptor;
mod ballot;
#[cfg(test)]
mod exhaustive;
mod history;
mod message;
mod round;
mod shared_request;

pub use acceptor::{Acceptor, PrepareOutcome};
pub use ballot::{Ballot, Scope};
pub use history::{AGE_MAX_US, Fate, History};
pub use message::{MessageError, Permission, Proposal, Reply, Request};
pub use round::{Round, Verdict};
pub use shared_request::SharedRequest;
