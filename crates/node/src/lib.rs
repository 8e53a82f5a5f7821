//! A whole node without sockets.
//!
//! - `world`: the seam to clocks, threads and peers; `surroundings`: what only the process knows; `options`: its settings.
//! - `node`: the parts joined; `core`: one core's way in; `shared`, `view`, `liveness`, `clock`: what they all look at.
//! - `ready`, `execute`, `schema_change`: a client's statement; `error`, `events`: what comes back.
//! - `access`: who asks, and whether they may.
//! - `indexes`, `forget`: work in the background on what is stored.
//! - `replica`, `pending`, `writer`, `slots`, `hints`, `once_each`, `peer_load`: this node as a replica, and its requests to others.
//! - `membership`, `propose`, `catch_up`, `pulls`, `gossip_task`: the cluster's own business; `control`, `header`: its messages.
//! - `system_tables`: what drivers read about the cluster; `read_only`: tables that take no writes; `metrics`, `histogram`: what operators read.
//!
//! No runtime is named here: time, tasks, disk and peers come through [`World`].

mod acceptor;
mod access;
mod batches;
mod catch_up;
mod clock;
mod control;
mod core;
mod counters;
mod error;
mod events;
mod execute;
mod faults;
mod forget;
mod gossip_task;
mod header;
mod hints;
mod histogram;
mod indexes;
mod liveness;
mod membership;
mod metrics;
mod node;
mod once_each;
mod options;
mod peer_load;
mod pending;
mod propose;
mod pulls;
mod read_only;
mod ready;
mod replica;
mod schema_change;
mod shared;
mod slots;
mod space;
mod statements;
mod surroundings;
mod syncs;
mod system_tables;
mod traces;
mod view;
mod world;
mod writer;

pub use crate::core::Core;
pub use error::Error;
pub use events::{Change, ClusterEvent, SchemaEvent, Subject};
pub use execute::{Outcome, Parameters};
pub use membership::JoinError;
pub use metrics::{Ending, Metrics, Operation};
pub use node::{Identity, Node, StartError};
pub use options::{Faults, Options};
pub use propose::ChangeError;
pub use ready::Ready;
pub use surroundings::{ClientFacts, Executed, PoolFacts, QueryFacts, Surroundings, TlsFacts};
pub use traces::{Trace, Traced};
pub use world::{CallError, Class, Lane, To, World};
