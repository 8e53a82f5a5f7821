//! Liveness and soft facts, spread from node to node. A pure state machine: its owner sends the messages and reads the
//! clock. Gossip decides neither membership nor placement.
//!
//! - `gossip`: one node's state, and the interface for its owner.
//! - `exchange`: the three steps in which two nodes bring each other up to date (scuttlebutt; van Renesse and others,
//!   2008).
//! - `message`, `fact`, `event`: the messages sent, the facts told, the conclusions drawn.
//! - `wire`: messages as bytes; `members`: the hosts that they may speak of.
//! - `partners`: the hosts that exchanges are opened with.
//! - `host_state`: the facts of one host, by generation and version.
//! - `peer`: the liveness of another host, by what is heard of it (`detector`, phi accrual) and by what it answers
//!   (`evidence`).
//! - `limits`: bounds on messages and claims.

mod detector;
mod event;
mod evidence;
mod exchange;
mod fact;
mod gossip;
mod host_state;
mod limits;
mod members;
mod message;
mod partners;
mod peer;
#[cfg(test)]
mod tests;
mod wire;

pub use detector::{FIRST_INTERVAL, INTERVAL_COUNT_MAX, INTERVAL_MAX, MEAN_INTERVAL_MIN, PHI_THRESHOLD};
pub use event::Event;
pub use evidence::{LINKS, Link, LinkReport, SUSPECTED_AFTER, Silence};
pub use fact::Fact;
pub use gossip::{Gossip, PAUSE_MAX};
pub use host_state::HostFacts;
pub use limits::{GENERATION_STEP_MAX, MESSAGE_BYTES_MAX, VERSION_MAX};
pub use members::Members;
pub use message::{Delta, Digest, Message};
pub use partners::{FANOUT, PARTNERS_MAX, VIEW_SIZE};
pub use wire::Unreadable;
