//! The cluster's own log: schema, members, tokens and placements, as one linear history of epochs. Pure: who may add to it, and how
//! entries travel, is decided above.
//!
//! - `epoch`, `entry`, `log`: the history; `state`: what it adds up to; `placements`: who holds what, by replication setting.
//! - `state_fault`: the rules that hold after every entry.
//! - `roles`: who may do what.
//! - `command`: what can be asked; `propose` turns it into an entry, with `membership`, `system_keyspaces`, `tables`, `alter` and `access`; `refused`: why not.

mod access;
mod alter;
mod command;
mod entry;
mod epoch;
mod indexes;
mod limits;
mod log;
mod membership;
mod placements;
mod propose;
mod refused;
#[cfg(test)]
mod role_tests;
mod roles;
mod state;
mod state_fault;
mod system_keyspaces;
mod tables;
#[cfg(test)]
mod tests;
mod types;

pub use access::{RoleCommand, RoleSettings};
pub use command::{Command, JoinDraft};
pub use entry::{Change, Entry, EntryError};
pub use epoch::Epoch;
pub use limits::ENTRY_BYTES;
pub use log::{Gap, Log, LogPage};
pub use placements::Placements;
pub use propose::propose;
pub use refused::Refused;
pub use roles::{Role, Roles};
pub use state::{ApplyError, ClusterState};
pub use state_fault::StateFault;
pub use system_keyspaces::{TRACE_TTL, TRACES};
