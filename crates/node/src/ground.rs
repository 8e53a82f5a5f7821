//! The ground that every part of a node stands on: the world outside, settings, clock, metrics, identity.

pub(crate) mod clock;
pub(crate) mod clock_trust;
pub(crate) mod context;
pub(crate) mod histogram;
pub(crate) mod identity;
pub(crate) mod limits;
pub(crate) mod metric_registry;
pub(crate) mod metrics;
pub(crate) mod options;
pub(crate) mod per_thread;
pub(crate) mod plan_watch;
pub(crate) mod process_metrics;
pub(crate) mod repairs;
pub(crate) mod request_activity;
pub(crate) mod request_labels;
pub(crate) mod request_metrics;
pub(crate) mod requests_in_flight;
pub(crate) mod sampled_figures;
pub(crate) mod spans;
pub(crate) mod standing;
pub(crate) mod steps;
pub(crate) mod surroundings;
pub(crate) mod versions;
pub(crate) mod worker_status;
pub(crate) mod world;
