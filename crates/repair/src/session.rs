//! A comparison of the rows that replicas hold of a table in some ranges, as a state machine: it gives a question to all replicas, and
//! takes their answers.
//!
//! It compares roots, then sums down to the leaves that differ. Those are asked for again, since writes that were under way during the
//! first scan have arrived meanwhile. Then it compares rows, page by page, and has each replica given those that it lacks. At its end each
//! replica has all that any of them held when the session began.

use crate::difference::{DifferentRow, ListPage, different_rows, different_subtrees};
use crate::leaf::LeafSum;
use crate::limits::{FAN_OUT_BITS, MEND_ROWS_MAX, SETTLE_ROUNDS_MAX, SUMS_MAX};
use crate::mend::{MendedRows, Versions, rows_lacking};
use henge_base::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A question to all replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The sum over everything.
    Roots,
    /// The sums of the subtrees of `bits` bits that lie in these subtrees of `above` bits.
    Sums {
        /// The subtrees.
        parents: Vec<u32>,
        /// Their bits.
        above: u8,
        /// The bits of the sums.
        bits: u8,
    },
    /// The rows of the leaves from `first` to `last`, from a key on.
    List {
        /// The first leaf.
        first: u32,
        /// The last.
        last: u32,
        /// The key; `None`: from the start.
        from: Option<Bytes>,
    },
    /// The rows at these keys, of each replica its own list; it may answer the first of them only.
    Fetch(Vec<Vec<Bytes>>),
    /// Each replica is to have these rows on its disk.
    Mend(Vec<MendedRows>),
    /// Nothing: every difference has been mended.
    Done,
}

/// The answers of all replicas to a step, in the order of the replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// To [`Step::Roots`].
    Roots(Vec<LeafSum>),
    /// To [`Step::Sums`].
    Sums(Vec<Vec<(u32, LeafSum)>>),
    /// To [`Step::List`].
    Lists(Vec<ListPage>),
    /// To [`Step::Fetch`]: `None` for a row that is gone.
    Rows(Vec<Vec<(Bytes, Option<Bytes>)>>),
    /// To [`Step::Mend`]: all of it was done.
    Mended,
}

/// Answers that do not fit the step, or that lead nowhere. The session is over and has proven nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answers of replicas do not fit what they were asked")]
pub struct OutOfTurn;

/// The figures of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Rows that sums were made of, at the replica that has most.
    pub rows: u64,
    /// Rows that were compared one by one.
    pub listed: u64,
    /// Leaves that differed.
    pub leaves: u64,
    /// Rows that replicas lacked, counted once for each replica.
    pub mended_rows: u64,
    /// Bytes of these.
    pub mended_bytes: u64,
}

/// A session under way.
#[derive(Debug)]
pub struct Session {
    replica_count: usize,
    bits: u8,
    state: State,
    found: Findings,
}

#[derive(Debug)]
enum State {
    Roots,
    Descent(Descent),
    Rows(RowState),
}

/// The way down to leaves that differ.
#[derive(Debug)]
struct Descent {
    /// Subtrees of `above` bits whose parts were not asked for yet; the first `asked` are under way.
    parents: VecDeque<u32>,
    asked: usize,
    above: u8,
    bits: u8,
    /// Subtrees of `bits` bits that differ.
    different: BTreeSet<u32>,
    /// Rounds in which leaves that differ were asked for again.
    settled: u8,
}

impl Descent {
    fn new(parents: impl IntoIterator<Item = u32>, above: u8, bits: u8, settled: u8) -> Descent {
        let parents = parents.into_iter().collect();
        Descent { parents, asked: 0, above, bits, different: BTreeSet::new(), settled }
    }

    /// The next subtrees to ask for, so many that the answer has room.
    fn ask(&mut self) -> Step {
        self.asked = self.parents.len().min(SUMS_MAX >> (self.bits - self.above));
        let parents = self.parents.iter().take(self.asked).copied().collect();
        Step::Sums { parents, above: self.above, bits: self.bits }
    }
}

/// The comparison of rows in runs of leaves.
#[derive(Debug)]
struct RowState {
    runs: VecDeque<(u32, u32)>,
    /// The key to go on from in the first run.
    from: Option<Bytes>,
    /// Rows that differ, to be fetched; the first `chunk` of them are at hand.
    rows: VecDeque<DifferentRow>,
    chunk: Vec<DifferentRow>,
    /// Keys still to be fetched from each replica.
    wanted: Vec<VecDeque<Bytes>>,
    /// The rows that were fetched.
    versions: Versions,
}

impl Session {
    /// A session of so many replicas, whose leaves are named by `bits`; and its first question.
    pub fn new(replica_count: usize, bits: u8) -> (Session, Step) {
        (Session { replica_count, bits, state: State::Roots, found: Findings::default() }, Step::Roots)
    }

    /// The finds up to now.
    pub fn findings(&self) -> Findings {
        self.found
    }

    /// Takes the answers to the last step, and gives the next one.
    pub fn answer(&mut self, answers: Answers) -> Result<Step, OutOfTurn> {
        match (&mut self.state, answers) {
            (State::Roots, Answers::Roots(roots)) => self.compare_roots(&roots),
            (State::Descent(_), Answers::Sums(sums)) => self.compare_sums(sums),
            (State::Rows(state), Answers::Lists(pages)) if state.chunk.is_empty() => self.compare_rows(pages),
            (State::Rows(_), Answers::Rows(rows)) => self.take_rows(rows),
            (State::Rows(state), Answers::Mended) => {
                state.chunk.clear();
                state.versions.clear();
                self.next_rows()
            }
            _ => Err(OutOfTurn),
        }
    }

    fn compare_roots(&mut self, roots: &[LeafSum]) -> Result<Step, OutOfTurn> {
        let first = *roots.first().filter(|_| roots.len() == self.replica_count).ok_or(OutOfTurn)?;
        self.found.rows = roots.iter().map(|root| root.rows).max().unwrap_or(0);
        if roots.iter().all(|root| *root == first) {
            return Ok(Step::Done);
        }
        self.descend(Descent::new([0], 0, FAN_OUT_BITS.min(self.bits), 0))
    }

    fn descend(&mut self, mut descent: Descent) -> Result<Step, OutOfTurn> {
        let step = descent.ask();
        self.state = State::Descent(descent);
        Ok(step)
    }

    fn compare_sums(&mut self, sums: Vec<Vec<(u32, LeafSum)>>) -> Result<Step, OutOfTurn> {
        let State::Descent(descent) = &mut self.state else { return Err(OutOfTurn) };
        if sums.len() != self.replica_count {
            return Err(OutOfTurn);
        }
        descent.different.extend(different_subtrees(&sums));
        descent.parents.drain(..descent.asked);
        if !descent.parents.is_empty() {
            return Ok(descent.ask());
        }
        let (different, bits, settled) = (std::mem::take(&mut descent.different), descent.bits, descent.settled);
        if different.is_empty() {
            return Ok(Step::Done);
        }
        if bits < self.bits {
            let below = (bits + FAN_OUT_BITS).min(self.bits);
            return self.descend(Descent::new(different, bits, below, 0));
        }
        if settled < SETTLE_ROUNDS_MAX {
            return self.descend(Descent::new(different, bits, bits, settled + 1));
        }
        self.found.leaves = different.len() as u64;
        let (wanted, runs) = (vec![VecDeque::new(); self.replica_count], runs_of(&different));
        let (rows, chunk, versions) = (VecDeque::new(), Vec::new(), BTreeMap::new());
        self.state = State::Rows(RowState { runs, from: None, rows, chunk, wanted, versions });
        self.next_rows()
    }

    fn compare_rows(&mut self, pages: Vec<ListPage>) -> Result<Step, OutOfTurn> {
        let State::Rows(state) = &mut self.state else { return Err(OutOfTurn) };
        if pages.len() != self.replica_count {
            return Err(OutOfTurn);
        }
        let (rows, compared, until) = different_rows(pages);
        if until.is_some() && until <= state.from {
            return Err(OutOfTurn);
        }
        self.found.listed += compared;
        state.rows = rows.into();
        if until.is_none() {
            state.runs.pop_front();
        }
        state.from = until;
        self.next_rows()
    }

    /// The next rows to fetch, or the next page, or the end.
    fn next_rows(&mut self) -> Result<Step, OutOfTurn> {
        let State::Rows(state) = &mut self.state else { return Err(OutOfTurn) };
        if state.rows.is_empty() {
            let Some((first, last)) = state.runs.front().copied() else { return Ok(Step::Done) };
            return Ok(Step::List { first, last, from: state.from.clone() });
        }
        let count = state.rows.len().min(MEND_ROWS_MAX);
        state.chunk = state.rows.drain(..count).collect();
        for row in &state.chunk {
            for replica in row.holder_of_each_version() {
                state.wanted[replica].push_back(row.key.clone());
            }
        }
        Ok(Step::Fetch(state.wanted.iter().map(|keys| keys.iter().cloned().collect()).collect()))
    }

    fn take_rows(&mut self, answers: Vec<Vec<(Bytes, Option<Bytes>)>>) -> Result<Step, OutOfTurn> {
        let State::Rows(state) = &mut self.state else { return Err(OutOfTurn) };
        if answers.len() != self.replica_count {
            return Err(OutOfTurn);
        }
        for (replica, rows) in answers.into_iter().enumerate() {
            let is_stuck = rows.is_empty() && !state.wanted[replica].is_empty();
            for (key, row) in rows {
                if state.wanted[replica].pop_front() != Some(key.clone()) {
                    return Err(OutOfTurn);
                }
                state.versions.insert((key, replica), row);
            }
            if is_stuck {
                return Err(OutOfTurn);
            }
        }
        if state.wanted.iter().any(|keys| !keys.is_empty()) {
            return Ok(Step::Fetch(state.wanted.iter().map(|keys| keys.iter().cloned().collect()).collect()));
        }
        let lacking = rows_lacking(&state.chunk, &state.versions, self.replica_count);
        let bytes = |rows: &MendedRows| rows.iter().map(|(key, row)| (key.len() + row.len()) as u64).sum::<u64>();
        self.found.mended_rows += lacking.iter().map(|rows| rows.len() as u64).sum::<u64>();
        self.found.mended_bytes += lacking.iter().map(bytes).sum::<u64>();
        Ok(Step::Mend(lacking))
    }
}

/// Leaves as runs of neighbours.
fn runs_of(leaves: &BTreeSet<u32>) -> VecDeque<(u32, u32)> {
    let mut runs: VecDeque<(u32, u32)> = VecDeque::new();
    for leaf in leaves {
        match runs.back_mut() {
            Some((_, last)) if *last + 1 == *leaf => *last = *leaf,
            _ => runs.push_back((*leaf, *leaf)),
        }
    }
    runs
}

#[cfg(test)]
mod tests;
