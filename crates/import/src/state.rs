//! The file that says what is done: a line of JSON for each thing that happened, so that a line which was cut off harms nothing.

use anyhow::{Context, ensure};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The keyspace or table.
    pub(crate) selection: String,
    /// The source cluster's name and the host id of its first node.
    pub(crate) source: String,
    /// The parts that each table is read in.
    pub(crate) ranges: u32,
    /// The microseconds since 1970 at which the import began: the time of rows that have no cell with a time.
    pub(crate) began_us: i64,
}

/// A line after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// A range was begun.
    Begun { table: String, range: u32 },
    /// A range was copied.
    Done { table: String, range: u32, outcome: RangeOutcome },
}

/// The outcome of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RangeOutcome {
    /// Rows that were read and written.
    pub(crate) rows: u64,
    /// True if both sides were compared.
    pub(crate) is_verified: bool,
    /// Rows that the other side lacked.
    pub(crate) missing: u64,
    /// Rows that are not the same there.
    pub(crate) different: u64,
    /// Rows that are only there.
    pub(crate) surplus: u64,
}

impl RangeOutcome {
    /// True unless rows of the source are missing, or other ones.
    pub(crate) fn is_well(&self) -> bool {
        self.missing == 0 && self.different == 0
    }
}

/// A range of a table, with what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeState {
    /// The times that it was begun.
    pub(crate) attempts: u32,
    pub(crate) outcome: Option<RangeOutcome>,
}

/// The ranges that are done.
pub(crate) struct State {
    pub(crate) header: Header,
    path: PathBuf,
    kept: Mutex<Contents>,
}

struct Contents {
    file: File,
    ranges: BTreeMap<(String, u32), RangeState>,
}

impl State {
    /// Opens a file, or makes it. One of another import is refused.
    pub(crate) fn open(path: &Path, header: Header) -> anyhow::Result<State> {
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("{} cannot be read", path.display()))?;
        // The last line may have been cut off.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut lines = text[..whole].lines();
        let found = lines.next().map(serde_json::from_str::<Header>).transpose();
        let found = found.with_context(|| format!("{} is no file of an import", path.display()))?;
        let mut ranges = BTreeMap::new();
        for line in lines {
            let line = serde_json::from_str(line).with_context(|| format!("{}: {line:?}", path.display()))?;
            apply(&mut ranges, line);
        }
        let header = match found {
            Some(found) => {
                let same = (&found.selection, &found.source, found.ranges)
                    == (&header.selection, &header.source, header.ranges);
                ensure!(
                    same,
                    "{} is of another import: of {} from {} in {} ranges; name another file with --state, or remove it",
                    path.display(),
                    found.selection,
                    found.source,
                    found.ranges
                );
                found
            }
            None => {
                writeln!(file, "{}", serde_json::to_string(&header)?)?;
                header
            }
        };
        Ok(State { header, path: path.to_owned(), kept: Mutex::new(Contents { file, ranges }) })
    }

    /// The state of a range.
    pub(crate) fn range(&self, table: &str, range: u32) -> RangeState {
        self.kept.lock().ranges.get(&(table.to_owned(), range)).copied().unwrap_or_default()
    }

    /// Notes that a range is begun; gives the times that it was begun before.
    pub(crate) fn begin(&self, table: &str, range: u32) -> anyhow::Result<u32> {
        let before = self.range(table, range).attempts;
        self.note(Line::Begun { table: table.to_owned(), range })?;
        Ok(before)
    }

    /// Notes that a range is copied.
    pub(crate) fn end(&self, table: &str, range: u32, outcome: RangeOutcome) -> anyhow::Result<()> {
        self.note(Line::Done { table: table.to_owned(), range, outcome })
    }

    fn note(&self, line: Line) -> anyhow::Result<()> {
        let mut kept = self.kept.lock();
        let text = serde_json::to_string(&line)? + "\n";
        kept.file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", self.path.display()))?;
        apply(&mut kept.ranges, line);
        Ok(())
    }
}

fn apply(ranges: &mut BTreeMap<(String, u32), RangeState>, line: Line) {
    match line {
        Line::Begun { table, range } => ranges.entry((table, range)).or_default().attempts += 1,
        Line::Done { table, range, outcome } => ranges.entry((table, range)).or_default().outcome = Some(outcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(selection: &str) -> Header {
        Header { selection: selection.to_owned(), source: "c".to_owned(), ranges: 4, began_us: 7 }
    }

    #[test]
    fn what_is_done_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let outcome = RangeOutcome { rows: 3, is_verified: true, ..RangeOutcome::default() };
        {
            let state = State::open(&path, header("ks")).unwrap();
            assert_eq!(state.begin("t", 1).unwrap(), 0);
            state.end("t", 1, outcome).unwrap();
            assert_eq!((state.begin("t", 2).unwrap(), state.begin("t", 2).unwrap()), (0, 1));
        }
        // A process that was killed while it wrote.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"done\":{\"table\":\"t\",").unwrap();
        let state = State::open(&path, Header { began_us: 9, ..header("ks") }).unwrap();
        assert_eq!(state.header.began_us, 7);
        assert_eq!(state.range("t", 1), RangeState { attempts: 1, outcome: Some(outcome) });
        assert_eq!(state.begin("t", 2).unwrap(), 2);
        drop(state);
        assert_eq!(State::open(&path, header("ks")).unwrap().range("t", 2).attempts, 3);
    }

    #[test]
    fn a_file_of_another_import_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        State::open(&path, header("ks")).unwrap();
        assert!(State::open(&path, header("other")).is_err_and(|error| error.to_string().contains("another import")));
        std::fs::write(&path, "text\n").unwrap();
        assert!(State::open(&path, header("ks")).is_err());
    }
}
