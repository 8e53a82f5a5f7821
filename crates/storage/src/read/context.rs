//! Reads that look at more than one run of keys: rows, the tombstones that cover them, and a static row that lies apart.
//!
//! All of it has to be of one state. Within a partition that is so if no write to it was on its way before and none came
//! meanwhile; that is tried twice, and then, as for several partitions, a snapshot is taken.

use super::Source;
use super::answer::Answer;
use super::read_view::ReadView;
use crate::limits::{CONTEXT_BYTES_MAX, CONTEXT_TOMBSTONES_MAX};
use crate::stripes::Stripe;
use crate::{Family, Flow, MemoryOutcome, ReadError, ScanEnd, ScanRange, Tier};
use henge_base::Bytes;
use henge_model::{Covers, Key, KeyKind, KeyRange, ReadCommand, Row, RowBlock, RowView, Strip, encode_row, strip_row};

/// Attempts before a snapshot is taken.
const LIVE_ATTEMPTS_MAX: usize = 2;

/// Reads rows with their context; `None`: not in memory.
pub(super) fn read(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<RowBlock>, ReadError> {
    let span = Span::of(&command.keys);
    if span.partition.is_some() {
        for _ in 0..LIVE_ATTEMPTS_MAX {
            let Some(version) = source.stripes.quiet(Stripe::of(span.start)) else { continue };
            let block = ReadAttempt::new(source, source.read_view(tier), command, max_bytes).read(&span)?;
            if source.stripes.queued_writes(Stripe::of(span.start)) == version {
                return Ok(block);
            }
        }
    }
    if tier == Tier::Memory {
        return Ok(None);
    }
    ReadAttempt::new(source, ReadView::Cut(source.engine.snapshot()), command, max_bytes).read(&span)
}

/// The keys that a command asks for, and the partition if they are of one.
struct Span<'a> {
    start: &'a [u8],
    end: Bytes,
    /// The prefix of the only partition.
    partition: Option<&'a [u8]>,
}

impl<'a> Span<'a> {
    fn of(keys: &'a KeyRange) -> Span<'a> {
        let prefix = |key: &'a [u8]| Key::partition(key).map(|length| &key[..length]);
        match keys {
            KeyRange::One(key) => {
                Span { start: key.bytes(), end: [key.bytes(), &[0]].concat().into(), partition: prefix(key.bytes()) }
            }
            KeyRange::Many(_) => Span { start: &[], end: Bytes::new(), partition: None },
            KeyRange::Run { start, end, .. } => {
                let within = |partition: &&[u8]| !end.is_empty() && end[..] <= *Key::prefix_end(partition);
                Span { start, end: end.clone(), partition: prefix(start).filter(within) }
            }
        }
    }

    /// True if a tombstone covers any of it.
    fn overlaps(&self, tombstone: &[u8]) -> bool {
        Key::extent(tombstone).is_some_and(|extent| extent.start < self.end && extent.end[..] > *self.start)
    }
}

/// One attempt to read all of it from one state.
struct ReadAttempt<'a> {
    source: &'a Source<'a>,
    read_view: ReadView<'a>,
    command: &'a ReadCommand,
    max_bytes: usize,
    context: Vec<(Bytes, Bytes)>,
}

/// Tombstones of the partitions up to `cut`, or of all that were asked for.
struct Chunk {
    tombstones: Vec<(Bytes, Bytes)>,
    cut: Option<Bytes>,
}

impl<'a> ReadAttempt<'a> {
    fn new(
        source: &'a Source<'a>,
        read_view: ReadView<'a>,
        command: &'a ReadCommand,
        max_bytes: usize,
    ) -> ReadAttempt<'a> {
        ReadAttempt { source, read_view, command, max_bytes, context: Vec::new() }
    }

    fn read(mut self, span: &Span<'_>) -> Result<Option<RowBlock>, ReadError> {
        let mut rows = Vec::new();
        let mut row = |key: &[u8], row: &[u8]| rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
        let mut answer = Answer::new(self.source, self.command, self.max_bytes, &mut row);
        let (mut start, mut stop) = (Bytes::copy_from_slice(span.start), None);
        let more = loop {
            let Some(chunk) = self.tombstones(span, &start)? else { return Ok(None) };
            let covers = Covers::from_tombstones(chunk.tombstones.iter().map(|(key, row)| (&key[..], &row[..])));
            if start == span.start && !self.add_static_row(span, &covers)? {
                return Ok(None);
            }
            let last = chunk.tombstones.last().map(|(key, _)| key.clone());
            self.add_context(chunk.tombstones);
            let keys = part(&self.command.keys, &start, chunk.cut.as_ref());
            match answer.rows(&self.read_view, self.source.family, &covers, &keys)? {
                ScanEnd::WouldBlock => return Ok(None),
                ScanEnd::Stopped => break true,
                ScanEnd::Done => {}
            }
            let Some(cut) = chunk.cut else { break false };
            if self.context_bytes() + answer.bytes() >= self.max_bytes {
                stop = last.and_then(|key| Key::partition(&key).map(|length| stop_row(&key[..length])));
                break true;
            }
            start = cut;
        };
        // Rows further on were answered already.
        rows.extend(stop.filter(|(key, _)| rows.last().is_none_or(|(last, _)| last < key)));
        self.context.sort();
        Ok(Some(RowBlock { rows, context: self.context, more }))
    }

    fn context_bytes(&self) -> usize {
        self.context.iter().map(|(key, row)| key.len() + row.len()).sum()
    }

    /// Adds tombstones to the context of the answer, those that may not be purged yet.
    fn add_context(&mut self, tombstones: Vec<(Bytes, Bytes)>) {
        let kept = |key: &[u8], row: &[u8]| {
            let deletion = RowView::parse_trusted(row).ok().and_then(|row| row.deletion());
            let purge_before = self.source.purge_before(self.command, key);
            deletion.is_some_and(|deletion| deletion.local_seconds >= purge_before)
        };
        let kept: Vec<_> = tombstones.into_iter().filter(|(key, row)| kept(key, row)).collect();
        self.context.extend(kept);
    }

    /// Adds the static row to the context if it is asked for and lies outside of the keys. Returns false if it is not in memory.
    fn add_static_row(&mut self, span: &Span<'_>, covers: &Covers) -> Result<bool, ReadError> {
        let Some(length) = Key::partition(span.start).filter(|_| self.command.statics) else { return Ok(true) };
        let key = [&span.start[..length], &[KeyKind::Static as u8]].concat();
        // Read from the start it comes before the rows that are shown with it.
        let forward = matches!(self.command.keys, KeyRange::Run { reversed: false, .. });
        if forward && key[..] >= *span.start && key < span.end {
            return Ok(true);
        }
        let (columns, purge_before) = (&self.command.columns, self.source.purge_before(self.command, &key));
        let strip = Strip { columns, purge_before, covered_by: covers.deletion(&key) };
        let mut stripped = Vec::new();
        let mut outcome = Ok(());
        let tried = self.read_view.get(self.source.family, &key, &mut |value| {
            outcome = RowView::parse(&key, value).map(|row| {
                strip_row(&key, &row, &strip, &mut stripped);
            });
        })?;
        outcome?;
        if !stripped.is_empty() {
            self.context.push((key.into(), stripped.into()));
        }
        Ok(tried != MemoryOutcome::WouldBlock)
    }

    /// The tombstones from `start` on that overlap the keys of the read; `None` if they are not in memory.
    fn tombstones(&self, span: &Span<'_>, start: &[u8]) -> Result<Option<Chunk>, ReadError> {
        let nothing = Chunk { tombstones: Vec::new(), cut: None };
        if !self.source.tombstones {
            return Ok(Some(nothing));
        }
        let (low, high) = match span.partition {
            Some(partition) => match self.has_any(partition)? {
                None => return Ok(None),
                Some(false) => return Ok(Some(nothing)),
                Some(true) => (partition, Bytes::from(Key::prefix_end(partition))),
            },
            // Those of the first partition that begin further down may reach into what is asked.
            None => (&start[..Key::partition(start).unwrap_or(start.len())], span.end.clone()),
        };
        self.scan(span, &ScanRange { family: Family::Tombstones, start: low, end: &high, reversed: false })
    }

    /// True if a partition has any tombstone: one lookup, which a filter answers for most that have none.
    fn has_any(&self, partition: &[u8]) -> Result<Option<bool>, ReadError> {
        let key = Key::partition_tombstone(partition);
        let mut any = false;
        let tried = self.read_view.get(Family::Tombstones, key.bytes(), &mut |_| any = true)?;
        Ok((tried != MemoryOutcome::WouldBlock).then_some(any))
    }

    fn scan(&self, span: &Span<'_>, range: &ScanRange<'_>) -> Result<Option<Chunk>, ReadError> {
        let mut collector = TombstoneCollector { several: span.partition.is_none(), ..TombstoneCollector::default() };
        let scanned = self.read_view.scan(range, &mut |key, value| match RowView::parse(key, value) {
            Ok(row) if row.deletion().is_some() && span.overlaps(key) => collector.add(key, value),
            Ok(_) => Flow::Continue,
            Err(error) => {
                collector.outcome = Err(error.into());
                Flow::Stop
            }
        })?;
        collector.outcome?;
        if scanned == ScanEnd::WouldBlock {
            return Ok(None);
        }
        Ok(Some(Chunk { tombstones: collector.found, cut: collector.cut }))
    }
}

/// Tombstones as a scan finds them. Of several partitions the first ones are enough; of one partition all are needed.
struct TombstoneCollector {
    several: bool,
    found: Vec<(Bytes, Bytes)>,
    bytes: usize,
    cut: Option<Bytes>,
    outcome: Result<(), ReadError>,
}

impl Default for TombstoneCollector {
    fn default() -> Self {
        TombstoneCollector { several: false, found: Vec::new(), bytes: 0, cut: None, outcome: Ok(()) }
    }
}

impl TombstoneCollector {
    fn add(&mut self, key: &[u8], value: &[u8]) -> Flow {
        let prefix = &key[..Key::partition(key).unwrap_or(key.len())];
        if self.several
            && self.bytes >= CONTEXT_BYTES_MAX
            && self.found.last().is_some_and(|(k, _)| !k.starts_with(prefix))
        {
            self.cut = Some(Bytes::copy_from_slice(prefix));
            return Flow::Stop;
        }
        if self.found.len() >= CONTEXT_TOMBSTONES_MAX {
            self.outcome = Err(ReadError::Tombstones(CONTEXT_TOMBSTONES_MAX));
            return Flow::Stop;
        }
        self.bytes += key.len() + value.len();
        self.found.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)));
        Flow::Continue
    }
}

/// The part of a command's keys from `start` up to `cut`.
fn part(keys: &KeyRange, start: &Bytes, cut: Option<&Bytes>) -> KeyRange {
    match keys {
        KeyRange::One(_) | KeyRange::Many(_) => keys.clone(),
        KeyRange::Run { end, reversed, .. } => {
            KeyRange::Run { start: start.clone(), end: cut.unwrap_or(end).clone(), reversed: *reversed }
        }
    }
}

/// An empty row behind all others of a partition. An answer that ends there ends with it, so that the next read continues behind it.
fn stop_row(partition: &[u8]) -> (Bytes, Bytes) {
    // What follows the prefix in a key never begins with FF.
    let key: Bytes = [partition, &[0xff]].concat().into();
    let mut row = Vec::new();
    encode_row(&key, &Row::default(), &mut row);
    (key, row.into())
}
