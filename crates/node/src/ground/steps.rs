//! The steps of one node in a traced request, with their times. A replica's reply carries them to the coordinator, if that asks.

use henge_base::{Bytes, Mono};
use parking_lot::Mutex;

/// The steps that a reply carries at most.
pub(crate) const REPLY_STEPS_MAX: usize = 32;
/// Bytes of a step in a reply: its number u8, its time u32, its count u32, little-endian.
const STEP_BYTES: usize = 9;

/// Something that a node does for a request, with its number on the wire. A number is never used for another step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    Received = 1,
    Admitted = 2,
    ReadMemory = 3,
    QueuedForDisk = 4,
    BeganDiskJob = 5,
    ReadDisk = 6,
    FoundIndex = 7,
    QueuedWrite = 8,
    Applied = 9,
    Refused = 10,
    Synced = 11,
    LockedPartition = 12,
    ReadState = 13,
    Promised = 14,
    Rejected = 15,
    Accepted = 16,
    Committed = 17,
    KeptBatch = 18,
    ReadShards = 19,
    Forwarding = 20,
    Answering = 21,
    MetTombstones = 22,
}

impl Step {
    const ALL: [Step; 22] = [
        Step::Received,
        Step::Admitted,
        Step::ReadMemory,
        Step::QueuedForDisk,
        Step::BeganDiskJob,
        Step::ReadDisk,
        Step::FoundIndex,
        Step::QueuedWrite,
        Step::Applied,
        Step::Refused,
        Step::Synced,
        Step::LockedPartition,
        Step::ReadState,
        Step::Promised,
        Step::Rejected,
        Step::Accepted,
        Step::Committed,
        Step::KeptBatch,
        Step::ReadShards,
        Step::Forwarding,
        Step::Answering,
        Step::MetTombstones,
    ];

    fn of_number(number: u8) -> Option<Step> {
        Step::ALL.into_iter().find(|step| *step as u8 == number)
    }

    /// True if it tells how many rows were read.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Step::ReadMemory | Step::ReadDisk)
    }

    /// The step as a trace tells it, of so many rows, tombstones or replicas.
    pub(crate) fn text(self, count: u32) -> String {
        let text = match self {
            Step::Received => "Message received",
            Step::Admitted => "Request admitted by its epoch and range",
            Step::ReadMemory => return format!("Read {count} rows from memory"),
            Step::QueuedForDisk => "Not all in memory; queued for the disk",
            Step::BeganDiskJob => "Reading from disk",
            Step::ReadDisk => return format!("Read {count} rows from disk"),
            Step::FoundIndex => "Index is built",
            Step::QueuedWrite => return format!("Queued {count} rows for commit log and memtable"),
            Step::Applied => "Appended to commit log and memtable",
            Step::Refused => "Request failed",
            Step::Synced => "Commit log is synced",
            Step::LockedPartition => "Locked partition",
            Step::ReadState => "Read acceptor's state",
            Step::Promised => "Promised ballot",
            Step::Rejected => "Rejected ballot: a later one is promised",
            Step::Accepted => "Accepted proposal",
            Step::Committed => "Committed proposal",
            Step::KeptBatch => return format!("Stored batch of {count} mutations in batch log"),
            Step::ReadShards => return format!("Read own shards of {count} rows"),
            Step::Forwarding => return format!("Forwarding to {count} replicas"),
            Step::Answering => "Sending response",
            Step::MetTombstones => return format!("Met {count} tombstones"),
        };
        text.to_owned()
    }
}

/// A step that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepTaken {
    pub(crate) step: Step,
    /// Microseconds since the node began with the request.
    pub(crate) us: u32,
    /// Rows, tombstones or replicas that it is about.
    pub(crate) count: u32,
}

/// The steps of one request on this node.
#[derive(Debug)]
pub(crate) struct Steps {
    began: Mono,
    steps_max: usize,
    taken: Mutex<Vec<StepTaken>>,
}

impl Steps {
    /// No steps yet of a request that began at `began`; of more than `steps_max` the later ones are left out.
    pub(crate) fn new(began: Mono, steps_max: usize) -> Steps {
        Steps { began, steps_max, taken: Mutex::default() }
    }

    /// Notes a step.
    pub(crate) fn note(&self, now: Mono, step: Step, count: usize) {
        let us = u32::try_from(now.0.saturating_sub(self.began.0)).unwrap_or(u32::MAX);
        let mut taken = self.taken.lock();
        if taken.len() < self.steps_max {
            taken.push(StepTaken { step, us, count: u32::try_from(count).unwrap_or(u32::MAX) });
        }
    }

    /// Takes what was noted.
    pub(crate) fn take(&self) -> Vec<StepTaken> {
        std::mem::take(&mut *self.taken.lock())
    }

    /// The steps that were noted until now.
    pub(crate) fn so_far(&self) -> Vec<StepTaken> {
        self.taken.lock().clone()
    }

    /// Takes the bytes of what was noted, for a reply.
    pub(crate) fn take_encoded(&self) -> Vec<u8> {
        let taken = self.take();
        let mut out = Vec::with_capacity(taken.len() * STEP_BYTES);
        for StepTaken { step, us, count } in taken {
            out.push(step as u8);
            out.extend_from_slice(&us.to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
        }
        out
    }
}

/// The steps in a reply. Those that this release does not know are left out.
pub(crate) fn decode_steps(bytes: &Bytes) -> Vec<StepTaken> {
    let (steps, _) = bytes.as_chunks::<STEP_BYTES>();
    let decode = |&[number, t0, t1, t2, t3, c0, c1, c2, c3]: &[u8; STEP_BYTES]| {
        let (us, count) = (u32::from_le_bytes([t0, t1, t2, t3]), u32::from_le_bytes([c0, c1, c2, c3]));
        Some(StepTaken { step: Step::of_number(number)?, us, count })
    };
    steps.iter().take(REPLY_STEPS_MAX).filter_map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_back_and_bounded() {
        let steps = Steps::new(Mono(100), 2);
        steps.note(Mono(101), Step::Received, 0);
        steps.note(Mono(350), Step::ReadMemory, 7);
        steps.note(Mono(400), Step::Answering, 0);
        let encoded = steps.take_encoded();
        assert_eq!(encoded, [1, 1, 0, 0, 0, 0, 0, 0, 0, 3, 250, 0, 0, 0, 7, 0, 0, 0]);
        let taken = |step, us, count| StepTaken { step, us, count };
        let expected = [taken(Step::Received, 1, 0), taken(Step::ReadMemory, 250, 7)];
        assert_eq!(decode_steps(&encoded.into()), expected);
    }

    #[test]
    fn what_a_later_release_says_is_left_out() {
        let unknown = [[200_u8; STEP_BYTES].as_slice(), &[1, 2, 0, 0, 0, 0, 0, 0, 0], &[1, 2]].concat();
        assert_eq!(decode_steps(&unknown.into()).len(), 1);
        let many = [1_u8, 0, 0, 0, 0, 0, 0, 0, 0].repeat(1_000);
        assert_eq!(decode_steps(&many.into()).len(), REPLY_STEPS_MAX);
    }

    #[test]
    fn each_step_has_a_number_of_its_own() {
        let numbers: Vec<u8> = Step::ALL.iter().map(|step| *step as u8).collect();
        assert_eq!(numbers, (1..=22).collect::<Vec<u8>>());
        assert!(Step::ALL.iter().all(|step| Step::of_number(*step as u8) == Some(*step)));
    }
}
