//! The cluster's own log: schema, members, tokens and placements, as one linear history of epochs. Pure: who may add to it, and how
//! entries travel, is decided above.
//!
//! - `position`, `entry`, `entry_hash`, `command_id`, `log`, `snapshot`: the history; `state`: what it adds up to; `placements`: who holds what, by
//!   replication setting.
//! - `whole_placements`: how entries of the first format say who holds what.
//! - `plan`: the change of members or replication under way; `plan_effects`: the state as it makes it.
//! - `voters`: the members that agree on the next entry; `seat`: the part of each in it.
//! - `versions`: the formats that releases speak, and the one that the cluster writes; `version_raise`: raising it.
//! - `state_fault`: the rules that hold after every entry.
//! - `restore`: the state of a new cluster that has another's schema.
//! - `roles`: who may do what.
//! - `command`, `role_command`: what can be asked; `command_refusal`: why a command changes nothing.
//! - `propose` turns a command into an entry. By topic: `membership`, `plan_steps` (after `plan_checks`), `moves`, `replication_change` (along
//!   `replication_path`), `keyspaces`, `system_keyspaces` (with their `keyspace_names`), `tables`, `alter`, `types`, `indexes` and `access`;
//!   `keyspace_placements` places what keyspaces come to use.
//! - `plan_course`: the states that a plan leads through, before it begins; `quorum_risk`: ranges that lack a quorum on the way.

mod access;
mod alter;
mod command;
mod command_id;
mod command_refusal;
mod entry;
mod entry_hash;
mod indexes;
mod keyspace_names;
mod keyspace_placements;
mod keyspaces;
mod limits;
mod log;
mod membership;
mod moves;
mod placements;
mod plan;
mod plan_checks;
mod plan_course;
mod plan_effects;
mod plan_steps;
mod position;
mod propose;
mod quorum_risk;
mod replication_change;
mod replication_path;
mod restore;
mod role_command;
#[cfg(test)]
mod role_tests;
mod roles;
mod seat;
mod snapshot;
mod state;
mod state_fault;
mod system_keyspaces;
mod tables;
#[cfg(test)]
mod tests;
mod types;
mod version_raise;
mod versions;
mod voters;
mod whole_placements;

pub use alter::other_scope_text;
pub use command::{Command, JoinDraft, RangeReplicas};
pub use command_id::{CommandId, RecentCommands};
pub use command_refusal::CommandRefusal;
pub use entry::{Change, Entry, EntryError, SealedEntry};
pub use entry_hash::{BadHash, EntryHash};
pub use henge_ring::Epoch;
pub use keyspace_names::TRACES;
pub use limits::ENTRY_BYTES;
pub use log::{Gap, Log, LogFault, LogPage};
pub use placements::Placements;
pub use plan::{Plan, PlanKind, PlanStep};
pub use plan_course::plan_course;
pub use plan_effects::GainedRanges;
pub use position::Position;
pub use propose::{begin_lineage, propose};
pub use quorum_risk::{LostQuorum, QuorumRisk, quorum_risks};
pub use role_command::{RoleCommand, RoleSettings};
pub use roles::{Role, Roles};
pub use seat::{Answer, Ballots, Question, Seat};
pub use snapshot::{Snapshot, SnapshotError};
pub use state::{ApplyError, ClusterState};
pub use state_fault::StateFault;
pub use system_keyspaces::TRACE_TTL;
pub use versions::{UnspokenVersion, VersionRange};
pub use whole_placements::{WholePlacement, WholePlacements};
