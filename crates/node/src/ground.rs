//! The ground that every part of a node stands on: the world outside, settings, clock, metrics.

pub(crate) mod clock;
pub(crate) mod histogram;
pub(crate) mod metrics;
pub(crate) mod options;
pub(crate) mod surroundings;
pub(crate) mod world;
