//! Questions of the driver of a plan.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Callers, Footing, Message, PACKED_BYTES_MAX, packed};
use henge_metadata::Epoch;
use serde::{Deserialize, Serialize};

/// The driver of a plan asks a member that leaves what it still owes. From the first question on the member serves no clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Debts {
    /// The plan by which it leaves.
    pub(crate) plan: u64,
}

impl Message for Debts {
    const KIND: Kind = Kind::Debts;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "if it serves clients, keeps batches or owes hints";
    type Reply = DebtsReply;
}

/// The debts of a member that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DebtsReply {
    /// True while requests of its clients may be under way.
    pub(crate) serves_clients: bool,
    /// True if it keeps batches that are not known to be written.
    pub(crate) keeps_batches: bool,
    /// Hints for members that are up, while they are waited for.
    pub(crate) hints: u64,
}

/// The driver of a plan asks members how they stand to its newcomers, and newcomers if they follow the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// The plan that brings them.
    pub(crate) plan: u64,
    /// The epoch that the driver has come to.
    pub(crate) epoch: Epoch,
}

impl Message for Arrival {
    const KIND: Kind = Kind::Arrival;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "if it has come to the epoch, and sees that all newcomers are up";
    type Reply = ArrivalReply;
}

/// A member's standing to newcomers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArrivalReply {
    /// True if it has come to the epoch.
    pub(crate) is_level: bool,
    /// True if every newcomer seems up to it, or is itself.
    pub(crate) sees_newcomer: bool,
}

packed!(Debts, DebtsReply, Arrival, ArrivalReply);
