//! A worker of COPY TO: reads ranges of the ring page by page, many at once.

use super::copy_error::CopyError;
use super::destination::RecordText;
use super::dialect::Dialect;
use super::format::ValueFormat;
use super::options::ValueStyle;
use super::pipeline::{Pipeline, may_pass, retry_delay};
use crate::error::format_error;
use crate::failure::Failure;
use henge_base::Bytes;
use henge_model::{BoundValue, Consistency};
use henge_protocol::{ErrorKind, ErrorResponse, QueryParameters, Response, Rows, Values};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

/// Pages after which a refused one is asked for again, beside those that are under way.
const PAGES_PER_PARKED: usize = 8;

/// The parts of a COPY TO that all workers share.
pub(crate) struct Reading<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) style: &'a ValueStyle,
    pub(crate) consistency: Consistency,
    pub(crate) page_rows: u32,
    pub(crate) attempts: u32,
    pub(crate) requests: usize,
    pub(crate) ranges: &'a [(i64, i64)],
    /// The range that is begun next.
    pub(crate) next: &'a AtomicUsize,
    pub(crate) is_cancelled: &'a AtomicBool,
}

/// News of a worker.
pub(crate) enum ReadEvent {
    Records(RecordText),
    RangeDone,
    /// A page is asked for once more; why.
    Retried(String),
    /// The worker has ended before its ranges did.
    Failed(CopyError),
}

/// A range that is read.
struct RangeRead {
    range: (i64, i64),
    from: Option<Bytes>,
    attempts: u32,
}

/// A worker.
pub(crate) struct RangeReader<'a> {
    shared: &'a Reading<'a>,
    pipeline: Pipeline,
    events: SyncSender<ReadEvent>,
    /// By the streams of their requests.
    reads: Vec<Option<RangeRead>>,
    /// Streams whose page was refused and is not asked for again yet.
    parked: VecDeque<usize>,
    /// Pages since one of them was asked for again.
    pages: usize,
}

impl<'a> RangeReader<'a> {
    pub(crate) fn new(shared: &'a Reading<'a>, pipeline: Pipeline, events: SyncSender<ReadEvent>) -> RangeReader<'a> {
        RangeReader { shared, pipeline, events, reads: Vec::new(), parked: VecDeque::new(), pages: 0 }
    }

    /// Reads ranges until none is left, or the COPY is cancelled.
    pub(crate) fn run(mut self) {
        if let Err(error) = self.read_all() {
            self.tell(ReadEvent::Failed(error));
        }
    }

    fn tell(&self, event: ReadEvent) {
        // Nobody listens any more once the COPY is cancelled.
        if self.events.send(event).is_err() {
            self.shared.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn read_all(&mut self) -> Result<(), CopyError> {
        for stream in 0..self.shared.requests {
            let begun = self.begin_range();
            self.reads.push(begun);
            self.ask(stream)?;
        }
        while self.reads.iter().any(Option::is_some) && !self.shared.is_cancelled.load(Ordering::Relaxed) {
            if self.reads.iter().flatten().count() == self.parked.len() {
                self.ask_again()?;
            }
            let (stream, answer) = match self.pipeline.next_answer() {
                Ok(answer) => answer,
                Err(Failure::Cancelled) => return Err(CopyError::Failure(Failure::Cancelled)),
                Err(failure) => {
                    self.reconnect(&failure)?;
                    continue;
                }
            };
            let stream = usize::try_from(stream).unwrap_or(usize::MAX);
            match answer.outcome {
                Ok(Response::Rows(rows)) => self.take_page(stream, rows)?,
                Ok(other) => return Err(CopyError::Failed(format!("a SELECT was answered with {other:?}"))),
                Err(error) => self.retry(stream, &error)?,
            }
        }
        Ok(())
    }

    fn begin_range(&self) -> Option<RangeRead> {
        let at = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.ranges.get(at).map(|range| RangeRead { range: *range, from: None, attempts: 1 })
    }

    /// Asks for the next page of a stream's range, if it has one.
    fn ask(&mut self, stream: usize) -> Result<(), CopyError> {
        let Some(Some(read)) = self.reads.get(stream) else { return Ok(()) };
        let (start, end) = (read.range.0.to_be_bytes(), read.range.1.to_be_bytes());
        let parameters = QueryParameters {
            consistency: self.shared.consistency,
            values: Values::positional([BoundValue::Value(&start), BoundValue::Value(&end)]),
            page_size: Some(self.shared.page_rows),
            paging_state: read.from.as_deref(),
            skip_metadata: true,
            ..QueryParameters::default()
        };
        self.pipeline.execute(i16::try_from(stream).unwrap_or(0), parameters)?;
        Ok(())
    }

    /// Asks for the next page before it writes this one.
    fn take_page(&mut self, stream: usize, rows: Rows) -> Result<(), CopyError> {
        if rows.new_metadata_id.is_some() {
            return Err(CopyError::Failed("the table was altered meanwhile".to_owned()));
        }
        let is_last = rows.paging_state.is_none();
        let read = match &self.reads.get(stream) {
            Some(Some(read)) if !is_last => {
                Some(RangeRead { range: read.range, from: rows.paging_state.clone(), attempts: 1 })
            }
            _ => self.begin_range(),
        };
        if let Some(place) = self.reads.get_mut(stream) {
            *place = read;
        }
        self.ask(stream)?;
        if !rows.rows.is_empty() {
            let records = self.format(&rows);
            self.tell(ReadEvent::Records(records));
        }
        if is_last {
            self.tell(ReadEvent::RangeDone);
        }
        // The server was too busy for more pages, and may still be.
        self.pages += 1;
        if self.pages >= PAGES_PER_PARKED
            && let Some(stream) = self.parked.pop_front()
        {
            self.pages = 0;
            self.ask(stream)?;
        }
        Ok(())
    }

    /// Asks again for the page that was refused first, after a pause: nothing else is under way.
    fn ask_again(&mut self) -> Result<(), CopyError> {
        let Some(stream) = self.parked.pop_front() else { return Ok(()) };
        let attempts = self.reads.get(stream).and_then(Option::as_ref).map_or(1, |read| read.attempts);
        std::thread::sleep(retry_delay(attempts.saturating_sub(1)));
        self.ask(stream)
    }

    fn format(&self, rows: &Rows) -> RecordText {
        let columns: Vec<ValueFormat<'_>> = self
            .pipeline
            .prepared
            .result
            .iter()
            .map(|column| ValueFormat::new(&column.data_type, self.shared.style))
            .collect();
        let mut records = RecordText::default();
        for row in &rows.rows {
            let fields: Vec<String> =
                columns.iter().zip(row).map(|(format, value)| format.format(value.as_deref())).collect();
            self.shared.dialect.write_record(&fields, &mut records.text);
            records.ends.push(records.text.len());
        }
        records
    }

    /// Asks for a page again that was refused, unless that is of no use.
    fn retry(&mut self, stream: usize, error: &ErrorResponse) -> Result<(), CopyError> {
        let is_unprepared = matches!(error.kind, ErrorKind::Unprepared { .. });
        let Some(Some(read)) = self.reads.get_mut(stream) else { return Ok(()) };
        if read.attempts >= self.shared.attempts || !(is_unprepared || may_pass(error)) {
            return Err(CopyError::Refused(error.clone(), String::new()));
        }
        read.attempts += 1;
        let note = format!("{} (attempt {} follows)", format_error(error, ""), read.attempts);
        self.tell(ReadEvent::Retried(note));
        if is_unprepared {
            return self.begin_again();
        }
        self.parked.push_back(stream);
        self.pages = 0;
        Ok(())
    }

    /// Goes on with a new connection after the old one broke.
    fn reconnect(&mut self, failure: &Failure) -> Result<(), CopyError> {
        let mut reason = failure.to_string();
        for attempt in 1..self.shared.attempts {
            self.tell(ReadEvent::Retried(format!("{reason} (attempt {} follows)", attempt + 1)));
            std::thread::sleep(retry_delay(attempt));
            if self.shared.is_cancelled.load(Ordering::Relaxed) {
                return Ok(());
            }
            match self.begin_again() {
                Ok(()) => return Ok(()),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(CopyError::Failed(reason))
    }

    /// Opens a new connection, and asks for the pages that were under way.
    fn begin_again(&mut self) -> Result<(), CopyError> {
        self.pipeline.reopen()?;
        self.parked.clear();
        (0..self.reads.len()).try_for_each(|stream| self.ask(stream))
    }
}
