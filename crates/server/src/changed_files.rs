//! Files that are read again when they change.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// The time between two looks at the files.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Files, and their attributes when they were last read.
pub(crate) struct ChangedFiles {
    paths: Vec<PathBuf>,
    seen: Vec<Stamp>,
}

/// The attributes of a file that change with its content; `None` if there is no such file.
type Stamp = Option<(u64, u64, i64, i64)>;

impl ChangedFiles {
    /// Notes the present attributes. Called before the files are read: what is written meanwhile counts as a change.
    pub(crate) fn note(paths: Vec<PathBuf>) -> ChangedFiles {
        let seen = stamps(&paths);
        ChangedFiles { paths, seen }
    }

    /// True if a file has changed since the last call.
    fn have_changed(&mut self) -> bool {
        let now = stamps(&self.paths);
        now != std::mem::replace(&mut self.seen, now.clone())
    }

    /// Starts a thread that calls `reload` whenever a file has changed, until it breaks.
    pub(crate) fn watch(
        mut self,
        name: &str,
        mut reload: impl FnMut() -> ControlFlow<()> + Send + 'static,
    ) -> io::Result<()> {
        let check = move || {
            loop {
                thread::sleep(CHECK_INTERVAL);
                if self.have_changed() && reload().is_break() {
                    return;
                }
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(check).map(|_| ())
    }
}

fn stamps(paths: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let data = fs::metadata(path).ok()?;
        Some((data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
    };
    paths.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut files = ChangedFiles::note(vec![path.clone()]);
        assert!(!files.have_changed());
        fs::write(&path, "one").unwrap();
        assert_eq!([files.have_changed(), files.have_changed()], [true, false]);
        fs::write(&path, "other").unwrap();
        assert_eq!([files.have_changed(), files.have_changed()], [true, false]);
        fs::remove_file(&path).unwrap();
        assert_eq!([files.have_changed(), files.have_changed()], [true, false]);
    }
}
