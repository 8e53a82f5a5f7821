//! Reads the input of COPY FROM into chunks.

use super::dialect::Dialect;
use super::options::ImportOptions;
use super::queue::{Chunk, ChunkQueue};
use super::record::{Record, RecordReader};
use super::source::Source;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes of a chunk after which no other record is added.
const CHUNK_BYTES: usize = 1 << 20;

/// The reader of the input.
pub(crate) struct Feeder<'a> {
    pub(crate) source: &'a Source,
    pub(crate) dialect: Dialect,
    pub(crate) has_header: bool,
    pub(crate) options: &'a ImportOptions,
    /// Rows at the beginning that are done.
    pub(crate) skipped_rows: u64,
    pub(crate) queue: &'a ChunkQueue,
    pub(crate) is_cancelled: &'a AtomicBool,
    /// Bytes that were read.
    pub(crate) position: &'a AtomicU64,
}

/// The position in the input.
struct Fed {
    chunk: u64,
    row: u64,
    free: Instant,
}

impl Feeder<'_> {
    /// Reads everything, and closes the queue. Gives the number of parts that were read, or why the input cannot be read.
    pub(crate) fn run(&self) -> Result<usize, String> {
        let mut fed = Fed { chunk: 0, row: 0, free: Instant::now() };
        let mut before = 0;
        let mut parts = 0;
        let names = self.source.names();
        let mut outcome = Ok(());
        for (part, name) in names.iter().enumerate() {
            if self.is_at_end(&fed) {
                break;
            }
            parts += 1;
            outcome =
                self.feed_part(part, &mut fed, &mut before).map_err(|error| format!("{name} cannot be read: {error}"));
            if outcome.is_err() {
                break;
            }
        }
        self.queue.close();
        outcome.map(|()| parts)
    }

    fn is_at_end(&self, fed: &Fed) -> bool {
        self.options.last_row.is_some_and(|last| fed.row >= last) || self.is_cancelled.load(Ordering::Relaxed)
    }

    fn feed_part(&self, part: usize, fed: &mut Fed, before: &mut u64) -> io::Result<()> {
        let input = self.source.open(part, self.is_cancelled)?;
        let mut reader = RecordReader::new(input, self.dialect, *self.source == Source::Input);
        if self.has_header {
            reader.read()?;
        }
        let mut records: Vec<Record> = Vec::new();
        let mut bytes = 0;
        while !self.is_at_end(fed) {
            let Some(record) = reader.read()? else { break };
            fed.row += 1;
            if fed.row <= self.skipped_rows {
                continue;
            }
            bytes += record.bytes();
            records.push(record);
            if records.len() >= self.chunk_rows() || bytes >= CHUNK_BYTES {
                self.position.store(*before + reader.position, Ordering::Relaxed);
                bytes = 0;
                if !self.push(part, std::mem::take(&mut records), fed) {
                    return Ok(());
                }
            }
        }
        *before += reader.position;
        self.position.store(*before, Ordering::Relaxed);
        if !records.is_empty() {
            self.push(part, records, fed);
        }
        Ok(())
    }

    /// Rows of a chunk: no more than the pace allows in a tenth of a second, so that no wait is long.
    fn chunk_rows(&self) -> usize {
        let (asked, rate) = (self.options.chunk_rows, self.options.ingest_rate as usize);
        if rate == 0 { asked } else { asked.min((rate / 10).max(1)) }
    }

    /// Hands a chunk on, at the pace that is asked for.
    fn push(&self, part: usize, records: Vec<Record>, fed: &mut Fed) -> bool {
        if self.options.ingest_rate > 0 {
            std::thread::sleep(fed.free.saturating_duration_since(Instant::now()));
            let takes = Duration::from_secs_f64(records.len() as f64 / f64::from(self.options.ingest_rate));
            fed.free = fed.free.max(Instant::now()) + takes;
        }
        let chunk = Chunk { number: fed.chunk, part, last_row: fed.row, records };
        fed.chunk += 1;
        self.queue.push(chunk)
    }
}
