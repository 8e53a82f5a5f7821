//! Background work. Each worker takes steps within one frame (`worker`).

pub(crate) mod acceptor_purge;
pub(crate) mod addresses;
pub(crate) mod arrival;
pub(crate) mod batch_removal;
pub(crate) mod batch_replay;
pub(crate) mod cleanup;
pub(crate) mod clock_watch;
pub(crate) mod debts;
pub(crate) mod dropped_tables;
pub(crate) mod hint_delivery;
pub(crate) mod hint_writer;
pub(crate) mod index_build;
mod index_sweep;
pub(crate) mod lease;
pub(crate) mod member_search;
mod once_each;
pub(crate) mod periodic_sync;
pub(crate) mod plan_driver;
pub(crate) mod purge;
pub(crate) mod repair;
pub(crate) mod settling;
pub(crate) mod sightings;
pub(crate) mod space;
pub(crate) mod streaming;
pub(crate) mod voters;
pub(crate) mod worker;
