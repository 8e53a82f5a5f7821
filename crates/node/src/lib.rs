//! A whole node without sockets.
//!
//! - `ground`: the world outside, settings, clock, metrics.
//! - `peers`: messages between nodes.
//! - `cluster`: the cluster's own metadata, members, gossip.
//! - `replica`: this node's own copy of the data.
//! - `coordinator`: replicas, this node's own and those of others, as a coordinator sees them.
//! - `client`: statements of clients.
//! - `work`: what goes on in the background.
//! - `node`: the parts joined.
//!
//! No runtime is named here: time, tasks, disk and peers come through [`World`].

mod client;
mod cluster;
mod coordinator;
mod ground;
mod node;
mod peers;
mod replica;
mod shared;
mod work;

pub use client::error::Error;
pub use client::execute::{Outcome, Parameters};
pub use client::prepare::Ready;
pub use client::traces::{Trace, Traced};
pub use cluster::events::{Change, ClusterEvent, SchemaEvent, Subject};
pub use cluster::membership::JoinError;
pub use cluster::propose::ChangeError;
pub use coordinator::Core;
pub use ground::metrics::{Ending, Metrics, Operation};
pub use ground::options::{Faults, Options};
pub use ground::surroundings::{ClientFacts, Executed, PoolFacts, QueryFacts, Surroundings, TlsFacts};
pub use ground::world::{CallError, Class, Lane, To, World};
pub use node::{Identity, Node, StartError};
