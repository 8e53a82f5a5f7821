//! Messages between nodes, and the peers that send and answer them.

pub(crate) mod control;
pub(crate) mod header;
pub(crate) mod liveness;
pub(crate) mod load;
