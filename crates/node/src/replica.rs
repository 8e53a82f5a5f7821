//! This node as a replica: its own copy of the data.

pub(crate) mod acceptor;
mod faults;
pub(crate) mod pending;
pub(crate) mod serve;
pub(crate) mod slots;
pub(crate) mod syncs;
pub(crate) mod writer;
