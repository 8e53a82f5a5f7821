//! The cluster's own business: joining, agreeing on metadata, catching up, gossip. Named maps in MessagePack, so that fields can be added.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Body, Callers, Footing, Message, PACKED_BYTES_MAX, Unreadable, packed};
use henge_base::{Bytes, HostId, Micros};
use henge_gossip::MESSAGE_BYTES_MAX;
use henge_metadata::{Answer, Ballots, Command, CommandId, CommandRefusal, Epoch, Position};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A message of gossip, as `henge_gossip` writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gossip(pub(crate) Bytes);

impl Body for Gossip {
    fn encode(&self) -> Bytes {
        self.0.clone()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        if body.len() > MESSAGE_BYTES_MAX { Err(Unreadable) } else { Ok(Gossip(body)) }
    }
}

/// A node that has no cluster asks who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Probe {
    /// The seeds that the asker was given; discovery wants one list everywhere.
    pub(crate) seeds: Vec<SocketAddr>,
}

impl Message for Probe {
    const KIND: Kind = Kind::Probe;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::AnyHost;
    const FOOTING: Footing = Footing::Any;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "host, seeds, epoch if it is in a cluster; to members the addresses of those that are not where the log has them";
    type Reply = ProbeReply;
}

/// The answering node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProbeReply {
    /// The answering node.
    pub(crate) host: HostId,
    /// Its seeds.
    pub(crate) seeds: Vec<SocketAddr>,
    /// Its epoch, if it is in a cluster.
    pub(crate) epoch: Option<Epoch>,
    /// Members that are not where the log has them, for a member that asks.
    #[serde(default)]
    pub(crate) moved: Vec<(HostId, SocketAddr)>,
}

/// A command for the metadata log, to be carried out by a voter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Propose {
    /// The command's id: one that was carried out already is not carried out again.
    pub(crate) origin: CommandId,
    /// The command.
    pub(crate) command: Command,
    /// True if it was passed on already: it is passed on once.
    pub(crate) forwarded: bool,
}

impl Message for Propose {
    const KIND: Kind = Kind::Propose;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Joining;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "agreed, refused, not ready, or unknown";
    type Reply = ProposeReply;
}

/// The outcome of a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ProposeReply {
    /// Agreed and applied.
    Agreed {
        /// The epoch at which it holds.
        epoch: Epoch,
        /// True if something changed (`IF NOT EXISTS` may change nothing).
        changed: bool,
    },
    /// The log refuses, and nothing changed.
    Refused(CommandRefusal),
    /// The node is in no cluster yet, or cannot reach the voters; nothing changed.
    NotReady(String),
    /// The command may have been carried out, or may be yet.
    Unknown(String),
}

/// A request for what follows on a place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pull {
    /// The end of the asker's log.
    pub(crate) after: Position,
    /// The snapshot whose next piece is wanted, with the bytes of it that the asker has.
    pub(crate) snapshot: Option<(Position, u64)>,
}

impl Message for Pull {
    const KIND: Kind = Kind::Pull;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str =
        "encoded entries, oldest first; a piece of a snapshot; or the entry at which the logs part";
    type Reply = PullReply;
}

/// The part of the log that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PullReply {
    /// Entries.
    Entries {
        /// Encoded entries, oldest first.
        entries: Vec<Bytes>,
        /// True if more follow.
        more: bool,
    },
    /// A piece of a snapshot: the log does not reach back so far.
    Snapshot {
        /// The end of the log at the snapshot.
        position: Position,
        /// Bytes of the whole snapshot.
        total: u64,
        /// Bytes before this piece.
        offset: u64,
        /// The piece.
        piece: Bytes,
    },
    /// The entry in place of the asker's last one.
    Fork(Position),
}

/// A new entry; answered once the receiver has applied it, or has tried to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Advance {
    /// The newest epoch.
    pub(crate) epoch: Epoch,
    /// The encoded entry, unless it is long.
    pub(crate) entry: Option<Bytes>,
}

impl Message for Advance {
    const KIND: Kind = Kind::Advance;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "the epoch that the receiver has come to";
    type Reply = AdvanceReply;
}

/// The epoch that a node has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AdvanceReply {
    /// The newest epoch that it has applied.
    pub(crate) epoch: Epoch,
}

/// The sender shuts down as planned: it is asked for nothing more from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shutdown {
    /// The run of the sender's process that ends.
    pub(crate) generation: u64,
    /// The last lease of its clock, which copies of its disk that were made before do not have.
    pub(crate) lease: Micros,
}

impl Message for Shutdown {
    const KIND: Kind = Kind::Shutdown;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "empty; the sender counts as down";
    type Reply = ();
}

impl Message for Ballots {
    const KIND: Kind = Kind::Ballots;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "a promise, an acceptance, a later ballot, or where the voter's log ends";
    type Reply = Answer;
}

impl Message for Gossip {
    const KIND: Kind = Kind::Gossip;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = MESSAGE_BYTES_MAX;
    const REPLY: &'static str = "nobody answers";
    type Reply = ();
}

/// A question for a peer's wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeRequest {}

impl Message for TimeRequest {
    const KIND: Kind = Kind::Time;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "its wall clock, and if that jumped";
    type Reply = TimeReply;
}

/// A wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeReply {
    /// Microseconds since the epoch.
    pub(crate) wall_us: Micros,
    /// True if the clock jumped and nobody has confirmed the new time.
    pub(crate) has_jumped: bool,
}

packed!(TimeRequest, TimeReply);
/// Requests that began before an epoch are to end: a step of a move goes on once none is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Barrier {
    /// The epoch.
    pub(crate) epoch: Epoch,
}

impl Message for Barrier {
    const KIND: Kind = Kind::Barrier;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "the number of those still under way";
    type Reply = BarrierReply;
}

/// The requests that are left of older epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BarrierReply {
    /// Those still under way: none if the barrier is passed here.
    pub(crate) left: u32,
}

packed!(
    Barrier,
    BarrierReply,
    Probe,
    ProbeReply,
    Propose,
    ProposeReply,
    Pull,
    PullReply,
    Advance,
    AdvanceReply,
    Ballots,
    Answer,
    Shutdown
);
