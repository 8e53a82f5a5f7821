//! A worker of COPY FROM: parses rows, and writes many of them at once.

use super::copy_error::CopyError;
use super::options::{BatchSizes, ValueStyle};
use super::outgoing::{Outgoing, Request};
use super::pipeline::{Pipeline, is_surely_undone, may_pass, retry_delay};
use super::queue::ChunkQueue;
use super::record::Record;
use super::row::{Row, RowPlan};
use crate::connection::Answer;
use crate::error::format_error;
use crate::failure::Failure;
use henge_model::{BatchKind, Consistency};
use henge_protocol::{
    Batch, BatchQuery, ErrorKind, ErrorResponse, QueryParameters, Request as ProtocolRequest, Values,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Requests that are under way on a connection.
const IN_FLIGHT_MAX: usize = 128;
/// The pause where nothing can be done but wait for rows that are tried again.
const PAUSE: Duration = Duration::from_millis(10);
const BROKEN_COUNTER: &str = "the connection broke, and it may have been added: look before it is added once more";

/// The parts of a COPY FROM that all workers share.
pub(crate) struct Writing<'a> {
    pub(crate) plan: &'a RowPlan,
    pub(crate) style: &'a ValueStyle,
    pub(crate) consistency: Consistency,
    pub(crate) attempts: u32,
    pub(crate) batches: BatchSizes,
    pub(crate) queue: &'a ChunkQueue,
    pub(crate) is_cancelled: &'a AtomicBool,
    /// Rows that are written or rejected.
    pub(crate) done: &'a AtomicU64,
}

/// A row that is not written.
pub(crate) struct RejectedRow {
    pub(crate) record: Record,
    pub(crate) reason: String,
    /// True if it was never sent.
    pub(crate) is_parse_error: bool,
}

/// A chunk whose rows are all written or rejected.
pub(crate) struct ChunkOutcome {
    pub(crate) number: u64,
    pub(crate) part: usize,
    pub(crate) last_row: u64,
    pub(crate) written: u64,
    pub(crate) rejected: Vec<RejectedRow>,
}

/// News of a worker.
pub(crate) enum WriteEvent {
    ChunkDone(ChunkOutcome),
    /// Something is tried once more; why.
    Retried(String),
    /// The worker has ended before its rows did.
    Failed(CopyError),
}

/// A worker.
pub(crate) struct RowWriter<'a> {
    shared: &'a Writing<'a>,
    pipeline: Pipeline,
    events: Sender<WriteEvent>,
    outgoing: Outgoing,
    /// The chunks that are begun, with the number of their rows that are neither written nor rejected.
    chunks: BTreeMap<u64, (ChunkOutcome, usize)>,
    /// True if the server has forgotten the statement.
    is_forgotten: bool,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(shared: &'a Writing<'a>, pipeline: Pipeline, events: Sender<WriteEvent>) -> RowWriter<'a> {
        let outgoing = Outgoing::new(IN_FLIGHT_MAX);
        RowWriter { shared, pipeline, events, outgoing, chunks: BTreeMap::new(), is_forgotten: false }
    }

    /// Writes rows until no more come, or the COPY is cancelled.
    pub(crate) fn run(mut self) {
        if let Err(error) = self.write_all() {
            self.tell(WriteEvent::Failed(error));
        }
    }

    fn tell(&self, event: WriteEvent) {
        if self.events.send(event).is_err() {
            self.shared.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn write_all(&mut self) -> Result<(), CopyError> {
        while !self.shared.is_cancelled.load(Ordering::Relaxed) {
            let is_last = self.fill()?;
            if self.outgoing.in_flight() > 0 {
                self.take_answers()?;
            } else if self.is_forgotten {
                self.pipeline.prepare_again()?;
                self.is_forgotten = false;
            } else if !self.outgoing.is_empty() {
                std::thread::sleep(PAUSE);
            } else if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends as much as may be under way. Returns true if no chunk comes any more.
    fn fill(&mut self) -> Result<bool, CopyError> {
        let mut is_last = false;
        while !self.is_forgotten && self.outgoing.has_room() {
            let sizes = self.shared.batches;
            if !is_last && self.outgoing.unsent() < sizes.of_one {
                is_last = self.take_chunk();
            }
            let prepared = &self.pipeline.prepared;
            let same = |a: &Row, b: &Row| a.shares_partition(b, prepared);
            match self.outgoing.next(Instant::now(), sizes, same) {
                Some(request) => self.send(request)?,
                None => break,
            }
        }
        Ok(is_last)
    }

    /// Parses the next chunk, for which it waits if there is nothing else to do. Returns true if no other comes.
    fn take_chunk(&mut self) -> bool {
        let (chunk, is_last) = self.shared.queue.pop(self.outgoing.is_empty());
        let Some(chunk) = chunk else { return is_last };
        let number = chunk.number;
        let outcome =
            ChunkOutcome { number, part: chunk.part, last_row: chunk.last_row, written: 0, rejected: Vec::new() };
        self.chunks.insert(number, (outcome, chunk.records.len()));
        for record in chunk.records {
            match self.shared.plan.parse(number, record, self.shared.style, &self.pipeline.prepared.bind) {
                Ok(row) => self.outgoing.push(row),
                Err((record, reason)) => {
                    self.settle(number, Some(RejectedRow { record, reason, is_parse_error: true }));
                }
            }
        }
        is_last
    }

    /// A row of a chunk is written, or rejected.
    fn settle(&mut self, chunk: u64, rejected: Option<RejectedRow>) {
        self.shared.done.fetch_add(1, Ordering::Relaxed);
        let Some((outcome, left)) = self.chunks.get_mut(&chunk) else { return };
        outcome.written += u64::from(rejected.is_none());
        outcome.rejected.extend(rejected);
        *left -= 1;
        if *left == 0
            && let Some((outcome, _)) = self.chunks.remove(&chunk)
        {
            self.tell(WriteEvent::ChunkDone(outcome));
        }
    }

    fn reject(&mut self, row: Row, reason: &str) {
        self.settle(
            row.chunk,
            Some(RejectedRow { record: row.record, reason: reason.to_owned(), is_parse_error: false }),
        );
    }

    fn send(&mut self, request: Request) -> Result<(), CopyError> {
        let stream = self.outgoing.keep(request);
        self.submit(stream)
    }

    /// Sends, or sends again, what is kept at a stream.
    fn submit(&mut self, stream: i16) -> Result<(), CopyError> {
        let consistency = self.shared.consistency;
        match self.outgoing.rows_of(stream) {
            None => Ok(()),
            Some([row]) => {
                let values = Values::positional(row.bound_values());
                let parameters = QueryParameters { consistency, values, ..QueryParameters::default() };
                Ok(self.pipeline.execute(stream, parameters)?)
            }
            Some(rows) => {
                let id = self.pipeline.prepared.id.clone();
                let mut batch = Batch::new(BatchKind::Unlogged, consistency);
                for row in rows {
                    batch.push(BatchQuery::Prepared(&id), &row.bound_values().collect::<Vec<_>>());
                }
                Ok(self.pipeline.submit(stream, &ProtocolRequest::Batch(batch))?)
            }
        }
    }

    /// Waits for an answer, and takes all that have arrived.
    fn take_answers(&mut self) -> Result<(), CopyError> {
        let mut next = self.pipeline.next_answer().map(Some);
        loop {
            match next {
                Ok(Some((stream, answer))) => self.take_answer(stream, answer),
                Ok(None) => return Ok(()),
                Err(Failure::Cancelled) => return Err(CopyError::Failure(Failure::Cancelled)),
                Err(failure) => return self.reconnect(&failure),
            }
            next = self.pipeline.ready_answer();
        }
    }

    fn take_answer(&mut self, stream: i16, answer: Answer) {
        let Some(rows) = self.outgoing.release(stream) else { return };
        match answer.outcome {
            Ok(_) => {
                self.outgoing.widen();
                rows.into_iter().for_each(|row| self.settle(row.chunk, None));
            }
            Err(error) => self.take_error(rows, &error),
        }
    }

    /// Puts rows back that may be written later; rejects the others.
    fn take_error(&mut self, rows: Vec<Row>, error: &ErrorResponse) {
        if matches!(error.kind, ErrorKind::Unprepared { .. }) {
            self.is_forgotten = true;
            return rows.into_iter().for_each(|row| self.outgoing.retry(row, None));
        }
        if matches!(error.kind, ErrorKind::Overloaded) {
            self.outgoing.narrow(Instant::now());
        }
        let reason = format_error(error, "");
        let may_repeat = if self.shared.plan.is_counter { is_surely_undone(error) } else { may_pass(error) };
        if rows.len() > 1 && !may_repeat {
            // One of them is to blame: each goes by itself.
            return rows.into_iter().for_each(|row| self.outgoing.retry(row, Some(Instant::now())));
        }
        let count = rows.len();
        let mut attempt = None;
        for mut row in rows {
            row.attempts += 1;
            if !may_repeat || row.attempts >= self.shared.attempts {
                let reason = format!("{reason}, given up after {} attempts", row.attempts);
                self.reject(row, &reason);
                continue;
            }
            attempt = Some(row.attempts);
            let due = Instant::now() + retry_delay(row.attempts);
            self.outgoing.retry(row, Some(due));
        }
        if let Some(attempt) = attempt {
            let most = self.shared.attempts;
            let note =
                format!("Failed to import {count} rows: {reason},  will retry later, attempt {attempt} of {most}");
            self.tell(WriteEvent::Retried(note));
        }
    }

    /// Goes on with a new connection after the old one broke, and sends everything again that was under way.
    fn reconnect(&mut self, failure: &Failure) -> Result<(), CopyError> {
        if self.shared.plan.is_counter {
            let lost = self.outgoing.release_all();
            lost.into_iter().for_each(|row| self.reject(row, BROKEN_COUNTER));
        }
        let mut reason = failure.to_string();
        for attempt in 1..self.shared.attempts {
            self.tell(WriteEvent::Retried(format!("{reason} (attempt {} follows)", attempt + 1)));
            std::thread::sleep(retry_delay(attempt));
            if self.shared.is_cancelled.load(Ordering::Relaxed) {
                return Ok(());
            }
            match self.pipeline.reopen() {
                Ok(()) => return self.outgoing.streams().into_iter().try_for_each(|stream| self.submit(stream)),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(CopyError::Failed(reason))
    }
}
