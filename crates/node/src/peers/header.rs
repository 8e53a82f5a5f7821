//! The 32 bytes before every message between nodes, laid by hand because reads and writes go through here.
//!
//! | at | field |
//! |---|---|
//! | 0 | version of the formats u8: 1, or of tests 2 |
//! | 1 | kind u8 |
//! | 2 | steps u16: not 0 if a traced request asks for the replica's steps; of a reply, their bytes before its body |
//! | 4 | epoch lineage u32 |
//! | 8 | epoch index u64 |
//! | 16 | sender's hybrid logical clock i64 |
//! | 24 | status u32 of a reply: 0, or the code of a refusal |
//! | 28 | number of the sender's start u32 |
//!
//! All little-endian. Version 2, which no release speaks, has four bytes more: the newest version that the sender speaks, u32. What follows
//! is opaque to this file.

use henge_base::{Bytes, Micros};
use henge_coordinator::Refusal;
use henge_metadata::{Epoch, VersionRange};

/// Bytes of a header.
pub(crate) const HEADER_LEN: usize = 32;
/// The first version whose header has four bytes more.
const LONGER_SINCE: u8 = 2;
/// These bytes.
const LONGER_BY: usize = 4;
/// The status of a reply to a request that was served.
const SERVED: u32 = 0;
/// The steps field of a request whose replica is to tell its steps.
pub(crate) const STEPS_WANTED: u16 = 1;

/// The kind of a message, with its number on the wire. A number is never used for another kind; 3 was once in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    /// An encoded mutation to apply.
    Write = 0,
    /// A read command to answer with rows.
    ReadRows = 1,
    /// A read command to answer with a digest.
    ReadDigest = 2,
    /// Gossip; nobody answers.
    Gossip = 4,
    /// The answer to any of the others.
    Reply = 5,
    /// A proposer asks an acceptor of Paxos.
    Paxos = 6,
    /// A batch to keep, or to forget.
    Batch = 7,
    /// Additions to counters to lead.
    Count = 8,
    /// A node without a cluster asks who is there.
    Probe = 9,
    /// A command for the metadata log.
    Propose = 10,
    /// A request for entries of the metadata log.
    Pull = 11,
    /// There is a new epoch.
    Advance = 12,
    /// A voter is asked about the next entry of the metadata log.
    Ballots = 13,
    /// The sender shuts down.
    Shutdown = 14,
    /// A peer's wall clock is asked for.
    Time = 15,
    /// A process asks to be admitted as its host.
    Recall = 16,
    /// Requests of older epochs are to end.
    Barrier = 17,
    /// A mutation to apply, and to forward to others.
    ForwardWrite = 18,
    /// A mutation that was forwarded.
    ForwardedWrite = 19,
    /// A member that leaves is asked what it owes.
    Debts = 20,
    /// The outcome of a forwarded write.
    WriteOutcome = 21,
    /// Members are asked how they stand to a newcomer.
    Arrival = 24,
    /// A new replica asks for a page of what it lacks.
    StreamPage = 25,
    /// A new replica asks for fences.
    StreamFences = 26,
    /// A new replica is asked how far it has come.
    StreamProgress = 27,
    /// A replica is asked for sums of what it holds.
    RepairTree = 30,
    /// A replica is asked for rows, or their hashes.
    RepairRows = 31,
    /// Rows that the replica lacks.
    RepairMend = 32,
    /// A part of a table was proven equal on its replicas.
    RepairProven = 33,
    /// A member is asked for the writes that it owes to others.
    RepairOwed = 34,
    /// A member is asked how it is.
    Health = 35,
    /// A member is to back itself up.
    BackUp = 36,
    /// A replica is asked for the sizes of ranges.
    RangeSizes = 37,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 33] = [
        Kind::Write,
        Kind::ReadRows,
        Kind::ReadDigest,
        Kind::Gossip,
        Kind::Reply,
        Kind::Paxos,
        Kind::Batch,
        Kind::Count,
        Kind::Probe,
        Kind::Propose,
        Kind::Pull,
        Kind::Advance,
        Kind::Ballots,
        Kind::Shutdown,
        Kind::Time,
        Kind::Recall,
        Kind::Barrier,
        Kind::ForwardWrite,
        Kind::ForwardedWrite,
        Kind::Debts,
        Kind::WriteOutcome,
        Kind::Arrival,
        Kind::StreamPage,
        Kind::StreamFences,
        Kind::StreamProgress,
        Kind::RepairTree,
        Kind::RepairRows,
        Kind::RepairMend,
        Kind::RepairProven,
        Kind::RepairOwed,
        Kind::Health,
        Kind::BackUp,
        Kind::RangeSizes,
    ];

    /// Its number on the wire.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    fn of_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// A decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The version of the formats that the message is written in.
    pub(crate) version: u8,
    /// The newest version that the sender speaks; 0 if it does not tell.
    pub(crate) newest: u32,
    pub(crate) kind: Kind,
    pub(crate) epoch: Epoch,
    pub(crate) clock: Micros,
    /// The outcome of a request on the replica.
    pub(crate) status: Result<(), Refusal>,
    /// The number of the sender's start.
    pub(crate) start: u32,
    /// Of a request [`STEPS_WANTED`] or 0, of a reply the bytes of steps that come before its body.
    pub(crate) steps: u16,
}

/// A message whose header cannot be read: too short, a version that this node does not speak, an unknown kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header of a message between nodes cannot be read")]
pub(crate) struct BadHeader;

impl Header {
    /// A message of this header and body.
    pub(crate) fn with_body(&self, body: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(HEADER_LEN + LONGER_BY + body.len());
        out.extend_from_slice(&[self.version, self.kind.number()]);
        out.extend_from_slice(&self.steps.to_le_bytes());
        out.extend_from_slice(&self.epoch.lineage.to_le_bytes());
        out.extend_from_slice(&self.epoch.index.to_le_bytes());
        out.extend_from_slice(&self.clock.to_le_bytes());
        let status = self.status.map_or_else(Refusal::code, |()| SERVED);
        out.extend_from_slice(&status.to_le_bytes());
        out.extend_from_slice(&self.start.to_le_bytes());
        if self.version >= LONGER_SINCE {
            out.extend_from_slice(&self.newest.to_le_bytes());
        }
        out.extend_from_slice(body);
        Bytes::from(out)
    }

    /// Splits a message, of a version that is spoken, into its header and its body.
    pub(crate) fn split(message: &Bytes, speaks: VersionRange) -> Result<(Header, Bytes), BadHeader> {
        let (head, rest) = message.split_first_chunk::<HEADER_LEN>().ok_or(BadHeader)?;
        let version = head[0];
        if !speaks.contains(u32::from(version)) {
            return Err(BadHeader);
        }
        let (newest, body_at) = match version >= LONGER_SINCE {
            true => {
                let (newest, _) = rest.split_first_chunk::<LONGER_BY>().ok_or(BadHeader)?;
                (u32::from_le_bytes(*newest), HEADER_LEN + LONGER_BY)
            }
            false => (0, HEADER_LEN),
        };
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | (u64::from(word(at + 4)) << 32);
        let status = match word(24) {
            SERVED => Ok(()),
            // A code of a later release: refused, for a reason that this one does not know.
            code => Err(Refusal::of_code(code).unwrap_or(Refusal::Other)),
        };
        let header = Header {
            version,
            newest,
            kind: Kind::of_number(head[1]).ok_or(BadHeader)?,
            epoch: Epoch { lineage: word(4), index: long(8) },
            clock: long(16) as Micros,
            status,
            start: word(28),
            steps: u16::from_le_bytes([head[2], head[3]]),
        };
        Ok((header, message.slice(body_at..)))
    }

    /// Splits what follows the header of a reply into the replica's steps and the body.
    pub(crate) fn split_steps(&self, mut rest: Bytes) -> Result<(Bytes, Bytes), BadHeader> {
        let steps = usize::from(self.steps);
        if steps > rest.len() {
            return Err(BadHeader);
        }
        Ok((rest.split_to(steps), rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOKEN: VersionRange = VersionRange::OF_RELEASE;
    const EPOCH: Epoch = Epoch { lineage: 3, index: 1 << 40 };

    #[test]
    fn headers_are_read_back() {
        for kind in Kind::ALL {
            for status in Refusal::ALL.map(Err).into_iter().chain([Ok(())]) {
                let header = Header {
                    version: 1,
                    newest: 0,
                    kind,
                    epoch: EPOCH,
                    clock: -5,
                    status,
                    start: 0x0102_0304,
                    steps: 0x0506,
                };
                let (back, body) = Header::split(&header.with_body(b"rows"), SPOKEN).unwrap();
                assert_eq!((back, body.as_ref()), (header, b"rows".as_ref()));
            }
        }
    }

    #[test]
    fn kinds_have_the_numbers_that_are_in_use() {
        let numbers = Kind::ALL.map(|kind| (kind.number(), format!("{kind:?}")));
        let recorded = [
            (0, "Write"),
            (1, "ReadRows"),
            (2, "ReadDigest"),
            (4, "Gossip"),
            (5, "Reply"),
            (6, "Paxos"),
            (7, "Batch"),
            (8, "Count"),
            (9, "Probe"),
            (10, "Propose"),
            (11, "Pull"),
            (12, "Advance"),
            (13, "Ballots"),
            (14, "Shutdown"),
            (15, "Time"),
            (16, "Recall"),
            (17, "Barrier"),
            (18, "ForwardWrite"),
            (19, "ForwardedWrite"),
            (20, "Debts"),
            (21, "WriteOutcome"),
            (24, "Arrival"),
            (25, "StreamPage"),
            (26, "StreamFences"),
            (27, "StreamProgress"),
            (30, "RepairTree"),
            (31, "RepairRows"),
            (32, "RepairMend"),
            (33, "RepairProven"),
            (34, "RepairOwed"),
            (35, "Health"),
            (36, "BackUp"),
            (37, "RangeSizes"),
        ];
        assert_eq!(numbers, recorded.map(|(number, name)| (number, name.to_owned())));
    }

    #[test]
    fn a_header_has_the_recorded_bytes() {
        let header = Header {
            version: 1,
            newest: 0,
            kind: Kind::Reply,
            epoch: EPOCH,
            clock: -5,
            status: Err(Refusal::Behind),
            start: 7,
            steps: 0,
        };
        let recorded = [
            1, 5, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 251, 255, 255, 255, 255, 255, 255, 255, 10, 0, 0, 0, 7, 0,
            0, 0,
        ];
        assert_eq!(header.with_body(&[]).as_ref(), recorded);
        let served = Header { status: Ok(()), kind: Kind::Write, ..header };
        assert_eq!(served.with_body(&[]).as_ref()[24..], [0, 0, 0, 0, 7, 0, 0, 0]);
    }

    #[test]
    fn a_refusal_of_a_later_release_is_one_for_another_reason() {
        let header = Header {
            version: 1,
            newest: 0,
            kind: Kind::Reply,
            epoch: EPOCH,
            clock: 0,
            status: Ok(()),
            start: 7,
            steps: 0,
        };
        let mut message = header.with_body(&[]).to_vec();
        message[24..28].copy_from_slice(&9_999_u32.to_le_bytes());
        assert_eq!(Header::split(&message.into(), SPOKEN).map(|(header, _)| header.status), Ok(Err(Refusal::Other)));
    }

    #[test]
    fn steps_come_before_the_body_of_a_reply() {
        let header = Header {
            version: 1,
            newest: 0,
            kind: Kind::Reply,
            epoch: EPOCH,
            clock: 0,
            status: Ok(()),
            start: 7,
            steps: 5,
        };
        let (back, rest) = Header::split(&header.with_body(b"stepsrows"), SPOKEN).unwrap();
        assert_eq!(back.split_steps(rest), Ok((Bytes::from_static(b"steps"), Bytes::from_static(b"rows"))));
        assert_eq!(header.split_steps(Bytes::from_static(b"step")), Err(BadHeader));
    }

    #[test]
    fn what_is_not_a_header_is_refused() {
        assert_eq!(Header::split(&Bytes::from_static(b"short"), SPOKEN), Err(BadHeader));
        assert_eq!(Header::split(&Bytes::from(vec![9; 40]), SPOKEN), Err(BadHeader));
    }

    #[test]
    fn a_message_of_the_next_version_is_read_by_who_speaks_it() {
        let older = Header {
            version: 1,
            newest: 0,
            kind: Kind::Write,
            epoch: EPOCH,
            clock: 0,
            status: Ok(()),
            start: 7,
            steps: 0,
        };
        let newer = Header { version: 2, newest: 2, ..older };
        let message = newer.with_body(b"rows");
        assert_eq!((message[0], message.len()), (2, HEADER_LEN + LONGER_BY + 4));
        assert_eq!(Header::split(&message, VersionRange::OF_TESTS), Ok((newer, Bytes::from_static(b"rows"))));
        assert_eq!(Header::split(&message, VersionRange::OF_RELEASE), Err(BadHeader));
        assert_eq!(Header::split(&message.slice(..HEADER_LEN + 3), VersionRange::OF_TESTS), Err(BadHeader));
        assert_eq!(
            Header::split(&older.with_body(b"rows"), VersionRange::OF_TESTS),
            Ok((older, Bytes::from_static(b"rows")))
        );
    }
}
