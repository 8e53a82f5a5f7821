//! Liveness and soft facts, spread from node to node. A pure state machine: its owner sends the messages and reads the
//! clock. Gossip decides neither membership nor placement.
//!
//! - `gossip`: one node's state, and the interface for its owner.
//! - `exchange`: the three steps in which two nodes bring each other up to date (scuttlebutt; van Renesse and others,
//!   2008).
//! - `message`, `fact`, `event`: the messages sent, the facts told, the conclusions drawn.
//! - `host_state`: the facts of one host, by generation and version.
//! - `peer`, `detector`: the liveness of another host (phi accrual).
//! - `limits`: bounds on messages and tables.

mod detector;
mod event;
mod exchange;
mod fact;
mod gossip;
mod host_state;
mod limits;
mod message;
mod peer;
#[cfg(test)]
mod tests;

pub use detector::{FIRST_INTERVAL, INTERVAL_COUNT_MAX, INTERVAL_MAX, MEAN_INTERVAL_MIN, PHI_THRESHOLD};
pub use event::Event;
pub use fact::Fact;
pub use gossip::{Gossip, PAUSE_MAX};
pub use host_state::HostFacts;
pub use limits::{
    FORGOTTEN_HOSTS_MAX, GENERATION_STEP_MAX, HOSTS_MAX, MESSAGE_DIGESTS_MAX, MESSAGE_FACTS_MAX, VERSION_MAX,
};
pub use message::{Delta, Digest, Message};
