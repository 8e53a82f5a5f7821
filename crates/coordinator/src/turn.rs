//! Turns of a node's rounds on a partition, one at a time. A request that waits may be answered by the round of another.

use henge_base::Bytes;
use henge_model::{Consistency, ReadCommand, RowBlock};
use std::sync::Arc;

/// The turn on a partition. The next one begins when it is dropped.
pub trait Turn: Send {
    /// A mark behind all that wait now.
    fn mark(&self) -> u64;
    /// Tells proposals that have waited since before a mark how rows were at a moment after it, if these are all that they read.
    fn publish(&self, mark: u64, rows: &[(Arc<ReadCommand>, RowBlock)]);
}

/// A round that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedRound {
    /// The beginning of the partition's keys.
    pub key: Bytes,
    /// SERIAL or LOCAL_SERIAL.
    pub level: Consistency,
    /// The rows to read.
    pub reads: Vec<Arc<ReadCommand>>,
}

/// The end of a proposal's wait.
pub enum ProposalTurn {
    /// It has the turn.
    Own(Box<dyn Turn>),
    /// Its rows as they were at one moment since it began to wait: if its condition does not hold there, it has its answer.
    Rows(Vec<RowBlock>),
}

/// The end of a SERIAL read's wait.
pub enum ReadTurn {
    /// It has the turn, and reads for these others too, which have waited for it.
    Own(Box<dyn Turn>, Vec<SharedRead>),
    /// The round of another read has answered it.
    Rows(RowBlock),
    /// The round of another read failed: wait again.
    Again,
}

/// A read that another one answers in its own round. Dropped without an answer, it waits again.
pub struct SharedRead {
    /// The rows to read.
    pub command: Arc<ReadCommand>,
    answer: Box<dyn FnOnce(RowBlock) + Send>,
}

impl SharedRead {
    /// A read whose answer is taken by a function.
    pub fn new(command: Arc<ReadCommand>, answer: impl FnOnce(RowBlock) + Send + 'static) -> SharedRead {
        SharedRead { command, answer: Box::new(answer) }
    }

    /// Answers it.
    pub fn answer(self, block: RowBlock) {
        (self.answer)(block);
    }
}
