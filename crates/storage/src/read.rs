//! Reads of rows. Every row's checksum is checked on every read.

use crate::{Engine, EngineError, Family, Flow, ReadError, ScanRange, Scanned, Tier, Tried};
use henge_base::Bytes;
use henge_model::{
    Digest, Digester, Key, KeyRange, Projection, ReadCommand, RowBlock, RowError, RowSink, RowView, project, strip_row,
};

/// Reads from memory through a projection into a sink, which is left as it was unless the read was answered.
pub(crate) fn try_read(
    engine: &dyn Engine,
    family: Family,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<Tried, ReadError> {
    let mark = sink.mark();
    let tried = match &command.keys {
        KeyRange::One(key) => try_one(engine, family, key, command, projection, sink),
        KeyRange::Run { .. } => try_run(engine, family, command, projection, sink),
    };
    if !matches!(tried, Ok(Tried::Done)) {
        sink.rollback(mark);
    }
    tried
}

fn try_one(
    engine: &dyn Engine,
    family: Family,
    key: &Key,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<Tried, ReadError> {
    let mut outcome = Ok(());
    let tried = engine.try_get(family, key.bytes(), &mut |value| {
        let Some(value) = value else { return };
        outcome = RowView::parse(key.bytes(), value)
            .and_then(|row| project(key.bytes(), &row, projection, command.now_seconds, &mut *sink))
            .map(|_| ());
    })?;
    outcome?;
    Ok(tried)
}

fn try_run(
    engine: &dyn Engine,
    family: Family,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<Tried, ReadError> {
    let mut pushed = 0;
    let mut outcome = Ok(());
    let scanned = scan(engine, family, command, Tier::Memory, &mut |key, value| {
        let row =
            RowView::parse(key, value).and_then(|row| project(key, &row, projection, command.now_seconds, &mut *sink));
        match row {
            Ok(live) => pushed += u32::from(live),
            Err(error) => outcome = Err(error),
        }
        if outcome.is_err() || pushed >= command.limit { Flow::Stop } else { Flow::Continue }
    })?;
    outcome?;
    Ok(if scanned == Scanned::WouldBlock { Tried::WouldBlock } else { Tried::Done })
}

/// Reads rows as replicas exchange them; `None`: not in memory. Stops at the command's limit of live rows, and at `max_bytes`
/// of stored rows.
pub(crate) fn read_block(
    engine: &dyn Engine,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<RowBlock>, ReadError> {
    let mut block = RowBlock::default();
    let ended = visit(engine, family, command, tier, max_bytes, &mut |key, row| {
        let mut out = Vec::new();
        if strip_row(key, row, &command.columns, command.purge_before, &mut out) {
            block.rows.push((Bytes::copy_from_slice(key), out.into()));
        }
    })?;
    block.more = ended == Ended::Stopped;
    Ok((ended != Ended::WouldBlock).then_some(block))
}

/// The digest of what [`read_block`] would answer.
pub(crate) fn digest(
    engine: &dyn Engine,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<Digest>, ReadError> {
    let mut digester = Digester::new(command.now_seconds, command.purge_before);
    let ended =
        visit(engine, family, command, tier, max_bytes, &mut |key, row| digester.row(key, row, &command.columns))?;
    Ok((ended != Ended::WouldBlock).then(|| digester.finish()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Stopped,
    WouldBlock,
}

/// Goes through the rows of a command up to its limits.
fn visit(
    engine: &dyn Engine,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
    row: &mut dyn FnMut(&[u8], &RowView<'_>),
) -> Result<Ended, ReadError> {
    if let KeyRange::One(key) = &command.keys {
        return visit_one(engine, family, key, tier, row);
    }
    let (mut live, mut bytes) = (0, 0);
    let mut outcome: Result<(), RowError> = Ok(());
    let scanned = scan(engine, family, command, tier, &mut |key, value| {
        match RowView::parse(key, value) {
            Ok(view) => {
                row(key, &view);
                live += u32::from(view.is_live(command.now_seconds));
                bytes += key.len() + value.len();
            }
            Err(error) => outcome = Err(error),
        }
        if outcome.is_err() || live >= command.limit || bytes >= max_bytes { Flow::Stop } else { Flow::Continue }
    })?;
    outcome?;
    Ok(match scanned {
        Scanned::Done => Ended::Done,
        Scanned::Stopped => Ended::Stopped,
        Scanned::WouldBlock => Ended::WouldBlock,
    })
}

fn visit_one(
    engine: &dyn Engine,
    family: Family,
    key: &Key,
    tier: Tier,
    row: &mut dyn FnMut(&[u8], &RowView<'_>),
) -> Result<Ended, ReadError> {
    let mut outcome: Result<(), RowError> = Ok(());
    let mut hit = |value: Option<&[u8]>| {
        let Some(value) = value else { return };
        match RowView::parse(key.bytes(), value) {
            Ok(view) => row(key.bytes(), &view),
            Err(error) => outcome = Err(error),
        }
    };
    let tried = match tier {
        Tier::Memory => engine.try_get(family, key.bytes(), &mut hit)?,
        Tier::Disk => engine.get(family, key.bytes(), &mut hit).map(|()| Tried::Done)?,
    };
    outcome?;
    Ok(if tried == Tried::Done { Ended::Done } else { Ended::WouldBlock })
}

fn scan(
    engine: &dyn Engine,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
) -> Result<Scanned, EngineError> {
    // One iterator over one family is a consistent cut: nothing has to be compared before and after.
    let KeyRange::Run { start, end, reversed } = &command.keys else { return Ok(Scanned::Done) };
    engine.scan(&ScanRange { family, start, end, reversed: *reversed }, tier, row)
}
