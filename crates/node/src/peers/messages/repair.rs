//! Anti-entropy: a leader asks the replicas of its ranges what they hold, and gives them what they lack (docs/protocols/anti-entropy.md).

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Callers, Footing, Message, PACKED_BYTES_MAX, packed};
use henge_base::{Bytes, HostId, Micros};
use henge_model::{StorageId, TokenRange};
use henge_repair::{LeafSum, ListPage};
use serde::{Deserialize, Serialize};

/// The part of a table that a session compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ComparedPart {
    /// The table.
    pub(crate) table: StorageId,
    /// The ranges, ascending, disjoint, and cut where they wrap.
    pub(crate) ranges: Vec<TokenRange>,
    /// Leading bits of a token that name a leaf.
    pub(crate) bits: u8,
    /// Deletions and expiries from before this time (seconds) are left out.
    pub(crate) purge_before: i64,
}

/// The deletions of a part that may be forgotten, as the leader knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FloorNote {
    /// Those executed before this time (seconds).
    pub(crate) before: i64,
    /// Reads made from this time (seconds) on leave them out.
    pub(crate) counts_from: i64,
    /// The lineage and the index of the epoch of the session that it rests on.
    pub(crate) epoch: (u32, u64),
}

/// A question about sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RepairTree {
    /// The part.
    pub(crate) part: ComparedPart,
    /// The question.
    pub(crate) ask: TreeQuestion,
}

/// The question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TreeQuestion {
    /// The sum over everything. The first question of a session.
    Root {
        /// When the session began: it is asked again until all is read.
        session: Micros,
        /// The floor of the part, if it has one.
        floor: Option<FloorNote>,
        /// Writes that were issued before are to be refused from now on, before anything is read.
        fence: Option<Micros>,
        /// Ballots from before are to be refused from now on, before acceptors are looked through.
        #[serde(default)]
        ballots: Option<Micros>,
    },
    /// The sums at `bits` below these nodes at `above` bits.
    Sums {
        /// The nodes.
        parents: Vec<u32>,
        /// Their bits.
        above: u8,
        /// The bits of the sums.
        bits: u8,
    },
}

/// The answer to a question about sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TreeReply {
    /// It is still being read, and so many leaves are left.
    Reading(u64),
    /// This replica has other floors than the leader: each with its range.
    Floors(Vec<(TokenRange, FloorNote)>),
    /// An acceptor does not know what became of a value from before the fence, or the ballots. No fence was set but that of ballots.
    Unsettled,
    /// The sum over everything.
    Root {
        /// The sum.
        sum: LeafSum,
        /// Leading bits by which this replica has its leaves.
        bits: u8,
        /// When the oldest deletion or expiry was, or will be, of those that count.
        oldest_kept: i64,
    },
    /// Sums by node.
    Sums(Vec<(u32, LeafSum)>),
}

/// A question about rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RepairRows {
    /// The part.
    pub(crate) part: ComparedPart,
    /// The question.
    pub(crate) ask: RowsQuestion,
}

/// The question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RowsQuestion {
    /// The rows of the leaves from `first` to `last`, from a key on.
    List {
        /// The first leaf.
        first: u32,
        /// The last.
        last: u32,
        /// The key.
        from: Option<Bytes>,
    },
    /// The rows at these keys, or the first of them.
    Fetch(Vec<Bytes>),
}

/// The answer to a question about rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RowsReply {
    /// A page of the list.
    Page(ListPage),
    /// Keys and rows; `None` for a row that is gone.
    Rows(Vec<(Bytes, Option<Bytes>)>),
}

/// Rows that the replica lacks, as encoded mutations. Once it answers, they are on its disk, with all that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RepairMend {
    /// The mutations.
    pub(crate) mutations: Vec<Bytes>,
}

/// A session has proven a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RepairProven {
    /// The part.
    pub(crate) part: ComparedPart,
    /// Every write that was issued before is on all replicas.
    pub(crate) until: Micros,
    /// The floor that the session has brought about.
    pub(crate) floor: Option<FloorNote>,
    /// Rounds of Paxos from before it are settled.
    #[serde(default)]
    pub(crate) settled: Option<Micros>,
}

/// A question for the writes that a member still owes to others, asked of all members that are up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RepairOwed {}

/// The writes that a member still owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwedReply {
    /// Hosts, each with a time before which no write that is owed to it was issued.
    pub(crate) hosts: Vec<(HostId, Micros)>,
    /// When the oldest batch was admitted that this member keeps.
    pub(crate) batch: Option<Micros>,
    /// Tables of which it has recorded that a replica misses writes.
    pub(crate) missed: Vec<StorageId>,
}

packed!(RepairTree, TreeReply, RepairRows, RowsReply, RepairMend, RepairProven, RepairOwed, OwedReply);

impl Message for RepairTree {
    const KIND: Kind = Kind::RepairTree;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "sums of leaves";
    type Reply = TreeReply;
}

impl Message for RepairRows {
    const KIND: Kind = Kind::RepairRows;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "rows, or their keys and hashes";
    type Reply = RowsReply;
}

impl Message for RepairMend {
    const KIND: Kind = Kind::RepairMend;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}

impl Message for RepairProven {
    const KIND: Kind = Kind::RepairProven;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "nothing";
    type Reply = ();
}

impl Message for RepairOwed {
    const KIND: Kind = Kind::RepairOwed;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "for whom it keeps writes, and since when";
    type Reply = OwedReply;
}
