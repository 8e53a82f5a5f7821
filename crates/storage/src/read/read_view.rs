//! The view of the engine that a read has.

use crate::folds::Folds;
use crate::limits::MEMORY_SCAN_BYTES_MAX;
use crate::{Engine, EngineError, EngineView, Family, Flow, MemoryOutcome, ScanEnd, ScanRange, Tier};

/// The live engine, or one state of it.
pub(super) enum ReadView<'a> {
    /// The live engine: two reads may see two states.
    Live { engine: &'a dyn Engine, folds: &'a Folds, tier: Tier },
    /// One state, of all families.
    Cut(Box<dyn EngineView + 'a>),
}

impl ReadView<'_> {
    /// Looks a key up and gives its value, if it has one, to `found`. Never answers [`MemoryOutcome::Piled`]: word of such rows is left.
    pub(super) fn get(
        &self,
        family: Family,
        key: &[u8],
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<MemoryOutcome, EngineError> {
        let mut hit = |value: Option<&[u8]>| value.into_iter().for_each(&mut *found);
        let tried = match self {
            ReadView::Live { engine, tier: Tier::Memory, .. } => engine.try_get(family, key, &mut hit)?,
            ReadView::Live { engine, tier: Tier::Disk, .. } => {
                engine.get(family, key, &mut hit).map(|()| MemoryOutcome::Done)?
            }
            ReadView::Cut(view) => view.get(family, key, &mut hit).map(|()| MemoryOutcome::Done)?,
        };
        match (self, tried) {
            (ReadView::Live { folds, .. }, MemoryOutcome::Piled) => folds.add(family, key),
            _ => return Ok(tried),
        }
        Ok(MemoryOutcome::Done)
    }

    /// Goes through a range; from memory only so far as a core may be kept busy.
    pub(super) fn scan(
        &self,
        range: &ScanRange<'_>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
    ) -> Result<ScanEnd, EngineError> {
        match self {
            ReadView::Cut(view) => view.scan(range, row),
            ReadView::Live { engine, tier: Tier::Disk, .. } => engine.scan(range, Tier::Disk, row),
            ReadView::Live { engine, tier: Tier::Memory, .. } => scan_memory(*engine, range, row),
        }
    }
}

fn scan_memory(
    engine: &dyn Engine,
    range: &ScanRange<'_>,
    row: &mut dyn FnMut(&[u8], &[u8]) -> Flow,
) -> Result<ScanEnd, EngineError> {
    // One iterator over one family is a consistent cut: nothing has to be compared before and after.
    let (mut bytes, mut too_long) = (0, false);
    let scanned = engine.scan(range, Tier::Memory, &mut |key, value| {
        too_long = bytes > MEMORY_SCAN_BYTES_MAX;
        if too_long {
            return Flow::Stop;
        }
        bytes += key.len() + value.len();
        row(key, value)
    })?;
    Ok(if too_long { ScanEnd::WouldBlock } else { scanned })
}
