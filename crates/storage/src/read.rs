//! Reads of rows. Every row's checksum is checked on every read.
//!
//! - `read_view`: the live engine, or a snapshot of it.
//! - `answer`: the rows of an answer, up to its limits.
//! - `many`: reads of several keys; `probed`: reads of what an index finds.
//! - `context`: reads of tables with tombstones or static rows, which look at more than one run of keys.

mod answer;
mod context;
mod many;
mod probed;
mod read_view;

pub(crate) use probed::{IndexedTable, check_entries};

use crate::folds::Folds;
use crate::proven::ProvenParts;
use crate::stale::StaleEntries;
use crate::stripes::Stripes;
use crate::{Engine, Family, Flow, MemoryOutcome, ReadError, ScanEnd, Tier};
use answer::Answer;
use henge_base::Bytes;
use henge_model::{
    Columns, Covers, Digest, Digester, Key, KeyRange, Projection, ReadCommand, RowBlock, RowSink, RowView, project,
};
use read_view::ReadView;
use std::sync::Arc;

/// The sources of reads, and the queues in which they announce rows in many versions.
#[derive(Clone)]
pub(crate) struct Source<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) folds: &'a Folds,
    pub(crate) stale: &'a StaleEntries,
    pub(crate) stripes: &'a Stripes,
    /// The family of the table's rows.
    pub(crate) family: Family,
    /// True if tombstones of partitions or ranges were ever written to the table.
    pub(crate) tombstones: bool,
    /// The parts that were proven: reads leave out what may be forgotten there, whether it is or not.
    pub(crate) proven: Option<Arc<ProvenParts>>,
}

impl<'a> Source<'a> {
    /// The time before which deletions and expiries of the row at `key` are left out of an answer.
    pub(crate) fn purge_before(&self, command: &ReadCommand, key: &[u8]) -> i64 {
        let of = |proven: &Arc<ProvenParts>| Some(proven.of(Key::token(key)?)?.floor.at(command.now_seconds));
        self.proven.as_ref().and_then(of).map_or(command.purge_before, |floor| floor.max(command.purge_before))
    }

    fn read_view(&self, tier: Tier) -> ReadView<'a> {
        ReadView::Live { engine: self.engine, folds: self.folds, tier }
    }
}

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

/// Reads rows as replicas exchange them; `None` if they are not in memory. Stops at the command's limit of live rows, and once the answer
/// has `max_bytes`; an answer that stopped holds a row, for the next one to go on from.
pub(crate) fn read_block(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<RowBlock>, ReadError> {
    if let KeyRange::Many(keys) = &command.keys {
        return many::read(source, command, keys, tier, max_bytes);
    }
    if source.tombstones || command.statics {
        return context::read(source, command, tier, max_bytes);
    }
    let mut rows = Vec::new();
    let ended = visit(source, command, tier, max_bytes, &mut |key, row| {
        rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
    })?;
    let more = ended == ScanEnd::Stopped;
    Ok((ended != ScanEnd::WouldBlock).then_some(RowBlock { rows, context: Vec::new(), more }))
}

/// The digest of what [`read_block`] would answer.
pub(crate) fn digest(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<Digest>, ReadError> {
    let mut digester = Digester::new(command.now_seconds, command.purge_before);
    if source.tombstones || command.statics || matches!(command.keys, KeyRange::Many(_)) {
        let Some(block) = read_block(source, command, tier, max_bytes)? else { return Ok(None) };
        digester.block(&block, &command.columns)?;
        return Ok(Some(digester.finish()));
    }
    let ended = visit(source, command, tier, max_bytes, &mut |key, row| {
        if let Ok(row) = RowView::parse_trusted(row) {
            digester.row(key, &row, &command.columns);
        }
    })?;
    Ok((ended != ScanEnd::WouldBlock).then(|| digester.finish()))
}

/// Calls `row` for each row of an answer, up to its limits.
fn visit(
    source: &Source<'_>,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
    row: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<ScanEnd, ReadError> {
    let covers = Covers::default();
    let mut answer = Answer::new(source, command, max_bytes, row);
    answer.rows(&source.read_view(tier), source.family, &covers, &command.keys)
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
