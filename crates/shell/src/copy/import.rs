//! COPY FROM.

use super::copy_error::CopyError;
use super::feeder::Feeder;
use super::meter::Meter;
use super::nodes::Nodes;
use super::options::{BatchSizes, CopyOptions, ImportOptions};
use super::pipeline::Pipeline;
use super::place::{CopyPlace, Streams};
use super::queue::ChunkQueue;
use super::rejects::Rejects;
use super::resume::{ProgressFile, Watermark};
use super::row::RowPlan;
use super::source::{Source, expand_home};
use super::table::{CopyColumn, CopyTable};
use super::writer::{ChunkOutcome, RowWriter, WriteEvent, Writing};
use crate::connection::Connection;
use crate::interrupt::take_interrupt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// The time to wait for an answer, unless REQUESTTIMEOUT gives it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The time after which progress is told and Ctrl-C looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The time between two lines on rows that are tried again.
const NOTE_INTERVAL: Duration = Duration::from_secs(1);

/// A COPY FROM.
pub(crate) struct Import<'a> {
    pub(crate) place: &'a CopyPlace,
    pub(crate) table: &'a CopyTable,
    pub(crate) columns: &'a [CopyColumn],
    pub(crate) file: Option<&'a str>,
    pub(crate) common: &'a CopyOptions,
    pub(crate) options: &'a ImportOptions,
}

/// Its progress.
struct ImportProgress {
    meter: Meter,
    done: Watermark,
    kept: Option<ProgressFile>,
    rejects: Rejects,
    written: u64,
    /// Rows that the meter knows.
    metered: u64,
    noted: Option<Instant>,
}

/// The numbers that threads share.
#[derive(Default)]
struct Counters {
    is_cancelled: Arc<AtomicBool>,
    done: AtomicU64,
    position: AtomicU64,
}

impl Import<'_> {
    /// Copies. Fails if any row was not written.
    pub(crate) fn run(&self, streams: &mut Streams<'_>) -> Result<(), CopyError> {
        let source = Source::find(self.file).map_err(CopyError::Failed)?;
        let plan = RowPlan::new(self.table, self.columns, &self.options.skipped_columns, self.options.ttl)?;
        let names = plan.names().join(", ");
        writeln!(streams.results, "\nStarting copy of {} with columns [{names}].", self.table.full_name())?;
        if self.file.is_none() && std::io::stdin().is_terminal() {
            writeln!(streams.results, "[Use . on a line by itself to end input]")?;
        }
        let mut target = self.place.target.clone();
        target.request = self.common.request_timeout.unwrap_or(REQUEST_TIMEOUT);
        let nodes = Nodes::find(&mut Connection::open(&target)?, &target);
        let counters = Counters::default();
        let pipelines: Result<Vec<Pipeline>, CopyError> = (0..self.common.workers)
            .map(|number| Pipeline::open(nodes.of_worker(number), &plan.statement, &counters.is_cancelled))
            .collect();
        let pipelines = pipelines?;
        let (mut progress, skipped) = self.begin(&source, streams)?;
        let queue = ChunkQueue::new(self.common.workers);
        let writing = Writing {
            plan: &plan,
            style: &self.common.style,
            consistency: self.place.consistency,
            attempts: self.common.attempts,
            // An addition that may have been made is not sent again, and must not take others with it.
            batches: if plan.is_counter { BatchSizes { of_one: 1, of_several: 1 } } else { self.options.batches },
            queue: &queue,
            is_cancelled: &counters.is_cancelled,
            done: &counters.done,
        };
        let feeder = Feeder {
            source: &source,
            dialect: self.common.dialect,
            has_header: self.common.has_header,
            options: self.options,
            skipped_rows: skipped,
            queue: &queue,
            is_cancelled: &counters.is_cancelled,
            position: &counters.position,
        };
        let (outcome, fed) = std::thread::scope(|scope| {
            let (sender, events) = channel();
            for pipeline in pipelines {
                let worker = RowWriter::new(&writing, pipeline, sender.clone());
                scope.spawn(|| worker.run());
            }
            drop(sender);
            let feeding = scope.spawn(|| feeder.run());
            let outcome = self.collect(&events, &source, &counters, &mut progress, streams);
            counters.is_cancelled.store(true, Ordering::Relaxed);
            queue.close();
            (outcome, join(feeding))
        });
        self.finish(outcome, fed, progress, skipped, streams)
    }

    /// Readies the files beside the input. Gives the number of rows that are skipped too.
    fn begin(&self, source: &Source, streams: &mut Streams<'_>) -> Result<(ImportProgress, u64), CopyError> {
        let failed = |error: std::io::Error| CopyError::Failed(error.to_string());
        let (keyspace, table) = (&self.table.keyspace, &self.table.name);
        let default = format!("import_{keyspace}_{table}.err");
        let errors = self.options.error_file.as_ref().map_or(default, |name| expand_home(name).display().to_string());
        let path = PathBuf::from(format!("{}.progress", errors.strip_suffix(".err").unwrap_or(&errors)));
        let kept = ProgressFile::new(path, source.identity());
        let mut skipped = self.options.skipped_rows;
        if self.options.resumes {
            let file = kept.as_ref().ok_or_else(|| CopyError::Failed("RESUME needs a file to copy from".to_owned()))?;
            let done = file.read().map_err(CopyError::Failed)?;
            if done > skipped {
                skipped = done;
                writeln!(streams.results, "Going on after row {done}.")?;
            }
        }
        let progress = ImportProgress {
            meter: Meter::new(self.common.report_interval, self.common.rate_file.as_deref(), true).map_err(failed)?,
            done: Watermark::new(skipped),
            kept,
            rejects: Rejects::new(errors, self.common.dialect).map_err(failed)?,
            written: 0,
            metered: 0,
            noted: None,
        };
        Ok((progress, skipped))
    }

    /// Takes the news of the workers, until all have ended.
    fn collect(
        &self,
        events: &Receiver<WriteEvent>,
        source: &Source,
        counters: &Counters,
        progress: &mut ImportProgress,
        streams: &mut Streams<'_>,
    ) -> Result<(), CopyError> {
        let (bytes, names) = (source.bytes(), source.names());
        loop {
            if take_interrupt() {
                return Err(CopyError::Failed("cancelled".to_owned()));
            }
            let event = events.recv_timeout(POLL_INTERVAL);
            let done = counters.done.load(Ordering::Relaxed);
            let share = bytes.map(|bytes| counters.position.load(Ordering::Relaxed) as f64 / bytes as f64);
            progress.meter.add(done - progress.metered, share, streams.results)?;
            progress.metered = done;
            match event {
                Ok(WriteEvent::ChunkDone(chunk)) => self.take_chunk(chunk, &names, progress, streams)?,
                Ok(WriteEvent::Retried(reason)) => {
                    if progress.noted.is_none_or(|noted| noted.elapsed() >= NOTE_INTERVAL) {
                        progress.noted = Some(Instant::now());
                        writeln!(streams.errors, "{reason}")?;
                    }
                }
                Ok(WriteEvent::Failed(error)) if error.is_cancellation() => {
                    return Err(CopyError::Failed("cancelled".to_owned()));
                }
                Ok(WriteEvent::Failed(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn take_chunk(
        &self,
        chunk: ChunkOutcome,
        names: &[String],
        progress: &mut ImportProgress,
        streams: &mut Streams<'_>,
    ) -> Result<(), CopyError> {
        let part = names.get(chunk.part).map_or("", String::as_str);
        // A row counts as done once the file has it.
        let kept = progress.rejects.add(&chunk.rejected, part, streams.errors);
        kept.map_err(|error| CopyError::Failed(format!("rejected rows cannot be kept: {error}")))?;
        progress.written += chunk.written;
        progress.done.complete(chunk.number, chunk.last_row);
        if let Some(file) = &mut progress.kept {
            // Without it the COPY goes on, and can be resumed by SKIPROWS.
            let _ = file.save(progress.done.row, false);
        }
        let exceeded = |count: u64, most: Option<u64>| most.is_some_and(|most| count > most);
        let (options, rejects) = (self.options, &progress.rejects);
        match () {
            () if exceeded(rejects.insert_errors, options.insert_errors_max) => Err(CopyError::Failed(format!(
                "Exceeded maximum number of insert errors {}",
                options.insert_errors_max.unwrap_or_default()
            ))),
            () if exceeded(rejects.parse_errors, options.parse_errors_max) => Err(CopyError::Failed(format!(
                "Exceeded maximum number of parse errors {}",
                options.parse_errors_max.unwrap_or_default()
            ))),
            () => Ok(()),
        }
    }

    fn finish(
        &self,
        outcome: Result<(), CopyError>,
        fed: Result<usize, String>,
        mut progress: ImportProgress,
        skipped: u64,
        streams: &mut Streams<'_>,
    ) -> Result<(), CopyError> {
        progress.meter.report(None, streams.results)?;
        let (files, fault) = match fed {
            Ok(files) => (if self.file.is_some() { files } else { 1 }, None),
            Err(reason) => (0, Some(CopyError::Failed(reason))),
        };
        let (written, took) = (progress.written, progress.meter.describe_time());
        writeln!(streams.results, "\n{written} rows imported from {files} files in {took} ({skipped} skipped).")?;
        let summary = progress.rejects.summary();
        match outcome.err().or(fault) {
            None => {
                if let Some(file) = &progress.kept {
                    file.remove();
                }
                summary.map_or(Ok(()), |summary| Err(CopyError::Failed(summary)))
            }
            Some(error) => {
                if let Some(summary) = summary {
                    writeln!(streams.errors, "{summary}")?;
                }
                Err(CopyError::Failed(format!("{error}; {}", self.describe_rest(&mut progress))))
            }
        }
    }

    /// A sentence on what is surely done, and how to go on.
    fn describe_rest(&self, progress: &mut ImportProgress) -> String {
        let row = progress.done.row;
        let is_kept = progress.kept.as_mut().is_some_and(|file| file.save(row, true).is_ok());
        let resume = if is_kept { " or RESUME = true" } else { "" };
        let counters = if self.table.is_counter() {
            ", but rows behind them may have been added already: look at the counters first"
        } else {
            ""
        };
        format!(
            "the first {row} rows of the input are done, and the same COPY WITH SKIPROWS = {row}{resume} goes on{counters}"
        )
    }
}

fn join(feeding: ScopedJoinHandle<'_, Result<usize, String>>) -> Result<usize, String> {
    feeding.join().unwrap_or_else(|_| Err("the input cannot be read".to_owned()))
}
