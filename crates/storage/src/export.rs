//! Pages of a table's rows in a range of the ring, as they lie in the engine: merged, with their checksums, and with the
//! tombstones among them. Rows and tombstones lie in two families; a page holds both in the order of their keys, from one
//! state of the engine.

use crate::read::Source;
use crate::{EngineError, EngineView, Family, Flow, ReadError, ScanRange};
use henge_base::Bytes;
use henge_model::{Key, StorageId, TokenRange};

/// The place at which an export goes on: behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportCursor(Bytes);

impl ExportCursor {
    /// Behind a key of the exported table.
    pub fn behind(key: Bytes) -> ExportCursor {
        ExportCursor(key)
    }

    /// The key.
    pub fn key(&self) -> &Bytes {
        &self.0
    }

    /// The key at which an export from behind `after` begins in a part of its range; `None` if it has been through that part.
    pub(crate) fn start(after: Option<&ExportCursor>, start: Vec<u8>, end: &[u8]) -> Option<Vec<u8>> {
        let start = match after {
            Some(after) if after.0[..] >= *start => [&after.0, &[0][..]].concat(),
            _ => start,
        };
        (end.is_empty() || *start < *end).then_some(start)
    }
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPage {
    /// Keys with their encoded rows, in the order of the keys: rows, static rows, and tombstones of partitions and ranges.
    /// A row whose bytes contradict its checksum is among them as it lies on the disk.
    pub rows: Vec<(Bytes, Bytes)>,
    /// The place of the next page; `None` if the range has no more.
    pub next: Option<ExportCursor>,
}

impl ExportPage {
    /// Bytes of keys and rows.
    pub fn bytes(&self) -> usize {
        self.rows.iter().map(|(key, row)| key.len() + row.len()).sum()
    }
}

/// A page of at most `bytes_max`, or of one row that is larger. For a disk lane.
pub(crate) fn page(
    source: &Source<'_>,
    table: StorageId,
    tokens: TokenRange,
    after: Option<&ExportCursor>,
    bytes_max: usize,
) -> Result<ExportPage, ReadError> {
    let view = source.engine.snapshot();
    let families: &[Family] = if source.tombstones { &[source.family, Family::Tombstones] } else { &[source.family] };
    let mut page = ExportPage::default();
    for part in tokens.split_at_wrap() {
        let (start, end) = Key::table_range(table, part.start, part.end);
        let Some(start) = ExportCursor::start(after, start, &end) else { continue };
        let left = bytes_max.saturating_sub(page.bytes());
        if add_part(&*view, families, (&start, &end), left, &mut page.rows)? {
            page.next = page.rows.last().map(|(key, _)| ExportCursor(key.clone()));
            break;
        }
    }
    Ok(page)
}

/// Adds rows between two keys, at most `bytes_max` of them or one; true if there are more.
fn add_part(
    view: &dyn EngineView,
    families: &[Family],
    (start, end): (&[u8], &[u8]),
    bytes_max: usize,
    rows: &mut Vec<(Bytes, Bytes)>,
) -> Result<bool, EngineError> {
    // The lowest key of any family that was not read: what lies beyond it has to wait for the next page.
    let (mut found, mut unread) = (Vec::new(), None);
    for family in families {
        let (read, stop) = read_run(view, &ScanRange { family: *family, start, end, reversed: false }, bytes_max)?;
        found.extend(read);
        unread = unread.into_iter().chain(stop).min();
    }
    found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let mut bytes = 0;
    for (key, row) in found {
        bytes += key.len() + row.len();
        if !rows.is_empty() && (bytes > bytes_max || unread.as_ref().is_some_and(|unread| key >= *unread)) {
            return Ok(true);
        }
        rows.push((key, row));
    }
    Ok(unread.is_some())
}

/// Keys with their values.
type Run = Vec<(Bytes, Bytes)>;

/// Reads the first keys of a range, at most `bytes_max` or one; then the first key that was not read.
fn read_run(
    view: &dyn EngineView,
    range: &ScanRange<'_>,
    bytes_max: usize,
) -> Result<(Run, Option<Bytes>), EngineError> {
    let (mut found, mut bytes, mut stop): (Run, usize, Option<Bytes>) = (Vec::new(), 0, None);
    view.scan(range, &mut |key, value| {
        if !found.is_empty() && bytes >= bytes_max {
            stop = Some(Bytes::copy_from_slice(key));
            return Flow::Stop;
        }
        bytes += key.len() + value.len();
        found.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)));
        Flow::Continue
    })?;
    Ok((found, stop))
}
