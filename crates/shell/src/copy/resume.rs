//! The rows at the beginning of the input that a COPY FROM has surely dealt with, kept in a file while it runs.

use std::collections::BTreeMap;
use std::fs::{read_to_string, remove_file, rename, write};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The time between two versions of the file.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// The first rows of the input that are all written or rejected.
pub(crate) struct Watermark {
    /// The number of the last of them.
    pub(crate) row: u64,
    next_chunk: u64,
    /// Chunks that are done, while one before them is not: their last rows.
    ahead: BTreeMap<u64, u64>,
}

impl Watermark {
    pub(crate) fn new(row: u64) -> Watermark {
        Watermark { row, next_chunk: 0, ahead: BTreeMap::new() }
    }

    /// A chunk is done.
    pub(crate) fn complete(&mut self, chunk: u64, last_row: u64) {
        self.ahead.insert(chunk, last_row);
        while let Some(row) = self.ahead.remove(&self.next_chunk) {
            self.row = row;
            self.next_chunk += 1;
        }
    }
}

/// The file.
pub(crate) struct ProgressFile {
    path: PathBuf,
    /// The files of the input with their lengths.
    identity: Vec<String>,
    saved: Instant,
    row: u64,
}

impl ProgressFile {
    /// Of the standard input, which cannot be read again, there is none.
    pub(crate) fn new(path: PathBuf, identity: Vec<String>) -> Option<ProgressFile> {
        (!identity.is_empty()).then(|| ProgressFile { path, identity, saved: Instant::now(), row: 0 })
    }

    /// The rows that an earlier COPY of the same files was done with; 0 if none was interrupted.
    pub(crate) fn read(&self) -> Result<u64, String> {
        let name = self.path.display();
        let Ok(text) = read_to_string(&self.path) else { return Ok(0) };
        let mut lines = text.lines();
        let row = lines.next().and_then(|line| line.strip_prefix("rows ")).and_then(|row| row.parse().ok());
        match row {
            Some(row) if lines.eq(self.identity.iter().map(String::as_str)) => Ok(row),
            Some(_) => Err(format!(
                "{name} is of other files, or they have changed: give SKIPROWS, or remove it to begin again"
            )),
            None => Err(format!("{name} cannot be read: give SKIPROWS, or remove it to begin again")),
        }
    }

    /// Keeps the number of rows, if the last time is a while ago or it has to be kept now.
    pub(crate) fn save(&mut self, row: u64, is_last: bool) -> io::Result<()> {
        if row == self.row || (!is_last && self.saved.elapsed() < SAVE_INTERVAL) {
            return Ok(());
        }
        (self.row, self.saved) = (row, Instant::now());
        let next = self.path.with_added_extension("new");
        write(&next, format!("rows {row}\n{}\n", self.identity.join("\n")))?;
        rename(next, &self.path)
    }

    /// Removes the file; everything is done.
    pub(crate) fn remove(&self) {
        let _ = remove_file(&self.path); // A short COPY has none.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_once_all_before_them_are_done() {
        let mut done = Watermark::new(10);
        done.complete(1, 30);
        assert_eq!(done.row, 10);
        done.complete(0, 20);
        assert_eq!(done.row, 30);
        done.complete(3, 50);
        done.complete(2, 40);
        assert_eq!(done.row, 50);
    }

    #[test]
    fn progress_is_of_the_same_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("import.progress");
        let mut file = ProgressFile::new(path.clone(), vec!["5 a.csv".to_owned()]).unwrap();
        assert_eq!(file.read(), Ok(0));
        file.save(7, true).unwrap();
        assert_eq!(file.read(), Ok(7));
        let other = ProgressFile::new(path.clone(), vec!["6 a.csv".to_owned()]).unwrap();
        assert!(other.read().unwrap_err().contains("other files"));
        std::fs::write(&path, "x").unwrap();
        assert!(file.read().unwrap_err().contains("cannot be read"));
        file.remove();
        assert_eq!(file.read(), Ok(0));
        assert!(ProgressFile::new(path, Vec::new()).is_none());
    }
}
