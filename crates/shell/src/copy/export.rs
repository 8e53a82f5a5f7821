//! COPY TO.

use super::copy_error::CopyError;
use super::destination::Destination;
use super::meter::Meter;
use super::nodes::Nodes;
use super::options::{CopyOptions, ExportOptions};
use super::pipeline::Pipeline;
use super::place::{CopyPlace, Streams};
use super::ranges::split_ring;
use super::reader::{RangeReader, ReadEvent, Reading};
use super::table::{CopyColumn, CopyTable};
use crate::connection::Connection;
use crate::interrupt::take_interrupt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Ranges of the ring for each request that may be under way: some are read in less time than others.
const RANGES_PER_REQUEST: usize = 4;
/// The time after which Ctrl-C is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The time between two lines on pages that are asked for again.
const NOTE_INTERVAL: Duration = Duration::from_secs(1);

/// A COPY TO.
pub(crate) struct Export<'a> {
    pub(crate) place: &'a CopyPlace,
    pub(crate) table: &'a CopyTable,
    pub(crate) columns: &'a [CopyColumn],
    pub(crate) file: Option<&'a str>,
    pub(crate) common: &'a CopyOptions,
    pub(crate) options: &'a ExportOptions,
}

/// Its progress.
struct ExportProgress {
    meter: Meter,
    written: u64,
    ranges_done: usize,
    noted: Option<Instant>,
    /// Why the first worker ended early.
    failed: Option<CopyError>,
}

impl Export<'_> {
    /// Copies. Fails if anything is missing in the file.
    pub(crate) fn run(&self, streams: &mut Streams<'_>) -> Result<(), CopyError> {
        let (common, options) = (self.common, self.options);
        let (begin, end) = options.tokens;
        let count = common.workers * options.requests * RANGES_PER_REQUEST;
        let ranges = split_ring(begin, end, u32::try_from(count).unwrap_or(u32::MAX));
        let (next, is_cancelled) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
        let reading = Reading {
            dialect: common.dialect,
            style: &common.style,
            consistency: self.place.consistency,
            page_rows: options.page_rows,
            attempts: common.attempts,
            requests: options.requests,
            ranges: &ranges,
            next: &next,
            is_cancelled: &is_cancelled,
        };
        let mut target = self.place.target.clone();
        target.request = common.request_timeout.unwrap_or(options.page_timeout);
        let nodes = Nodes::find(&mut Connection::open(&target)?, &target);
        let statement = self.table.select_text(self.columns);
        let pipelines: Result<Vec<Pipeline>, CopyError> = (0..common.workers)
            .map(|number| Pipeline::open(nodes.of_worker(number), &statement, &is_cancelled))
            .collect();
        let mut destination = self.open(streams).map_err(|error| self.file_error(&error, 0))?;
        let mut progress = ExportProgress {
            meter: Meter::new(common.report_interval, common.rate_file.as_deref(), self.file.is_some())
                .map_err(|error| CopyError::Failed(error.to_string()))?,
            written: 0,
            ranges_done: 0,
            noted: None,
            failed: None,
        };
        let outcome = std::thread::scope(|scope| {
            let (sender, events) = sync_channel(2 * common.workers);
            for pipeline in pipelines? {
                let worker = RangeReader::new(&reading, pipeline, sender.clone());
                scope.spawn(|| worker.run());
            }
            drop(sender);
            let outcome = self.write_all(&events, &mut destination, &mut progress, streams);
            is_cancelled.store(true, Ordering::Relaxed);
            outcome
        });
        self.finish(outcome, destination, progress, ranges.len(), streams)
    }

    fn open(&self, streams: &mut Streams<'_>) -> io::Result<Destination> {
        let mut destination = Destination::open(self.file, self.options.file_rows)?;
        if self.common.has_header {
            let mut line = String::new();
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            self.common.dialect.write_record(&names, &mut line);
            destination.write_header(&line, streams.results)?;
        }
        Ok(destination)
    }

    /// Writes what the workers read, until all have ended.
    fn write_all(
        &self,
        events: &Receiver<ReadEvent>,
        destination: &mut Destination,
        progress: &mut ExportProgress,
        streams: &mut Streams<'_>,
    ) -> Result<(), CopyError> {
        loop {
            if take_interrupt() {
                return Err(self.cancellation(progress.written));
            }
            match events.recv_timeout(POLL_INTERVAL) {
                Ok(ReadEvent::Records(records)) => {
                    let before = progress.written;
                    let written = destination.write(&records, streams.results, &mut progress.written);
                    written.map_err(|error| self.file_error(&error, progress.written))?;
                    progress.meter.add(progress.written - before, None, streams.results)?;
                }
                Ok(ReadEvent::RangeDone) => progress.ranges_done += 1,
                Ok(ReadEvent::Retried(reason)) => {
                    if progress.noted.is_none_or(|noted| noted.elapsed() >= NOTE_INTERVAL) {
                        progress.noted = Some(Instant::now());
                        writeln!(streams.errors, "{reason}")?;
                    }
                }
                Ok(ReadEvent::Failed(error)) if error.is_cancellation() => {
                    return Err(self.cancellation(progress.written));
                }
                Ok(ReadEvent::Failed(error)) => progress.failed = progress.failed.take().or(Some(error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn finish(
        &self,
        outcome: Result<(), CopyError>,
        destination: Destination,
        mut progress: ExportProgress,
        ranges: usize,
        streams: &mut Streams<'_>,
    ) -> Result<(), CopyError> {
        outcome?;
        let closed = destination.close(streams.results);
        let files = closed.map_err(|error| self.file_error(&error, progress.written))?;
        progress.meter.report(None, streams.results)?;
        if self.file.is_some() {
            let took = progress.meter.describe_time();
            writeln!(streams.results, "\n{} rows exported to {files} files in {took}.", progress.written)?;
        }
        match progress.failed {
            Some(error) => Err(CopyError::Failed(format!(
                "{error}; {} of {ranges} ranges of the table were exported, and rows are missing",
                progress.ranges_done
            ))),
            None => Ok(()),
        }
    }

    fn cancellation(&self, written: u64) -> CopyError {
        CopyError::Failed(format!("cancelled after {written} rows; the others are missing"))
    }

    fn file_error(&self, error: &io::Error, written: u64) -> CopyError {
        let name = self.file.unwrap_or("the standard output");
        CopyError::Failed(match error.kind() {
            ErrorKind::BrokenPipe => format!("whoever read {name} has closed it, after about {written} rows"),
            _ => format!("{name} cannot be written: {error}; it has {written} whole rows, and others are missing"),
        })
    }
}
