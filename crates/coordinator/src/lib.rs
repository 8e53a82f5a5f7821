//! One request across replicas: the replicas that are asked, the number that must answer, and the merge of their answers.
//!
//! - `replicas`: the seam to the node that a coordinator runs on; `work`, `datacenter`, `keyspace_placement`, `additions`, `logged_batch`, `faults`: values that
//!   pass it.
//! - `error`, `refusal`: errors, in the classes of the protocol.
//! - `required`, `tally`: pure counting: the answers that a level needs, and those that came.
//! - `plan`: the replicas of one token, checked against the level before anything is sent.
//! - `plan_epoch`: plans that hold no longer since a range changed hands.
//! - `write`: all replicas are written, enough are awaited, the rest is owed.
//! - `batch`: writes of several partitions, all or none.
//! - `count`: additions to counters.
//! - `read`: reads of all kinds. - `key_read`, `replica_read`: rows of the nearest, digests of the others; another replica for one that
//!   fails or is late. - `command_partition`: the partition of a read.
//! - `candidate`: a replica that may be read. - `standing`, `lateness`, `budget`: the replicas that are asked first, and when, and how often, one more than is needed.
//! - `read_policy`: the table's options that reads obey.
//! - `block`: checks of rows from other replicas.
//! - `reconcile`, `merge`, `mend`: rows of replicas that differ become one answer, and each gets what it lacked.
//! - `handover`: reads of a range that moves, whose rows go to the replicas that are about to own it.
//! - `index_read`: reads by an index, with replicas' indexes that may be behind.
//! - `paxos`: conditional writes and SERIAL reads.
//! - `turn`: one round of Paxos of a node on a partition at a time.
//! - `stamp`: the node's clock, waited for.
//! - `fast`: reads that this node's own copy can answer.
//! - `under_way`: requests awaited together, without allocation.
//!
//! One request is one linear async function. Every future of the seam ends by its deadline, so a coordinator sets a timer only to ask
//! another replica before that.

mod additions;
mod batch;
mod block;
mod budget;
mod candidate;
mod command_partition;
mod count;
mod datacenter;
mod error;
#[cfg(test)]
mod exhaustive;
mod fast;
mod faults;
mod handover;
mod index_read;
mod key_read;
mod keyspace_placement;
mod lateness;
mod level_check;
mod limits;
mod logged_batch;
#[cfg(test)]
mod manual;
mod mend;
mod merge;
mod paxos;
mod plan;
mod plan_epoch;
mod read;
mod read_policy;
mod reconcile;
mod refusal;
mod replica_read;
mod replicas;
mod required;
mod stamp;
mod standing;
mod tally;
mod turn;
mod under_way;
mod work;
mod write;

pub use additions::Count;
pub use batch::logged_batch;
pub use budget::SpeculationBudget;
pub use count::{count, is_refused_by};
pub use datacenter::Datacenter;
pub use error::{ReadError, ReplicaError, WriteError};
pub use fast::{can_read_locally, may_read_one_replica};
pub use faults::Faults;
pub use henge_model::WriteType;
pub use key_read::Read;
pub use keyspace_placement::{KeyspacePlacement, PlacedKeyspace};
pub use level_check::{LevelCheck, check_read_level, check_write_level};
pub use limits::Limits;
pub use logged_batch::LoggedBatch;
pub use paxos::{Conditional, Decision, Settlement, conditional, settle_partition};
pub use plan_epoch::newer_placement;
pub use read::read;
pub use read_policy::ReadPolicy;
pub use refusal::Refusal;
pub use replicas::{BoxedFuture, Event, Local, ReadKind, ReadReply, Recipient, Replicas};
pub use turn::{ProposalTurn, QueuedRound, ReadTurn, SharedRead, Turn};
pub use work::{Standing, Work};
pub use write::{Write, check_write, write};

#[cfg(test)]
mod fake;
