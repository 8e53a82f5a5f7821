//! Reads of rows. Every row's checksum is checked on every read.

use crate::folds::Folds;
use crate::limits::MEMORY_SCAN_BYTES;
use crate::{Engine, EngineError, Family, Flow, ReadError, ScanRange, Scanned, Tier, Tried};
use henge_base::Bytes;
use henge_model::{
    Columns, Digest, Digester, Key, KeyRange, Projection, ReadCommand, RowBlock, RowError, RowSink, RowView, project,
    strip_row,
};

/// Where reads look, and where they leave word of rows in many versions.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) folds: &'a Folds,
}

impl Source<'_> {
    /// Looks one row up in memory; says whether it was answered.
    fn try_get(&self, family: Family, key: &[u8], hit: &mut dyn FnMut(Option<&[u8]>)) -> Result<Tried, EngineError> {
        let tried = self.engine.try_get(family, key, hit)?;
        if tried != Tried::Piled {
            return Ok(tried);
        }
        self.folds.want(family, key);
        Ok(Tried::Done)
    }
}

/// Reads from memory through a projection into a sink, which is left as it was unless the read was answered.
pub(crate) fn try_read(
    source: &Source<'_>,
    family: Family,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<Tried, ReadError> {
    let mark = sink.mark();
    let tried = match &command.keys {
        KeyRange::One(key) => try_one(source, family, key, command, projection, sink),
        KeyRange::Run { .. } => try_run(source, family, command, projection, sink),
    };
    if !matches!(tried, Ok(Tried::Done)) {
        sink.rollback(mark);
    }
    tried
}

fn try_one(
    source: &Source<'_>,
    family: Family,
    key: &Key,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<Tried, ReadError> {
    let mut outcome = Ok(());
    let tried = source.try_get(family, key.bytes(), &mut |value| {
        let Some(value) = value else { return };
        outcome = RowView::parse(key.bytes(), value)
            .and_then(|row| project(key.bytes(), &row, projection, command.now_seconds, &mut *sink))
            .map(|_| ());
    })?;
    outcome?;
    Ok(tried)
}

fn try_run(
    source: &Source<'_>,
    family: Family,
    command: &ReadCommand,
    projection: &Projection,
    sink: &mut dyn RowSink,
) -> Result<Tried, ReadError> {
    // Rows are shown together with their partition's static row, which may lie outside the run.
    if !projection.table.statics.is_empty() {
        return Ok(Tried::WouldBlock);
    }
    let mut pushed = 0;
    let mut outcome = Ok(());
    let ended = scan(source, family, command, Tier::Memory, &mut |key, value| {
        let row =
            RowView::parse(key, value).and_then(|row| project(key, &row, projection, command.now_seconds, &mut *sink));
        match row {
            Ok(live) => pushed += u32::from(live),
            Err(error) => outcome = Err(error),
        }
        if outcome.is_err() || pushed >= command.limit { Flow::Stop } else { Flow::Continue }
    })?;
    outcome?;
    Ok(if ended == Scanned::WouldBlock { Tried::WouldBlock } else { Tried::Done })
}

/// Reads rows as replicas exchange them; `None`: not in memory. Stops at the command's limit of live rows, and once the answer
/// has `max_bytes`; an answer that stopped holds a row, for the next one to go on from.
pub(crate) fn read_block(
    source: &Source<'_>,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<RowBlock>, ReadError> {
    let mut rows = Vec::new();
    let ended = visit(source, family, command, tier, max_bytes, &mut |key, row| {
        rows.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(row)));
    })?;
    Ok((ended != Scanned::WouldBlock).then_some(RowBlock { rows, more: ended == Scanned::Stopped }))
}

/// The digest of what [`read_block`] would answer.
pub(crate) fn digest(
    source: &Source<'_>,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
) -> Result<Option<Digest>, ReadError> {
    let mut digester = Digester::new(command.now_seconds, command.purge_before);
    let ended = visit(source, family, command, tier, max_bytes, &mut |key, row| {
        if let Ok(row) = RowView::parse_trusted(row) {
            digester.row(key, &row, &command.columns);
        }
    })?;
    Ok((ended != Scanned::WouldBlock).then(|| digester.finish()))
}

/// Goes through the rows of an answer, up to its limits.
fn visit(
    source: &Source<'_>,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    max_bytes: usize,
    row: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<Scanned, ReadError> {
    let mut answer = Answer { command, row, scratch: Vec::new(), live: 0, bytes: 0, outcome: Ok(()) };
    let ended = match &command.keys {
        KeyRange::One(key) => one(source, family, key, tier, &mut |value| answer.take(key.bytes(), value))?,
        KeyRange::Run { .. } if command.limit == 0 => Scanned::Done,
        KeyRange::Run { .. } => scan(source, family, command, tier, &mut |key, value| {
            answer.take(key, value);
            if answer.is_full(max_bytes) { Flow::Stop } else { Flow::Continue }
        })?,
    };
    answer.outcome?;
    Ok(ended)
}

/// An answer in the making. Only what it holds counts towards its limits, so that replicas of equal content stop at one place
/// however much each of them has yet to purge.
struct Answer<'a> {
    command: &'a ReadCommand,
    row: &'a mut dyn FnMut(&[u8], &[u8]),
    scratch: Vec<u8>,
    live: u32,
    bytes: usize,
    outcome: Result<(), RowError>,
}

impl Answer<'_> {
    fn take(&mut self, key: &[u8], value: &[u8]) {
        let view = match RowView::parse(key, value) {
            Ok(view) => view,
            Err(error) => return self.outcome = Err(error),
        };
        let (columns, purge_before) = (&self.command.columns, self.command.purge_before);
        // A row has one encoding: of one that is wanted whole, the stored bytes are the answer.
        if *columns == Columns::All && !view.has_purgeable(purge_before) {
            if !view.is_empty() {
                self.give(key, value, view.is_live(self.command.now_seconds));
            }
            return;
        }
        let mut stripped = std::mem::take(&mut self.scratch);
        stripped.clear();
        if strip_row(key, &view, columns, purge_before, &mut stripped) {
            let live = RowView::parse_trusted(&stripped).is_ok_and(|row| row.is_live(self.command.now_seconds));
            self.give(key, &stripped, live);
        }
        self.scratch = stripped;
    }

    fn give(&mut self, key: &[u8], row: &[u8], live: bool) {
        (self.row)(key, row);
        self.live += u32::from(live);
        self.bytes += key.len() + row.len();
    }

    fn is_full(&self, max_bytes: usize) -> bool {
        let is_large = self.bytes > 0 && self.bytes >= max_bytes;
        self.outcome.is_err() || self.live >= self.command.limit || is_large
    }
}

fn one(
    source: &Source<'_>,
    family: Family,
    key: &Key,
    tier: Tier,
    found: &mut dyn FnMut(&[u8]),
) -> Result<Scanned, EngineError> {
    let mut hit = |value: Option<&[u8]>| {
        if let Some(value) = value {
            found(value);
        }
    };
    let tried = match tier {
        Tier::Memory => source.try_get(family, key.bytes(), &mut hit)?,
        Tier::Disk => source.engine.get(family, key.bytes(), &mut hit).map(|()| Tried::Done)?,
    };
    Ok(if tried == Tried::Done { Scanned::Done } else { Scanned::WouldBlock })
}

/// Goes through a run; from memory only so far as a core may be kept busy.
fn scan(
    source: &Source<'_>,
    family: Family,
    command: &ReadCommand,
    tier: Tier,
    row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
) -> Result<Scanned, EngineError> {
    // One iterator over one family is a consistent cut: nothing has to be compared before and after.
    let KeyRange::Run { start, end, reversed } = &command.keys else { return Ok(Scanned::Done) };
    let (mut bytes, mut too_long) = (0, false);
    let range = ScanRange { family, start, end, reversed: *reversed };
    let scanned = source.engine.scan(&range, tier, &mut |key, value| {
        too_long = tier == Tier::Memory && bytes > MEMORY_SCAN_BYTES;
        if too_long {
            return Flow::Stop;
        }
        bytes += key.len() + value.len();
        row(key, value)
    })?;
    Ok(if too_long { Scanned::WouldBlock } else { scanned })
}
