//! All messages between nodes.
//!
//! - `data`: what coordinators ask of replicas; `forward`: writes that one replica hands on to others.
//! - `repair`: what the leader of a comparison asks of replicas.
//! - `metadata`: the cluster's own business; `recall`: a process asks to be admitted as its host; `plan`: what the
//!   driver of a plan asks.
//! - `health`, `backup`: what an operator wants of members.
//! - `stream`: rows on their way to new replicas.

pub(crate) mod backup;
pub(crate) mod data;
pub(crate) mod forward;
pub(crate) mod health;
pub(crate) mod metadata;
pub(crate) mod plan;
pub(crate) mod range_sizes;
pub(crate) mod recall;
pub(crate) mod repair;
pub(crate) mod stream;

#[cfg(test)]
mod tests;
