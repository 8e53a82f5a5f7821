//! A replica is asked how many bytes of rows it has in ranges, to say what a plan would move.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Callers, Footing, Message, PACKED_BYTES_MAX, packed};
use henge_model::{StorageId, TokenRange};
use serde::{Deserialize, Serialize};

/// Ranges times tables of one question: each is looked up in the engine.
pub(crate) const LOOKUPS_MAX: usize = 20_000;
/// Ranges of one question.
pub(crate) const RANGES_MAX: usize = 4_000;

/// A member is asked for the sizes of ranges that it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RangeSizes {
    /// The tables whose rows count.
    pub(crate) tables: Vec<StorageId>,
    /// The ranges.
    pub(crate) ranges: Vec<TokenRange>,
}

impl RangeSizes {
    /// Ranges of one question about so many tables.
    pub(crate) fn ranges_max(tables: usize) -> usize {
        (LOOKUPS_MAX / tables.max(1)).clamp(1, RANGES_MAX)
    }

    /// True if it asks for no more than a member looks up.
    pub(crate) fn is_bounded(&self) -> bool {
        self.ranges.len() <= RangeSizes::ranges_max(self.tables.len())
    }
}

impl Message for RangeSizes {
    const KIND: Kind = Kind::RangeSizes;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "estimated bytes of rows in each range, and the bytes that it streams in a second";
    type Reply = RangeSizesReply;
}

/// The sizes of ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RangeSizesReply {
    /// Estimated bytes of the rows of all tables in each range, in the order of the question.
    pub(crate) bytes: Vec<u64>,
    /// Bytes that the member streams in a second at most; 0: no limit.
    pub(crate) bytes_per_second: u64,
}

packed!(RangeSizes, RangeSizesReply);
