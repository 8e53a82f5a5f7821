//! One request across replicas: who is asked, how many must answer, and what their answers mean together.
//!
//! - `replicas`: the seam below: what a coordinator asks of the node it runs on.
//! - `error`, `refusal`: what can go wrong, in the classes that the protocol knows.
//! - `required`, `tally`: pure counting; what a level needs, and how far its answers came.
//! - `plan`: the replicas of one token, checked against the level before anything is sent.
//! - `write`: all replicas are written, enough are awaited, the rest is owed.
//! - `batch`: writes of several partitions, all or none.
//! - `count`: additions to counters.
//! - `read`, `gather`: rows of the nearest, digests of the others; another replica for one that fails or is late.
//! - `read_policy`: the table's options that reads obey.
//! - `block`: whether rows from elsewhere may be trusted.
//! - `reconcile`, `merge`, `mend`: rows of replicas that differ become one answer, and each gets what it lacked.
//! - `probed`: what an index finds, however far each replica's index is.
//! - `paxos`: conditional writes and SERIAL reads.
//! - `stamp`: the node's clock, waited for.
//! - `fast`: whether this node's own copy is answer enough.
//! - `under_way`: requests awaited together, without allocation.
//!
//! One request is one linear async function. Every future of the seam ends by its deadline, so a coordinator sets a timer only to ask
//! another replica before that (`speculative_retry`).

mod batch;
mod block;
mod count;
mod error;
mod fast;
mod gather;
mod limits;
#[cfg(test)]
mod manual;
mod mend;
mod merge;
mod paxos;
mod plan;
mod probed;
mod read;
mod read_policy;
mod reconcile;
mod refusal;
mod replicas;
mod required;
mod stamp;
mod tally;
mod under_way;
mod write;

pub use batch::{Logged, logged_batch};
pub use count::{Count, count};
pub use error::{ReadError, ReplicaError, WriteError, WriteType};
pub use fast::can_read_locally;
pub use paxos::{Conditional, Decision, conditional};
pub use read::{Read, read};
pub use read_policy::ReadPolicy;
pub use refusal::Refusal;
pub use replicas::{Boxed, Datacenter, Event, Faults, Local, Placed, ReadKind, ReadReply, Replicas};
pub use write::{Write, check_write, write};

#[cfg(test)]
mod fake;
