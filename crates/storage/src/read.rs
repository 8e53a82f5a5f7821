//! Reads of rows. Every row's checksum is checked on every read.
//!
//! - `source`: the parts of a store that a read needs; `read_view`: the live engine, or a snapshot of it.
//! - `answer`: the rows of an answer, up to its limits.
//! - `context`: reads of tables with tombstones or static rows, which look at more than one run of keys.
//! - `block`: rows as replicas exchange them, of a run of keys or of several keys, and their digest.
//! - `probed`: reads of the rows that an index finds.

mod answer;
mod block;
mod context;
mod probed;
mod read_view;
mod source;

pub(crate) use block::{digest, read_block};
pub(crate) use probed::{IndexedTable, check_entries};
pub(crate) use source::Source;

use crate::{Flow, MemoryOutcome, ReadError, ScanEnd, Tier};
use henge_model::{Columns, Key, KeyRange, Projection, ReadCommand, RowBlock, RowSink, RowView, project};

/// Reads from memory through a projection into a sink, which is left as it was unless the read was answered.
pub(crate) fn try_read(
    source: &Source<'_>,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<MemoryOutcome, ReadError> {
    // Only whole rows without statics are projected here: a static row may lie elsewhere, and a column that the command leaves out may be
    // the only one that keeps its row alive.
    if command.statics || command.columns != Columns::All || command.probe.is_some() {
        return Ok(MemoryOutcome::WouldBlock);
    }
    let mark = sink.mark();
    let tried = if source.tombstones {
        try_context(source, command, projection, sink)
    } else {
        match &command.keys {
            KeyRange::One(key) => try_one(source, key, command, projection, sink),
            KeyRange::Run { .. } => try_run(source, command, projection, sink),
            KeyRange::Many(_) => Ok(MemoryOutcome::WouldBlock),
        }
    };
    if !matches!(tried, Ok(MemoryOutcome::Done)) {
        sink.rollback(mark);
    }
    tried
}

fn try_one(
    source: &Source<'_>,
    key: &Key,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<MemoryOutcome, ReadError> {
    let mut outcome = Ok(());
    let tried = source.read_view(Tier::Memory).get(source.family, key.bytes(), &mut |value| {
        outcome = RowView::parse(key.bytes(), value)
            .and_then(|row| project(key.bytes(), &row, projection, command.now_seconds, &mut *sink))
            .map(|_| ());
    })?;
    outcome?;
    Ok(tried)
}

fn try_run(
    source: &Source<'_>,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<MemoryOutcome, ReadError> {
    let KeyRange::Run { start, end, reversed } = &command.keys else { return Ok(MemoryOutcome::WouldBlock) };
    let mut pushed = 0;
    let mut outcome = Ok(());
    let range = crate::ScanRange { family: source.family, start, end, reversed: *reversed };
    let ended = source.read_view(Tier::Memory).scan(&range, &mut |key, value| {
        let row =
            RowView::parse(key, value).and_then(|row| project(key, &row, projection, command.now_seconds, &mut *sink));
        match row {
            Ok(live) => pushed += u32::from(live),
            Err(error) => outcome = Err(error),
        }
        if outcome.is_err() || pushed >= command.limit { Flow::Stop } else { Flow::Continue }
    })?;
    outcome?;
    Ok(if ended == ScanEnd::WouldBlock { MemoryOutcome::WouldBlock } else { MemoryOutcome::Done })
}

/// Like [`try_run`], for tables with tombstones. An answer beyond [`crate::limits::MEMORY_SCAN_BYTES_MAX`] is left to a disk lane.
fn try_context(
    source: &Source<'_>,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<MemoryOutcome, ReadError> {
    let Some(block) = context::read(source, command, Tier::Memory, crate::limits::MEMORY_SCAN_BYTES_MAX)? else {
        return Ok(MemoryOutcome::WouldBlock);
    };
    let mut pushed = 0;
    for (key, row) in &block.rows {
        let view = RowView::parse_trusted(row)?;
        pushed += u32::from(project(key, &view, projection, command.now_seconds, sink)?);
    }
    Ok(if block.more && pushed < command.limit { MemoryOutcome::WouldBlock } else { MemoryOutcome::Done })
}

/// Reads rows that an index finds. Runs on a disk lane.
pub(crate) fn read_probed(
    source: &Source<'_>,
    indexed: IndexedTable<'_>,
    command: &ReadCommand,
    probe: &henge_model::Probe,
    max_bytes: usize,
) -> Result<RowBlock, ReadError> {
    probed::read(source, indexed, command, probe, max_bytes)
}
