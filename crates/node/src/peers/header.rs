//! The 32 bytes before every message between nodes, laid by hand because reads and writes go through here.
//!
//! | at | field |
//! |---|---|
//! | 0 | format u8, 1 |
//! | 1 | kind u8 |
//! | 2 | flags u16 |
//! | 4 | epoch lineage u32 |
//! | 8 | epoch index u64 |
//! | 16 | sender's hybrid logical clock i64 |
//! | 24 | status u32 of a reply |
//! | 28 | reserved, zero |
//!
//! All little-endian. What follows is opaque to this file.

use henge_base::{Bytes, Micros};
use henge_metadata::Epoch;

/// Bytes of a header.
pub(crate) const HEADER_LEN: usize = 32;
/// The only format there is; a node that reads another answers `Unsupported`.
const FORMAT: u8 = 1;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An encoded mutation to apply.
    Write,
    /// A read command to answer with rows.
    ReadRows,
    /// A read command to answer with a digest.
    ReadDigest,
    /// The cluster's own business, as rmp.
    Control,
    /// Gossip, as rmp; nobody answers.
    Gossip,
    /// The answer to any of them.
    Reply,
    /// A proposer asks an acceptor of Paxos, as rmp.
    Paxos,
    /// A batch to keep, or to forget, as rmp.
    Batch,
    /// Additions to counters to lead, as rmp.
    Count,
}

const KINDS: [Kind; 9] = [
    Kind::Write,
    Kind::ReadRows,
    Kind::ReadDigest,
    Kind::Control,
    Kind::Gossip,
    Kind::Reply,
    Kind::Paxos,
    Kind::Batch,
    Kind::Count,
];

/// How a request went, on the replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done; a body may follow.
    Ok,
    /// The replica has seen a later placement of this range.
    StaleEpoch,
    /// The storage id is not known, or no longer.
    UnknownTable,
    /// Compaction cannot keep up, or a queue is full.
    Stalled,
    /// The disk is full.
    Full,
    /// A stored row is damaged.
    Corrupt,
    /// The message, or its kind, is not understood.
    Unsupported,
    /// Anything else; the replica's log says what.
    Failed,
    /// The write comes too late: deletions of its time have been purged.
    Fenced,
    /// The index that a read asks is not built yet.
    NoIndex,
    /// The replica has yet to reach the sender's epoch, and cannot tell.
    Behind,
    /// The sender has too much under way on the replica.
    Overloaded,
}

const STATUSES: [Status; 12] = [
    Status::Ok,
    Status::StaleEpoch,
    Status::UnknownTable,
    Status::Stalled,
    Status::Full,
    Status::Corrupt,
    Status::Unsupported,
    Status::Failed,
    Status::Fenced,
    Status::NoIndex,
    Status::Behind,
    Status::Overloaded,
];

/// A decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) epoch: Epoch,
    pub(crate) clock: Micros,
    pub(crate) status: Status,
}

/// A message that cannot be read: too short, another format, an unknown kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message between nodes cannot be read")]
pub(crate) struct Unreadable;

impl Header {
    /// A message of this header and body.
    pub(crate) fn with_body(&self, body: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(HEADER_LEN + body.len());
        out.extend_from_slice(&[FORMAT, position(&KINDS, self.kind), 0, 0]);
        out.extend_from_slice(&self.epoch.lineage.to_le_bytes());
        out.extend_from_slice(&self.epoch.index.to_le_bytes());
        out.extend_from_slice(&self.clock.to_le_bytes());
        out.extend_from_slice(&u32::from(position(&STATUSES, self.status)).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(body);
        Bytes::from(out)
    }

    /// Splits a message into its header and its body.
    pub(crate) fn split(message: &Bytes) -> Result<(Header, Bytes), Unreadable> {
        let (head, _) = message.split_first_chunk::<HEADER_LEN>().ok_or(Unreadable)?;
        if head[0] != FORMAT {
            return Err(Unreadable);
        }
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | (u64::from(word(at + 4)) << 32);
        let header = Header {
            kind: *KINDS.get(usize::from(head[1])).ok_or(Unreadable)?,
            epoch: Epoch { lineage: word(4), index: long(8) },
            clock: long(16) as Micros,
            status: *STATUSES.get(word(24) as usize).unwrap_or(&Status::Failed),
        };
        Ok((header, message.slice(HEADER_LEN..)))
    }
}

/// The place of an item in its table; the tables hold every variant, so it is always found.
fn position<T: PartialEq>(table: &[T], item: T) -> u8 {
    table.iter().position(|t| *t == item).unwrap_or(table.len()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip() {
        for kind in KINDS {
            for status in STATUSES {
                let header = Header { kind, epoch: Epoch { lineage: 3, index: 1 << 40 }, clock: -5, status };
                let (back, body) = Header::split(&header.with_body(b"rows")).unwrap();
                assert_eq!((back, body.as_ref()), (header, b"rows".as_ref()));
            }
        }
    }

    #[test]
    fn what_is_not_a_header_is_refused() {
        assert_eq!(Header::split(&Bytes::from_static(b"short")), Err(Unreadable));
        assert_eq!(Header::split(&Bytes::from(vec![9; 40])), Err(Unreadable));
    }
}
