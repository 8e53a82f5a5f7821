//! All messages between nodes.
//!
//! - `data`: what coordinators ask of replicas.
//! - `metadata`: the cluster's own business.

pub(crate) mod data;
pub(crate) mod metadata;

#[cfg(test)]
mod tests;
