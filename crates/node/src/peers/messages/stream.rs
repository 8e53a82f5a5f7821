//! Rows on their way to new replicas: a new replica asks for pages, and tells how far it has come.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Body, Callers, Footing, Message, PACKED_BYTES_MAX, Unreadable, packed};
use henge_base::{Bytes, HostId, Micros, Reader, put_vint};
use henge_model::{StorageId, TokenRange};
use serde::{Deserialize, Serialize};

/// The part of a table that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum StreamPart {
    /// States of acceptors of Paxos.
    Acceptors,
    /// Rows, static rows and tombstones.
    Rows,
}

/// A new replica asks for a page of what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamPage {
    /// The plan by which the sender gains the range.
    pub(crate) plan: u64,
    /// The table.
    pub(crate) table: StorageId,
    /// Tokens within one range of the placement.
    pub(crate) tokens: TokenRange,
    /// The part.
    pub(crate) part: StreamPart,
    /// The key behind which to go on.
    pub(crate) after: Option<Bytes>,
}

impl Message for StreamPage {
    const KIND: Kind = Kind::StreamPage;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "keys with encoded rows or states, about 1 MiB of them; true if there are more";
    type Reply = StreamPageReply;
}

/// A page: `01 if there are more | (key vint-bytes, row vint-bytes)*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamPageReply {
    /// Keys with encoded rows, or prefixes of partitions with states of acceptors; in the order of the keys.
    pub(crate) rows: Vec<(Bytes, Bytes)>,
    /// True if there are more behind the last key.
    pub(crate) more: bool,
}

impl StreamPageReply {
    /// Bytes of keys and rows.
    pub(crate) fn bytes(&self) -> u64 {
        self.rows.iter().map(|(key, row)| (key.len() + row.len()) as u64).sum()
    }
}

impl Body for StreamPageReply {
    fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.bytes() as usize + self.rows.len() * 6 + 1);
        out.push(u8::from(self.more));
        for part in self.rows.iter().flat_map(|(key, row)| [key, row]) {
            put_vint(&mut out, part.len() as u64);
            out.extend_from_slice(part);
        }
        out.into()
    }

    fn decode(body: Bytes) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(&body);
        let more = match reader.u8().map_err(|_| Unreadable)? {
            0 => false,
            1 => true,
            _ => return Err(Unreadable),
        };
        let mut rows = Vec::new();
        while !reader.is_empty() {
            let key = reader.vint_bytes().map_err(|_| Unreadable)?;
            let row = reader.vint_bytes().map_err(|_| Unreadable)?;
            rows.push((body.slice_ref(key), body.slice_ref(row)));
        }
        // There is nothing to go on from behind no rows.
        if more && rows.is_empty() { Err(Unreadable) } else { Ok(StreamPageReply { rows, more }) }
    }
}

/// A new replica asks for the fences of those that hold its ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamFences {
    /// The plan by which the sender gains ranges.
    pub(crate) plan: u64,
}

impl Message for StreamFences {
    const KIND: Kind = Kind::StreamFences;
    const CLASS: Class = Class::Bulk;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "the fence of each table that has one";
    type Reply = StreamFencesReply;
}

/// The fences of a node, which rise no more while the plan is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamFencesReply {
    /// Tables with the time before which writes must have been issued to be refused.
    pub(crate) fences: Vec<(StorageId, Micros)>,
    /// The same of ballots.
    #[serde(default)]
    pub(crate) ballots: Vec<(StorageId, Micros)>,
}

/// The driver of a plan asks a new replica how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamProgress {
    /// The plan.
    pub(crate) plan: u64,
}

impl Message for StreamProgress {
    const KIND: Kind = Kind::StreamProgress;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "ranges left, bytes done and estimated, in all and by source, and if all is on disk";
    type Reply = StreamProgressReply;
}

/// The progress of a new replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamProgressReply {
    /// Ranges of tables that are not complete.
    pub(crate) ranges_left: u64,
    /// Bytes that have come since this process began.
    pub(crate) bytes_done: u64,
    /// An estimate of all bytes that will have come.
    pub(crate) bytes_total_estimate: u64,
    /// True if everything has come, and is on disk.
    pub(crate) is_done: bool,
    /// The sources that it fetches from.
    #[serde(default)]
    pub(crate) sources: Vec<SourceProgress>,
}

/// The rows that a new replica fetches from one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceProgress {
    /// The source.
    pub(crate) host: HostId,
    /// Bytes that have come since this process began.
    pub(crate) bytes_done: u64,
    /// Bytes that the source was expected to send when that was asked; 0 if it did not tell.
    pub(crate) bytes_total: u64,
    /// Bytes that the source sends in a second at most; 0: no limit, or it did not tell.
    pub(crate) bytes_per_second: u64,
}

packed!(StreamPage, StreamFences, StreamFencesReply, StreamProgress, StreamProgressReply);

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;

    fn page(more: bool, rows: &[(&'static str, &'static str)]) -> StreamPageReply {
        let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
        StreamPageReply { rows: rows.iter().map(|(key, row)| (bytes(key), bytes(row))).collect(), more }
    }

    #[test]
    fn pages_read_back_and_false_ones_are_refused() {
        for page in [page(false, &[]), page(true, &[("k", "row")]), page(false, &[("k", ""), ("l", "other")])] {
            assert_eq!(StreamPageReply::decode(page.encode()), Ok(page));
        }
        assert_eq!(page(true, &[("k", "row")]).encode(), Bytes::from_static(b"\x01\x01k\x03row"));
        for bytes in [&b""[..], b"\x02", b"\x01", b"\x00\x05k", b"\x00\x01k"] {
            assert_eq!(StreamPageReply::decode(Bytes::copy_from_slice(bytes)), Err(Unreadable), "{bytes:?}");
        }
        let mut random = Random::new(1);
        for _ in 0..1_000 {
            let noise: [u8; 24] = random.bytes();
            let _ = StreamPageReply::decode(Bytes::copy_from_slice(&noise));
        }
    }
}
