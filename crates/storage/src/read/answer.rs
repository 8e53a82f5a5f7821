//! An answer while its rows are read.

use super::Source;
use super::read_view::ReadView;
use crate::{Family, Flow, MemoryOutcome, ReadError, ScanEnd, ScanRange};
use henge_model::{Covers, Key, KeyKind, KeyRange, ReadCommand, RowError, RowView, Strip, strip_row};

/// The rows of an answer so far. Only they count towards its limits, never what was read and left out: so replicas of equal content stop
/// at the same row, however much each of them has yet to purge.
pub(super) struct Answer<'a> {
    source: &'a Source<'a>,
    command: &'a ReadCommand,
    max_bytes: usize,
    row: &'a mut dyn FnMut(&[u8], &[u8]),
    scratch: Vec<u8>,
    live: u32,
    bytes: usize,
    outcome: Result<(), RowError>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        source: &'a Source<'a>,
        command: &'a ReadCommand,
        max_bytes: usize,
        row: &'a mut dyn FnMut(&[u8], &[u8]),
    ) -> Answer<'a> {
        Answer { source, command, max_bytes, row, scratch: Vec::new(), live: 0, bytes: 0, outcome: Ok(()) }
    }

    /// Adds the rows at `keys`, up to the answer's limits.
    pub(super) fn rows(
        &mut self,
        read_view: &ReadView<'_>,
        family: Family,
        covers: &Covers,
        keys: &KeyRange,
    ) -> Result<ScanEnd, ReadError> {
        let ended = match keys {
            KeyRange::One(key) => {
                match read_view.get(family, key.bytes(), &mut |value| self.add_stored(key.bytes(), value, covers))? {
                    MemoryOutcome::WouldBlock => ScanEnd::WouldBlock,
                    MemoryOutcome::Done | MemoryOutcome::Piled => ScanEnd::Done,
                }
            }
            // Each is read by itself: see `many`.
            KeyRange::Many(_) => ScanEnd::Done,
            KeyRange::Run { .. } if self.command.limit == 0 => ScanEnd::Done,
            KeyRange::Run { start, end, reversed } => {
                let range = ScanRange { family, start, end, reversed: *reversed };
                read_view.scan(&range, &mut |key, value| {
                    self.add_stored(key, value, covers);
                    if self.is_full() { Flow::Stop } else { Flow::Continue }
                })?
            }
        };
        std::mem::replace(&mut self.outcome, Ok(()))?;
        Ok(ended)
    }

    /// Bytes of its keys and rows.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn add_stored(&mut self, key: &[u8], value: &[u8], covers: &Covers) {
        let view = match RowView::parse(key, value) {
            Ok(view) => view,
            Err(error) => return self.outcome = Err(error),
        };
        let (columns, purge_before) = (&self.command.columns, self.source.purge_before(self.command, key));
        let covered_by = if covers.is_empty() { None } else { covers.deletion(key) };
        let strip = Strip { columns, purge_before, covered_by };
        // A row has one encoding: of one that is wanted whole, the stored bytes are the answer.
        if strip.keeps(&view) {
            if !view.is_empty() {
                self.push(key, value, view.is_live(self.command.now_seconds));
            }
            return;
        }
        let mut stripped = std::mem::take(&mut self.scratch);
        stripped.clear();
        if strip_row(key, &view, &strip, &mut stripped) {
            let live = RowView::parse_trusted(&stripped).is_ok_and(|row| row.is_live(self.command.now_seconds));
            self.push(key, &stripped, live);
        }
        self.scratch = stripped;
    }

    fn push(&mut self, key: &[u8], row: &[u8], live: bool) {
        (self.row)(key, row);
        // A static row is shown with rows of its partition, not by itself.
        self.live += u32::from(live && Key::kind(key) != Some(KeyKind::Static));
        self.bytes += key.len() + row.len();
    }

    fn is_full(&self) -> bool {
        let is_large = self.bytes > 0 && self.bytes >= self.max_bytes;
        self.outcome.is_err() || self.live >= self.command.limit || is_large
    }
}
