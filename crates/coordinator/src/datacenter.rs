//! Datacentres as numbers.

/// A datacentre's number on this node; names are interned so that counting compares small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Datacenter(pub u16);
