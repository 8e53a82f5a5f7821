//! Paxos (Lamport, "The Part-Time Parliament") as conditional writes use it: one instance after another for each partition, every decision a
//! write that is committed to the rows before the next one is made. After Cassandra's second version (CEP-14): reads promise too,
//! so that an uncontended SERIAL read takes one round trip, and an accepted value is finished by whoever meets it.
//!
//! Pure state machines; what is agreed on is bytes. Clocks, disks and messages are the caller's.
//!
//! - `ballot`: the order of rounds.
//! - `acceptor`: what one replica promised, accepted and committed, and what it answers.
//! - `round`: what a proposer concludes from the answers to its prepare.
//! - `message`: what travels.

mod acceptor;
mod ballot;
mod message;
mod round;

pub use acceptor::{Acceptor, Prepared};
pub use ballot::{Ballot, Scope};
pub use message::{MessageError, Permission, Proposal, Reply, Request};
pub use round::{Round, Verdict};
