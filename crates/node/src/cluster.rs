//! The cluster as this node knows it: the metadata log, members, placements, gossip.

pub(crate) mod catch_up;
pub(crate) mod events;
pub(crate) mod gossip;
pub(crate) mod membership;
pub(crate) mod propose;
pub(crate) mod pulls;
pub(crate) mod system_keyspaces;
pub(crate) mod view;
