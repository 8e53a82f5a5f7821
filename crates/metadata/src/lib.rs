//! The cluster's own log: schema, members, tokens and placements, as one linear history of epochs. Pure: who may add to it, and how
//! entries travel, is decided above.
//!
//! - `epoch`, `entry`, `log`: the history; `state`: what it adds up to; `placements`: who holds what, by replication setting.
//! - `command`: what can be asked; `propose` turns it into an entry, with `membership`, `tables` and `alter`; `refused`: why not.

mod alter;
mod command;
mod entry;
mod epoch;
mod limits;
mod log;
mod membership;
mod placements;
mod propose;
mod refused;
mod state;
mod tables;
#[cfg(test)]
mod tests;
mod types;

pub use command::{AddedColumn, ColumnDraft, Command, JoinDraft, TableChange, TableDraft};
pub use entry::{Change, Entry, EntryError};
pub use epoch::Epoch;
pub use log::{Gap, Log};
pub use placements::Placements;
pub use propose::propose;
pub use refused::Refused;
pub use state::{ApplyError, ClusterState};
