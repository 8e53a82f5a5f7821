//! The history of a run's wide rows: its changes and reads, in the order of their beginnings.

use super::answer::Line;
use super::change::Change;
use super::select::Select;
use crate::history::Ending;
use henge_model::Consistency;

/// A page of an answer.
#[derive(Clone, Debug)]
pub(crate) struct PageOfLines {
    /// The machine that coordinated it.
    pub(crate) machine: usize,
    /// Its beginning and its end, in simulated microseconds.
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) lines: Vec<Line>,
}

/// A read, with the pages that came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) select: Select,
    pub(crate) consistency: Consistency,
    /// The time that the client gave, in seconds, by which values expire.
    pub(crate) now_seconds: i64,
    pub(crate) pages: Vec<PageOfLines>,
    /// True if the last page came; otherwise more rows may follow.
    pub(crate) is_complete: bool,
    /// An answer that is malformed, or none when there had to be one.
    pub(crate) fault: Option<String>,
}

/// All operations on wide rows.
#[derive(Debug, Default)]
pub(crate) struct WideHistory {
    pub(crate) changes: Vec<Change>,
    pub(crate) answers: Vec<Answer>,
}

impl WideHistory {
    /// True if no page of a read will follow.
    pub(crate) fn is_over(&self, number: usize) -> bool {
        self.answers.get(number).is_none_or(|answer| answer.is_complete || answer.fault.is_some())
    }

    /// The number of pages that another machine answered than the one before.
    pub(crate) fn resumed_pages(&self) -> u64 {
        let of_answer =
            |answer: &Answer| answer.pages.windows(2).filter(|pair| pair[0].machine != pair[1].machine).count();
        self.answers.iter().map(of_answer).sum::<usize>() as u64
    }

    /// The number of pages that end between two partitions of one token.
    pub(crate) fn pages_between_twins(&self) -> u64 {
        let is_between = |pair: &&[PageOfLines]| match (pair[0].lines.last(), pair[1].lines.first()) {
            (Some(last), Some(next)) => last.partition.is_twin_of(next.partition),
            _ => false,
        };
        let of_answer = |answer: &Answer| answer.pages.windows(2).filter(is_between).count();
        self.answers.iter().map(of_answer).sum::<usize>() as u64
    }

    /// The number of changes with this outcome; of reads, those that came to their end count as acknowledged.
    pub(crate) fn count(&self, ending: Ending) -> usize {
        let reads = self.answers.iter().filter(|answer| answer.is_complete && ending == Ending::Ok).count();
        self.changes.iter().filter(|change| change.ending == ending).count() + reads
    }
}
